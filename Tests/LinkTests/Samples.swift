import Glibc
import Link
import Synchronization
import Tables
import Testbed
import Wire

@testable import Link

/// Values that the tests send back and forth.
enum Samples {
    static let tables = TableVersion(journal: 7, number: 41, hash: 0xfeed)
    static let hello = hello()

    /// With everything that can be said of a port.
    private static var seen: PortStatus {
        var status = PortStatus(slot: 5, state: .up, mtu: 1500)
        status.kind = "AF_PACKET on veth"
        status.since = 1_700_000_000_000_000_001
        (status.receiveQueues, status.transmitQueues) = (2, 3)
        status.offloads = [.checksum, .segmentation, .coalescing]
        status.engine = "io_uring"
        status.notes = ["the kernel passes no superframes of UDP to it"]
        status.counters.receiveErrors = 1
        status.counters.receiveDrops = 2
        status.counters.transmitErrors = 3
        status.counters.transmitDrops = 4
        status.counters.kernelDrops = 5
        status.counters.superframes = 6
        status.counters.sentSuperframes = 7
        status.sendFailures = [
            PortStatus.SendFailure(reason: "No buffer space available", count: 7),
            PortStatus.SendFailure(reason: "Message too long", count: .max),
        ]
        return status
    }

    static func hello(_ name: String = "main", versions: ClosedRange<UInt16> = LinkProtocol.versions) -> Hello
    {
        Hello(
            versions: versions, software: "1.2.3", name: name, processID: 4711, counterFile: 0xc0ffee,
            tables: tables)
    }

    static let messages: [Message] = [
        .hello(hello), .welcome(Welcome(version: 1, journal: 7)), .refusal("no room"),
        .begin(TransactionHead(number: 42, isReset: true, changeCount: 3)),
        .changes([1, 2, 3]), .commit(TransactionEnd(number: 42, byteCount: 1000, tableHash: .max)),
        .applied(
            AppliedTransaction(
                number: 42, setCount: 1, removedCount: 2, untouchedCount: 3, tableHash: 4, microseconds: 5)),
        .rejected(RejectedTransaction(number: 42, reason: "tunnel 3: there is no port 9")),
        .ports([
            PortStatus(slot: 0, state: .up, mac: MACAddress(rawValue: 0x0200_0000_0001), mtu: 1500),
            PortStatus(slot: 255, state: .absent, detail: "there is no interface wl0", mtu: 0),
            PortStatus(slot: 3, state: .down, mtu: 9000), PortStatus(slot: 4, state: .finished, mtu: 1),
            seen,
        ]),
        .ping, .pong,
    ]

    /// A transaction of services, each with so many prefixes.
    static func transaction(
        _ number: UInt64, isReset: Bool = false, services: Int, prefixes: Int = 1
    ) -> Transaction {
        Transaction(
            number: number, isReset: isReset,
            changes: (0..<services).map { slot in
                let list = (0..<prefixes).map { index in
                    IPPrefix(.v4(IPv4Address(rawValue: 0x0a00_0000 + UInt32(slot * prefixes + index))))
                }
                return slot % 5 == 4
                    ? .remove(.service(ServiceIndex(rawValue: UInt32(slot))))
                    : .set(
                        .service(
                            ServiceObject(slot: ServiceIndex(rawValue: UInt32(slot)), prefixes: list)))
            })
    }
}

/// What several threads put in, and a test waits for.
final class Collected<Element: Sendable>: Sendable {
    private let elements = Mutex<[Element]>([])

    func append(_ element: Element) { elements.withLock { $0.append(element) } }
    var all: [Element] { elements.withLock { $0 } }

    /// The first element that fits, as soon as there is one; nil after ten seconds.
    func first<Result>(_ fits: (Element) -> Result?) -> Result? {
        var found: Result?
        _ = eventually {
            found = all.lazy.compactMap(fits).first
            return found != nil
        }
        return found
    }
}

/// Waits until something holds; false if it still doesn't after so many seconds.
func eventually(seconds: Int = 20, _ holds: () -> Bool) -> Bool {
    let end = ContinuousClock.now + .seconds(seconds)
    while !holds() {
        guard ContinuousClock.now < end else { return false }
        usleep(1000)
    }
    return true
}

/// One end of a connected pair of sockets, as a program that isn't ours would use it.
final class RawSocket: Sendable {
    let descriptor: Int32

    init(connectingTo path: String) throws {
        let socket = try UnixSocket.connect(to: path)
        descriptor = dup(socket.number)
        _ = fcntl(descriptor, F_SETFL, 0)
        var patience = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    func send(_ bytes: [UInt8]) { _ = Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) }

    func send(_ message: Message) { send(message.frame.bytes) }

    /// Everything until the other end closes, as messages; pings are left out.
    func receiveAll() -> [Message] { receive { _ in false } }

    /// Messages up to the one that is wanted, or to the end.
    func receive(until isWanted: (Message) -> Bool) -> [Message] {
        var reader = FrameReader()
        var messages: [Message] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(descriptor, &chunk, chunk.count, 0)
            guard count > 0 else { return messages }
            chunk.withUnsafeBytes { reader.append(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
            while let frame = try? reader.next(), let message = try? Message(frame) {
                if message != .ping { messages.append(message) }
                if isWanted(message) { return messages }
            }
        }
    }
}

/// An instance in a folder of its own.
final class ScratchInstance {
    let folder = ScratchFolder()
    let directory: InstanceDirectory

    init() throws {
        directory = try InstanceDirectory("t", base: folder.path)
        try directory.create()
    }

    deinit {
        for name in folderEntries(directory.path) { unlink("\(directory.path)/\(name)") }
        rmdir(directory.path)
    }

    func lock() throws -> InstanceLock { try InstanceLock(directory.controlPlaneLock, for: "control plane") }
}
