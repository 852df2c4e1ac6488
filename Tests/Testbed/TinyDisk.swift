import Glibc

/// A file system of few bytes, gone when the test is. Only root can make one.
public final class TinyDisk {
    public static var canBeMade: Bool { geteuid() == 0 }

    public let path: String

    public init(byteCount: Int) {
        var template = Array("/tmp/wayleave-disk-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { fatalError("no folder for a disk: errno \(errno)") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        resize(byteCount: byteCount, flags: 0)
    }

    deinit {
        umount2(path, Int32(MNT_DETACH))
        rmdir(path)
    }

    /// Gives it another size, without touching what is on it.
    public func resize(byteCount: Int) { resize(byteCount: byteCount, flags: UInt(MS_REMOUNT)) }

    /// Lets nobody write to it any more.
    public func makeReadOnly() {
        let flags = UInt(MS_REMOUNT) | UInt(MS_RDONLY)
        guard mount("wayleave-test", path, "tmpfs", flags, nil) == 0 else {
            fatalError("can't make \(path) read-only: errno \(errno)")
        }
    }

    private func resize(byteCount: Int, flags: UInt) {
        guard mount("wayleave-test", path, "tmpfs", flags, "size=\(byteCount)") == 0 else {
            fatalError("can't mount a disk at \(path): errno \(errno)")
        }
    }
}
