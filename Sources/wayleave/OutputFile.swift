@preconcurrency import Glibc

/// A file that a command writes.
struct OutputFile {
    let path: String

    init(_ path: String) { self.path = path }

    /// Puts these bytes in the file's place, all or none: a full disk leaves the old file whole. What a link leads to is
    /// replaced, not the link; devices and pipes are written to.
    /// - Returns: why that couldn't be, as errno has it; nil: it is done.
    func write(_ bytes: [UInt8]) -> Int32? {
        var present = stat()
        guard stat(path, &present) == 0 else { return replace(path, by: bytes, mode: nil) }
        guard present.st_mode & S_IFMT == S_IFREG else {
            return Self.write(bytes, to: open(path, O_WRONLY | O_CLOEXEC))
        }
        guard let resolved = realpath(path, nil) else { return errno }
        defer { free(resolved) }
        return replace(String(cString: resolved), by: bytes, mode: present.st_mode & 0o7777)
    }

    /// - Parameter mode: that of the file that is replaced.
    private func replace(_ target: String, by bytes: [UInt8], mode: mode_t?) -> Int32? {
        let draft = "\(target).\(getpid()).new"
        let file = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode ?? 0o666)
        if file >= 0, let mode { fchmod(file, mode) }
        if let error = Self.write(bytes, to: file, isToLast: true) {
            if file >= 0 { unlink(draft) }
            return error
        }
        guard rename(draft, target) != 0 else { return nil }
        defer { unlink(draft) }
        return errno
    }

    /// Writes everything and closes the file; -1 stands for one that couldn't be opened.
    private static func write(_ bytes: [UInt8], to file: Int32, isToLast: Bool = false) -> Int32? {
        guard file >= 0 else { return errno }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                defer { close(file) }
                return errno
            }
            rest = rest.dropFirst(count)
        }
        if isToLast, fsync(file) != 0 {
            defer { close(file) }
            return errno
        }
        return close(file) == 0 ? nil : errno
    }
}
