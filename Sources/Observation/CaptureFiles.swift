import Glibc
import Ports

/// The files of a capture, written one after the other as dumpcap does: `capture.pcapng` alone, or
/// `capture_00001_20260131120000.pcapng` and so on, of which only the last ones are kept if that is wanted. Each can be
/// read by itself.
public final class CaptureFiles {
    /// When the next file begins. Nil: never for that.
    public struct Rotation: Equatable, Sendable {
        public var byteCount: Int?
        public var seconds: Int?
        /// Files that are kept; nil: all.
        public var fileLimit: Int?

        public init(byteCount: Int? = nil, seconds: Int? = nil, fileLimit: Int? = nil) {
            self.byteCount = byteCount
            self.seconds = seconds
            self.fileLimit = fileLimit
        }

        var isOn: Bool { byteCount != nil || seconds != nil }
    }

    private let path: String
    private let rotation: Rotation
    private let snapshotByteCount: Int
    private var writer = PcapngWriter(application: "wayleave")
    private var file: Int32 = -1
    private var writtenByteCount = 0
    private var openedAt: Int = 0
    private var fileNumber = 0
    /// Oldest first.
    public private(set) var paths: [String] = []
    /// As the stream has told them, by slot.
    private var ports: [UInt16: ObservedPort] = [:]
    /// The interfaces of the present file, by slot.
    private var interfaces: [UInt16: Int] = [:]
    /// Packets written.
    public private(set) var packetCount: UInt64 = 0

    /// - Parameter path: `-`: standard output.
    public init(_ path: String, rotation: Rotation = Rotation(), snapshotByteCount: Int)
        throws(ObservationError)
    {
        precondition(path != "-" || !rotation.isOn)
        self.path = path
        self.rotation = rotation
        self.snapshotByteCount = snapshotByteCount
        try open()
        try flush()
    }

    deinit { if file > 2 { close(file) } }

    /// A port that packets are about, from now on.
    public func note(_ port: ObservedPort) {
        if ports[port.slot] != port { interfaces[port.slot] = nil }
        ports[port.slot] = port
    }

    /// Appends a packet. It may stay in memory until `flush`.
    public func write(_ packet: ObservedPacket, comment: String?) throws(ObservationError) {
        if mustRotate { try rotate() }
        let interface: Int
        if let known = interfaces[packet.port] {
            interface = known
        } else {
            let name = ports[packet.port]?.name ?? "port \(packet.port)"
            interface = writer.addInterface(
                name: name, link: packet.link, snapshotByteCount: snapshotByteCount)
            interfaces[packet.port] = interface
        }
        writer.write(
            packet.bytes, frameByteCount: packet.frameByteCount, timestamp: packet.timestamp,
            interface: interface, direction: packet.role == .sent ? .outbound : .inbound, comment: comment)
        packetCount += 1
        if writer.byteCount >= 1 << 16 { try flush() }
    }

    /// Hands all blocks so far to the kernel.
    public func flush() throws(ObservationError) {
        var rest = writer.take()[...]
        writtenByteCount += rest.count
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failure }
            rest = rest.dropFirst(count)
        }
    }

    private var failure: ObservationError {
        ObservationError("\(paths.last ?? "standard output"): \(String(cString: strerror(errno)))")
    }

    private var mustRotate: Bool {
        if let limit = rotation.byteCount, writtenByteCount + writer.byteCount >= limit { return true }
        guard let seconds = rotation.seconds else { return false }
        return time(nil) - openedAt >= seconds
    }

    private func rotate() throws(ObservationError) {
        try flush()
        guard close(file) == 0 else { throw failure }
        file = -1
        writer = PcapngWriter(application: "wayleave")
        interfaces = [:]
        writtenByteCount = 0
        try open()
        if let limit = rotation.fileLimit {
            while paths.count > limit { unlink(paths.removeFirst()) }
        }
    }

    private func open() throws(ObservationError) {
        openedAt = time(nil)
        guard path != "-" else {
            file = 1
            return
        }
        fileNumber += 1
        let name = rotation.isOn ? Self.name(path, number: fileNumber, at: openedAt) : path
        file = Glibc.open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o640)
        guard file >= 0 else { throw ObservationError("\(name): \(String(cString: strerror(errno)))") }
        paths.append(name)
    }

    /// `a/capture.pcapng` becomes `a/capture_00001_20260131120000.pcapng`.
    static func name(_ path: String, number: Int, at seconds: Int) -> String {
        let folderEnd = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
        let dot =
            path[folderEnd...].lastIndex(of: ".").flatMap { $0 == folderEnd ? nil : $0 } ?? path.endIndex
        var (moment, parts) = (seconds, tm())
        localtime_r(&moment, &parts)
        func digits(_ value: Int, _ count: Int) -> String {
            let text = String(value)
            return String(repeating: "0", count: max(0, count - text.count)) + text
        }
        let stamp =
            digits(Int(parts.tm_year) + 1900, 4)
            + [parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec]
            .map { digits(Int($0), 2) }.joined()
        return "\(path[..<dot])_\(digits(number, 5))_\(stamp)\(path[dot...])"
    }
}
