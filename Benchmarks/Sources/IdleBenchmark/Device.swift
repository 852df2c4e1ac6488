import CEcho
import Exchange
import ExchangeFile
import Forwarder
import Glibc
import Link
import Packets
import Ports
import Synchronization
import TableCompiler
import Tables
import Wire

/// What stands between two interfaces and is measured: a thread that passes on what comes by the one.
final class Device: Sendable {
    /// Where the measured packets go in, and where they come out.
    static let (entrance, exit) = ("a1", "b1")

    private let clock = Atomic<Int>(0)
    private let stop = StopFlag()
    private let wake: @Sendable () -> Void
    private let thread: NativeThread

    /// - Parameter body: runs until the flag is raised.
    private init(
        processor: Int32, wake: @escaping @Sendable () -> Void,
        _ body: @escaping @Sendable (StopFlag) -> Void
    ) {
        self.wake = wake
        let isReady = StopFlag()
        let (stop, box) = (stop, ClockBox())
        thread = NativeThread("measured") {
            _ = ce_pin(processor)
            box.clock.store(Int(ce_thread_clock()), ordering: .releasing)
            isReady.raise()
            body(stop)
        }
        _ = isReady.isRaised(by: .now + .seconds(5))
        clock.store(box.clock.load(ordering: .acquiring), ordering: .releasing)
    }

    private final class ClockBox: Sendable { let clock = Atomic<Int>(0) }

    /// What its thread has run for, in nanoseconds.
    var spent: UInt64 { ce_read(Int32(clock.load(ordering: .acquiring))) }

    func end() {
        stop.raise()
        wake()
        thread.join()
    }

    /// The loop in C.
    static func echo(spins: Bool, processor: Int32) -> Device {
        let (input, output) = (ce_socket(entrance), ce_socket(exit))
        precondition(input >= 0 && output >= 0, "no packet sockets: errno \(-min(input, output))")
        let isOver = UnsafeMutablePointer<Bool>.allocate(capacity: 1)
        isOver.initialize(to: false)
        let flag = Pointer(value: isOver)
        return Device(processor: processor, wake: { flag.value.pointee = true }) { _ in
            ce_echo(input, output, spins, flag.value)
            close(input)
            close(output)
        }
    }

    private struct Pointer: @unchecked Sendable { let value: UnsafeMutablePointer<Bool> }

    /// A forwarder that pushes two labels.
    static func forwarder(_ mode: IdleMode, processor: Int32) throws -> Device {
        let exchange = try ExchangeFile.parse(text: Self.exchange, fileName: "the benchmark's exchange")
        let compiled = CompiledExchange(exchange, .offline(exchange))
        let tables = Tables(value: try compiled.makeTables())
        let ports = try compiled.ports.map { port in
            try PacketSocketPort(
                .init(
                    name: port.name, interface: port.name == "access0" ? entrance : exit,
                    macAddress: port.name == "access0" ? accessMAC : coreMAC))
        }
        let first = Publication(tables: tables.value.publication, ports: ports)
        let publisher = Publisher(workers: ["worker 0"], first: first)
        return Device(processor: processor, wake: { publisher.wakeAll() }) { stop in
            LiveForwarder(
                worker: Worker(first, clock: { ce_now() }), publisher: publisher, idleMode: mode
            ) { _ in }.run(until: stop)
            withExtendedLifetime(tables) {}
        }
    }

    private struct Tables: @unchecked Sendable { let value: ForwardingTables }

    private static let accessMAC = MACAddress(rawValue: 0x0200_0000_0010)
    private static let coreMAC = MACAddress(rawValue: 0x0200_0000_0001)

    /// A frame of 64 octets from the subscriber that is admitted.
    static let frame: [UInt8] = {
        var header: [UInt8] = [
            0x45, 0, 0, 50, 0, 0, 0x40, 0, 64, 17, 0, 0, 10, 1, 0, 5, 198, 51, 100, 7,
        ]
        let checksum = InternetChecksum.field(InternetChecksum.sum(header.span.bytes))
        (header[10], header[11]) = (UInt8(checksum & 0xff), UInt8(checksum >> 8))
        let ethernet: [UInt8] = [2, 0, 0, 0, 0, 0x10, 2, 0, 0, 0, 0, 0x99, 0x08, 0]
        return ethernet + header + [0, 9, 0, 9, 0, 30, 0, 0] + [UInt8](repeating: 0, count: 22)
    }()

    private static let exchange = """
        ports:
          access0: { packet: a1, role: access, addresses: [10.1.0.1/24], mac: "02:00:00:00:00:10" }
          core0:   { packet: b1, role: network, addresses: [10.0.0.1/30], mac: "02:00:00:00:00:01",
                     neighbours: { 10.0.0.2: "02:00:00:00:00:02" } }
        lines: { north: { port: core0, nextHop: 10.0.0.2 } }
        providers: { acme: {} }
        services: { video: { provider: acme, prefixes: [198.51.100.0/24] } }
        tunnels: { north: { line: north, mpls: { send: 16001, receive: 17001 } } }
        subscribers: { alice: { port: access0, addresses: [10.1.0.5], nextHop: 10.1.0.5 } }
        conditions: [{ subscriber: alice, service: video }]
        sessions:
          alice-video: { subscriber: alice, service: video, access: { port: access0 },
                         network: { tunnel: north, send: 100042, receive: 200042 } }
        """
}
