import Glibc
import Testbed

/// The repository, as far as rules about it need it.
struct SourceTree: Sendable {
    let root: String
    /// Every file that would be committed, by its path from the root.
    let files: [String]
    /// Whether git was asked; else the folders were walked.
    let isFromGit: Bool

    static let own = SourceTree(root: repositoryRoot(#filePath))

    init(root: String) {
        self.root = root
        let listed = Self.gitFiles(root)
        isFromGit = listed != nil
        files = listed ?? Self.walk(root, "", skipping: [".build", ".git"])
    }

    var swiftFiles: [String] { files.filter { $0.hasSuffix(".swift") } }

    /// A file's lines; empty for a file that isn't text.
    func lines(_ path: String) -> [Substring] {
        guard let bytes = fileContents("\(root)/\(path)"), !bytes.contains(0) else { return [] }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
    }

    func exists(_ path: String) -> Bool { access("\(root)/\(path)", F_OK) == 0 }

    /// What git tracks, or would track if it were added; nil where there is no repository or no git.
    private static func gitFiles(_ root: String) -> [String]? {
        guard access("\(root)/.git", F_OK) == 0 else { return nil }
        let quoted =
            "'" + root.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''")
            + "'"
        let command = "git -C \(quoted) ls-files -z --cached --others --exclude-standard 2>/dev/null"
        guard let stream = popen(command, "r") else { return nil }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while case let count = fread(&chunk, 1, chunk.count, stream), count > 0 { bytes += chunk[..<count] }
        guard pclose(stream) == 0 else { return nil }
        let names = bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        // A file that has been deleted but not yet committed so is still listed.
        return names.filter { access("\(root)/\($0)", F_OK) == 0 }
    }

    private static func walk(_ root: String, _ folder: String, skipping: Set<String> = []) -> [String] {
        folderEntries("\(root)/\(folder)").filter { !skipping.contains($0) }.flatMap { name in
            let path = folder.isEmpty ? name : "\(folder)/\(name)"
            var status = stat()
            guard lstat("\(root)/\(path)", &status) == 0 else { return [String]() }
            return status.st_mode & S_IFMT == S_IFDIR ? walk(root, path) : [path]
        }
    }
}

/// The modules that a line of Swift imports: none or one. Attributes and access levels may stand before it,
/// the kind of declaration behind it.
func importedModule(_ line: some StringProtocol) -> String? {
    var words = line.split(whereSeparator: \.isWhitespace)[...]
    while let first = words.first, first.hasPrefix("@") || accessLevels.contains(String(first)) {
        words.removeFirst()
    }
    guard words.popFirst() == "import", var name = words.popFirst() else { return nil }
    if declarationKinds.contains(String(name)), let path = words.first { name = path }
    return String(name.prefix { $0 != "." && $0 != ";" })
}

private let accessLevels: Set<String> = ["public", "package", "internal", "fileprivate", "private"]
private let declarationKinds: Set<String> = [
    "struct", "class", "enum", "protocol", "func", "var", "let", "typealias",
]
