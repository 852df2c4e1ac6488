import CLinux
import Glibc

/// The claim to be a program of an instance: a file that only one process at a time can have locked. Released when the
/// last reference is gone or the process ends, however it ends.
public final class InstanceLock: Sendable {
    /// The lock file.
    public let path: String
    private let descriptor: Descriptor

    /// Claims the lock.
    /// - Parameter what: what is claimed, for people, as in `control plane of instance 'a'`.
    /// - Throws: a sentence, if another process has it, or the file can't be written.
    public init(_ path: String, for what: String) throws(InstanceError) {
        self.path = path
        descriptor = try Self.lock(path, for: what)
    }

    deinit { unlink(path) }

    /// Whether a process has this lock. Asking takes nothing from anybody.
    public static func isHeld(_ path: String) -> Bool {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return false }
        defer { close(file) }
        return wl_is_locked(file) == 1
    }

    /// Opens the lock file, makes it if it is missing, and locks it.
    private static func lock(_ path: String, for what: String) throws(InstanceError) -> Descriptor {
        while true {
            let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o640)
            guard file >= 0 else {
                throw InstanceError(
                    "can't open \(path): \(meaning(ofErrno: errno)); run as the instance's owner or root")
            }
            let descriptor = Descriptor(file)
            let result = wl_lock(file)
            guard result != EAGAIN, result != EACCES else {
                throw InstanceError("the \(what) is already running (\(path) is locked)")
            }
            guard result == 0 else {
                throw InstanceError("can't lock \(path): \(meaning(ofErrno: result))")
            }
            // The holder before may have removed the file between our two calls: then this lock is on a file without a
            // name, and would keep nobody out.
            var (ours, named) = (stat(), stat())
            if fstat(file, &ours) == 0, stat(path, &named) == 0, ours.st_ino == named.st_ino,
                ours.st_dev == named.st_dev
            {
                return descriptor
            }
        }
    }
}
