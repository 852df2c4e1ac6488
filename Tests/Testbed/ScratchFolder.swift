import Glibc

/// A folder that is gone when the test is.
public final class ScratchFolder {
    public let path: String

    public init() {
        var template = Array("/tmp/wayleave-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { fatalError("no scratch folder: errno \(errno)") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        for name in folderEntries(path) { unlink("\(path)/\(name)") }
        rmdir(path)
    }

    /// The path of a file in the folder, which is written if bytes are given.
    public func file(_ name: String, _ bytes: [UInt8]? = nil) -> String {
        let file = "\(path)/\(name)"
        guard let bytes else { return file }
        guard let stream = fopen(file, "w") else { fatalError("\(file): errno \(errno)") }
        fwrite(bytes, 1, bytes.count, stream)
        fclose(stream)
        return file
    }
}

/// The whole file; nil if there is none.
public func fileContents(_ path: String) -> [UInt8]? {
    guard let stream = fopen(path, "r") else { return nil }
    defer { fclose(stream) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while case let count = fread(&chunk, 1, chunk.count, stream), count > 0 { bytes += chunk[..<count] }
    return bytes
}

/// The names in a folder, sorted; empty if there is no such folder.
public func folderEntries(_ path: String) -> [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
        let name = withUnsafeBytes(of: &entry.pointee.d_name) {
            String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        }
        if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
}

/// The root of the repository, from the path of a file two folders below it, as `#filePath` gives it.
public func repositoryRoot(_ filePath: String = #filePath) -> String {
    filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 }
}
