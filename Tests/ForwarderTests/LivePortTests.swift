import CLinux
import Forwarder
import Glibc
import Link
import Packets
import Ports
import Synchronization
import Tables
import Testbed
import Testing
import Wire

/// A network namespace of the test's own, which the thread that makes it enters; gone when the test is.
private final class OwnNamespace: Sendable {
    private let name = "wayleave-test-\(getpid())-\(UInt32.random(in: 0 ... .max))"

    init() {
        Self.shell("ip netns add \(name)")
        let descriptor = open("/run/netns/\(name)", O_RDONLY | O_CLOEXEC)
        precondition(wl_enter_network_namespace(descriptor) == 0, "can't enter \(name): errno \(errno)")
        close(descriptor)
    }

    deinit { Self.shell("ip netns del \(name)") }

    /// What `ip` says in here.
    func ip(_ arguments: String) -> String { Self.shell("ip -n \(name) \(arguments)") }

    @discardableResult private static func shell(_ command: String) -> String {
        guard let stream = popen("exec 2>&1; \(command)", "r") else { fatalError("can't run \(command)") }
        defer { pclose(stream) }
        var text: [UInt8] = []
        while case let octet = getc(stream), octet != EOF { text.append(UInt8(octet)) }
        return String(decoding: text, as: UTF8.self)
    }
}

@Suite(
    "Live ports",
    .enabled(if: geteuid() == 0 && access("/dev/net/tun", R_OK | W_OK) == 0, "needs root and /dev/net/tun"))
struct LivePortTests {
    private static let tun = PortObject(
        slot: 0, name: "access0", medium: .tun(interface: "wl-live0"), role: .access,
        addresses: [InterfaceAddress("10.9.0.1/24")!], mtu: 1400, routes: .services)

    private static func service(_ slot: UInt32, _ prefix: String) -> Transaction.Change {
        .set(.service(ServiceObject(slot: ServiceIndex(rawValue: slot), prefixes: [IPPrefix(prefix)!])))
    }

    @Test(
        "CD-1 a TUN's routes MTU and addresses follow without a break; a removed port lets go"
    )
    func routes() {
        // A thread of its own, to be in a namespace of its own.
        NativeThread("namespace") {
            do { try Self.run() } catch { Issue.record(error) }
        }.join()
    }

    private static func run() throws {
        let namespace = OwnNamespace()
        let folder = ScratchFolder()
        let counters = try CounterFile(
            path: folder.file("counters-main"), region: .forwarding, requiresTmpfs: false)
        let lines = Mutex<[String]>([])
        let tables = ForwardingTables()
        let publisher = Publisher(workers: [], first: Publication(tables: tables.publication, ports: []))
        let live = LiveTables(tables, publisher: publisher, counters: counters, stop: StopFlag()) { line in
            lines.withLock { $0.append(line) }
        }
        func apply(_ number: UInt64, _ changes: [Transaction.Change]) throws {
            let transaction = Transaction(number: number, changes: changes)
            _ = try live.apply(transaction, tableHash: tables.tableHash(after: transaction))
        }
        func takeLines() -> [String] {
            lines.withLock { lines in
                defer { lines = [] }
                return lines
            }
        }
        try apply(1, [.set(.port(tun)), service(0, "198.51.100.0/24")])
        #expect(takeLines() == ["port access0: up"])
        #expect(namespace.ip("route").contains("198.51.100.0/24 dev wl-live0"))
        #expect(namespace.ip("link show wl-live0").contains("mtu 1400"))

        try apply(2, [service(0, "203.0.113.0/24"), service(1, "192.0.2.0/25")])
        let routes = namespace.ip("route")
        #expect(!routes.contains("198.51.100.0/24") && routes.contains("192.0.2.0/25 dev wl-live0"))
        #expect(routes.contains("203.0.113.0/24 dev wl-live0") && takeLines().isEmpty)

        var smaller = tun
        smaller.mtu = 1300
        try apply(3, [.set(.port(smaller))])
        #expect(takeLines().isEmpty && live.portStatuses.map(\.mtu) == [1300])
        #expect(namespace.ip("link show wl-live0").contains("mtu 1300"))
        #expect(namespace.ip("route").contains("203.0.113.0/24 dev wl-live0"))
        var moved = smaller
        moved.addresses = [InterfaceAddress("10.9.7.1/24")!]
        try apply(30, [.set(.port(moved))])
        #expect(takeLines().isEmpty)
        let addresses = namespace.ip("addr show wl-live0")
        #expect(addresses.contains("10.9.7.1/24") && !addresses.contains("10.9.0.1"))
        #expect(namespace.ip("route").contains("203.0.113.0/24 dev wl-live0"))

        // A route that is another interface's is no reason to refuse services; the port says what is wrong.
        _ = namespace.ip("link set lo up")
        _ = namespace.ip("route add 100.64.0.0/10 dev lo")
        try apply(4, [service(2, "100.64.0.0/10")])
        let obstacle =
            "interface wl-live0: can't add route 100.64.0.0/10: there is such a route to another interface"
        #expect(live.portStatuses.map(\.detail) == [obstacle] && live.portStatuses[0].state == .absent)
        #expect(takeLines() == ["port access0: \(obstacle)"])
        #expect(!live.maintain() && takeLines().isEmpty, "told once")
        _ = namespace.ip("route del 100.64.0.0/10 dev lo")
        #expect(live.maintain() && live.portStatuses[0].state == .up)
        #expect(namespace.ip("route").contains("100.64.0.0/10 dev wl-live0"))

        // The interface stays, but nobody has it open: another program may take it.
        try apply(5, [.remove(.port(0))])
        #expect(takeLines() == ["port access0: removed"])
        #expect(!namespace.ip("route").contains("wl-live0"), "nobody would take the packets")
        let other = try TUNPort(.init(name: "other", interface: "wl-live0"))
        #expect(other.state == .up)
        live.close()
    }

    @Test("A shared port that a transaction has opened anew goes on taking what is its own")
    func sharedAnew() {
        NativeThread("namespace") {
            do { try Self.runShared() } catch { Issue.record(error) }
        }.join()
    }

    private static func runShared() throws {
        let namespace = OwnNamespace()
        let folder = ScratchFolder()
        for command in [
            "link add near address 02:00:00:00:00:11 type veth peer name far", "link set near up",
            "link set far up", "addr add 10.8.0.1/24 dev near",
        ] {
            #expect(namespace.ip(command) == "")
        }
        let counters = try CounterFile(
            path: folder.file("counters-main"), region: .forwarding, requiresTmpfs: false)
        let tables = ForwardingTables()
        let publisher = Publisher(workers: [], first: Publication(tables: tables.publication, ports: []))
        var opened: [any PacketPort] = []
        let live = LiveTables(
            tables, publisher: publisher, counters: counters, stop: StopFlag(),
            open: { object, routes, warn in
                let port = try PortOpener.open(object, routes: routes, warn: warn)
                opened = [port]
                return port
            }, report: { _ in })
        func apply(_ number: UInt64, _ changes: [Transaction.Change]) throws {
            let transaction = Transaction(number: number, changes: changes)
            _ = try live.apply(transaction, tableHash: tables.tableHash(after: transaction))
        }
        /// Sends an IP-in-IP packet to our end, and says whether the port gets it.
        func isOurs() -> Bool {
            let header: [UInt8] = [
                0x45, 0, 0, 20, 0, 0, 0, 0, 64, 4, 0, 0, 10, 8, 0, 2, 10, 8, 0, 1,
            ]
            let frame: [UInt8] = [2, 0, 0, 0, 0, 0x11, 2, 0, 0, 0, 0, 0x22, 8, 0] + header
            let descriptor = socket(AF_PACKET, Int32(SOCK_RAW.rawValue), 0)
            defer { close(descriptor) }
            #expect(wl_packet_bind(descriptor, Int32(if_nametoindex("far"))) == 0)
            #expect(send(descriptor, frame, frame.count, 0) == frame.count)
            let vector = PacketVector()
            return eventually(seconds: 2) { opened[0].receive(into: vector) > 0 }
        }
        var port = PortObject(
            slot: 0, name: "core0", medium: .sharedPacket(interface: "near"), role: .network,
            addresses: [InterfaceAddress("10.8.0.1/24")!])
        let tunnel = TunnelObject(
            slot: TunnelIndex(rawValue: 0), port: 0,
            end: .ipip(remote: IPAddress("10.8.0.2")!, local: IPAddress("10.8.0.1")!))
        try apply(1, [.set(.port(port)), .set(.tunnel(tunnel))])
        #expect(live.portStatuses.map(\.state) == [.up] && isOurs())
        let first = ObjectIdentifier(opened[0])
        port.mtu = 1400
        try apply(2, [.set(.port(port))])
        #expect(ObjectIdentifier(opened[0]) != first && isOurs())
        live.close()
    }
}
