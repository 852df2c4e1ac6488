import Glibc

/// Which file a path leads to, however it is spelt and whatever links lie on the way. A file that is yet to be made is
/// known by its folder and its name there.
struct FileIdentity: Hashable {
    private let device: dev_t
    private let inode: ino_t
    private let name: String?

    /// Nil where neither the file nor its folder is there, and for devices such as `/dev/null`, which any number may
    /// use at once.
    init?(path: String) {
        var status = stat()
        if stat(path, &status) == 0 {
            guard status.st_mode & S_IFMT == S_IFREG else { return nil }
            name = nil
        } else {
            let folder = path.lastIndex(of: "/").map { path[...$0] } ?? "."
            guard stat(String(folder), &status) == 0 else { return nil }
            name = String(path[(path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex)...])
        }
        device = status.st_dev
        inode = status.st_ino
    }
}
