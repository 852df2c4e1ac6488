import CLinux
import Glibc

/// Where the programs of one instance meet: a folder of its own below the run directory, which is on tmpfs.
///
/// ```
/// /run/wayleave/NAME/wayleaved.lock  forwarder.lock  api.sock  link.sock  counters-main  observe-main.sock
/// ```
///
/// Where `/run` is no tmpfs, as in many containers, the counters are in `/dev/shm/wayleave/NAME`.
public struct InstanceDirectory: Hashable, Sendable {
    public static let defaultBase = "/run/wayleave"
    /// Below this all programs of a Linux host find a tmpfs.
    private static let sharedMemoryBase = "/dev/shm/wayleave"
    /// The forwarder's name where nothing else is said.
    public static let defaultForwarder = "main"

    /// The instance's name.
    public let name: String
    /// The folder above it.
    public let base: String

    /// - Throws: a sentence, if `name` can't name an instance. Nothing is made yet.
    public init(_ name: String, base: String = Self.defaultBase) throws(InstanceError) {
        guard Self.isName(name) else {
            throw InstanceError("instance name '\(name)': 1 to 32 letters, digits, '-' and '_' are possible")
        }
        self.name = name
        self.base = base
    }

    /// Whether this can name an instance or a forwarder: 1 to 32 letters, digits, `-` and `_`.
    public static func isName(_ text: String) -> Bool {
        (1...32).contains(text.utf8.count)
            && text.utf8.allSatisfy { isAlphanumeric($0) || $0 == 0x2d || $0 == 0x5f }
    }

    public var path: String { "\(base)/\(name)" }
    /// Where the control plane listens for forwarders.
    public var linkSocket: String { "\(path)/link.sock" }
    /// Where a forwarder shows what it does.
    public func observationSocket(forwarder: String) -> String { "\(path)/observe-\(forwarder).sock" }
    /// The counter file of a forwarder.
    public func counterFile(forwarder: String) -> String { "\(counterDirectory)/counters-\(forwarder)" }
    /// The folder of the counter files: on tmpfs, unless another base was chosen that isn't.
    public var counterDirectory: String {
        base == Self.defaultBase && !Self.isOnTmpfs(path) ? "\(Self.sharedMemoryBase)/\(name)" : path
    }
    /// The lock that says that the control plane runs.
    public var controlPlaneLock: String { "\(path)/wayleaved.lock" }
    /// The lock that says that a forwarder runs.
    public func forwarderLock(_ forwarder: String) -> String {
        "\(path)/forwarder\(forwarder == Self.defaultForwarder ? "" : "-" + forwarder).lock"
    }

    /// Makes the folders that are missing; the instance's own is for owner and group (mode 0750).
    public func create() throws(InstanceError) {
        try Self.create(base, mode: 0o755)
        try Self.create(path, mode: 0o750)
        guard counterDirectory != path else { return }
        try Self.create(Self.sharedMemoryBase, mode: 0o755)
        try Self.create(counterDirectory, mode: 0o750)
    }

    private static func create(_ folder: String, mode: mode_t) throws(InstanceError) {
        guard mkdir(folder, mode) != 0, errno != EEXIST else { return }
        throw InstanceError(
            "can't make \(folder): \(meaning(ofErrno: errno)); run as root, or choose another --run-directory"
        )
    }

    private static func isOnTmpfs(_ folder: String) -> Bool {
        let descriptor = Descriptor(open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC))
        return descriptor.number >= 0 && wl_is_on_tmpfs(descriptor.number) > 0
    }

    private static func isAlphanumeric(_ octet: UInt8) -> Bool {
        (0x30...0x39).contains(octet) || (0x41...0x5a).contains(octet) || (0x61...0x7a).contains(octet)
    }
}

/// Why an instance could not be claimed, in a sentence.
public struct InstanceError: Error, Hashable, CustomStringConvertible, Sendable {
    public let description: String

    public init(_ description: String) { self.description = description }
}
