import Glibc

/// The claim to a forwarder's name: a lock file that only one process at a time can hold. Released when the process
/// ends, however it ends.
public struct Instance: ~Copyable {
    public static let directory = "/run/wayleave"
    public let name: String
    private let descriptor: Int32

    /// Claims the name.
    /// - Throws: `InstanceError` if another process has it, or the directory can't be written.
    public init(_ name: String) throws(InstanceError) {
        guard Self.isName(name) else {
            throw InstanceError("instance name '\(name)': 1 to 32 letters, digits, '-' and '_' are possible")
        }
        let path = "\(Self.directory)/\(name).lock"
        unsafe _ = mkdir(Self.directory, 0o755)
        let descriptor = try Self.lock(path, for: name)
        self.name = name
        self.descriptor = descriptor
    }

    /// Whether this can name an instance: 1 to 32 letters, digits, `-` and `_`.
    public static func isName(_ text: String) -> Bool {
        (1...32).contains(text.utf8.count)
            && text.utf8.allSatisfy { isAlphanumeric($0) || $0 == 0x2d || $0 == 0x5f }
    }

    deinit {
        unsafe unlink("\(Self.directory)/\(name).lock")
        close(descriptor)
    }

    /// Opens the lock file, makes it if it is missing, and locks it.
    private static func lock(_ path: String, for name: String) throws(InstanceError) -> Int32 {
        while true {
            let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
            guard descriptor >= 0 else {
                throw InstanceError(
                    "can't open \(path): \(unsafe String(cString: strerror(errno))); run as root")
            }
            guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
                close(descriptor)
                throw InstanceError(
                    "instance '\(name)' is already running (\(path) is locked); choose another --instance")
            }
            // The holder before may have removed the file between our two calls: then this lock is on a file without a
            // name, and would keep nobody out.
            var (ours, named) = (stat(), stat())
            if unsafe fstat(descriptor, &ours) == 0, unsafe stat(path, &named) == 0,
                ours.st_ino == named.st_ino, ours.st_dev == named.st_dev
            {
                return descriptor
            }
            close(descriptor)
        }
    }

    private static func isAlphanumeric(_ octet: UInt8) -> Bool {
        (0x30...0x39).contains(octet) || (0x41...0x5a).contains(octet) || (0x61...0x7a).contains(octet)
    }
}

/// Why an instance could not be claimed, in a sentence.
public struct InstanceError: Error, CustomStringConvertible, Sendable {
    public let description: String
    init(_ description: String) { self.description = description }
}
