import Glibc
import Packets
import Ports

/// A folder that is gone when the test is.
final class ScratchFolder {
    let path: String

    init() {
        var template = Array("/tmp/wayleave-ports-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { fatalError("no scratch folder: errno \(errno)") }
        path = String(cString: made)
    }

    deinit {
        guard let folder = opendir(path) else { return }
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { unlink("\(path)/\(name)") }
        }
        closedir(folder)
        rmdir(path)
    }

    func file(_ name: String, _ bytes: [UInt8]? = nil) -> String {
        let file = "\(path)/\(name)"
        guard let bytes else { return file }
        guard let stream = fopen(file, "w") else { fatalError("\(file): errno \(errno)") }
        fwrite(bytes, 1, bytes.count, stream)
        fclose(stream)
        return file
    }

    func contents(_ name: String) -> [UInt8] { fileContents("\(path)/\(name)") }
}

func fileContents(_ path: String) -> [UInt8] {
    guard let stream = fopen(path, "r") else { return [] }
    defer { fclose(stream) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while case let count = fread(&chunk, 1, chunk.count, stream), count > 0 { bytes += chunk[..<count] }
    return bytes
}

extension PacketPort {
    /// What one call of `receive` brings: bytes, or nil for a packet that arrived dropped.
    func received(into vector: PacketVector = PacketVector()) -> [[UInt8]?] {
        vector.removeAll()
        let count = receive(into: vector)
        precondition(count == vector.count)
        return (0..<count).map { vector[$0].disposition == .dropped ? nil : Array(vector.frame($0)) }
    }

    /// Sends frames and says what became of each: nil for forwarded.
    func send(_ frames: [[UInt8]], timestamp: UInt64 = 0) -> [DropReason?] {
        let vector = PacketVector(slotByteCount: 4096)
        for frame in frames { frame.withUnsafeBytes { vector.append($0, timestamp: timestamp) } }
        let selection = (0..<frames.count).map { UInt8($0) }
        selection.withUnsafeBufferPointer { transmit(vector, selection: $0) }
        return (0..<frames.count).map { index -> DropReason? in
            switch vector[index].disposition {
            case .forwarded: nil
            case .dropped: vector[index].dropReason
            default: fatalError("packet \(index) was left \(vector[index].disposition)")
            }
        }
    }
}
