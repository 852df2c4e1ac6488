import Glibc
import Packets
import Ports
import Testbed
import Testing
import Wire

@Suite("TUN and TAP ports", .enabled(if: mayMakeInterfaces, "needs root and /dev/net/tun"))
struct TunPortTests {
    private static let configuration = TUNPort.Configuration(
        name: "access0", interface: "wl-access0",
        addresses: [
            InterfaceAddress(IPAddress("10.9.0.1")!, bitCount: 24)!,
            InterfaceAddress(IPAddress("2001:db8:9::1")!, bitCount: 64)!,
        ], routes: [IPPrefix("198.51.100.0/24")!, IPPrefix("2001:db8:a::/48")!], mtu: 1420)

    /// An ICMP echo request from 198.51.100.7 to 10.9.0.1 (made by scapy).
    private static let echoRequest: [UInt8] = [
        0x45, 0x00, 0x00, 0x20, 0x00, 0x01, 0x00, 0x00, 0x40, 0x01, 0x46, 0x98, 0xc6, 0x33, 0x64, 0x07, 0x0a,
        0x09, 0x00,
        0x01, 0x08, 0x00, 0x20, 0xfe, 0x12, 0x34, 0x00, 0x07, 0x61, 0x62, 0x63, 0x64,
    ]

    @Test("CD-1 a TUN is brought up with MTU, addresses and routes, stays, and can be opened again")
    func tunIsConfigured() async throws {
        let namespace = NetworkNamespace()
        for _ in 0..<2 {
            let state = try await namespace.run { try TUNPort(Self.configuration).state }
            #expect(state == .up)
        }
        let link = namespace.ip("-o link show dev wl-access0")
        #expect(link.contains("mtu 1420") && link.contains("UP"))
        let addresses = namespace.ip("-o addr show dev wl-access0")
        #expect(addresses.contains("10.9.0.1/24"))
        #expect(addresses.contains("2001:db8:9::1/64"))
        #expect(!addresses.contains("fe80::"))
        #expect(!addresses.contains("tentative"))
        #expect(namespace.ip("route").contains("198.51.100.0/24 dev wl-access0"))
        #expect(namespace.ip("-6 route").contains("2001:db8:a::/48 dev wl-access0"))
    }

    @Test("CD-1 the kernel's packets are received, ours reach the kernel")
    func tunCarriesPackets() async throws {
        let namespace = NetworkNamespace()
        let (sent, replies, pollable) = try await namespace.run {
            let port = try TUNPort(Self.configuration)
            let sent = port.send([Self.echoRequest, [0xff, 1, 2, 3]])
            let replies = port.collect(1) { $0.count == 32 && $0[9] == 1 }
            return (sent, replies, port.pollDescriptor != nil)
        }
        #expect(sent == [nil, .transmitFailed], "what is no IP packet is refused")
        #expect(pollable)
        let reply = try #require(replies.first)
        #expect(Array(reply[12..<20]) == [10, 9, 0, 1, 198, 51, 100, 7])
        #expect(reply[20] == 0, "an echo reply")
        #expect(Array(reply[24...]) == Array(Self.echoRequest[24...]))
    }

    @Test(
        "A packet that doesn't fit a slot is counted as dropped, and the next one is whole",
        arguments: [PortEngine.ioUring, .readWrite], [true, false])
    func longPacketIsDropped(engine: PortEngine, offload: Bool) async throws {
        let namespace = NetworkNamespace()
        let lengths = try await namespace.run {
            var configuration = Self.configuration
            configuration.engine = engine
            configuration.offload = offload
            let port = try TUNPort(configuration)
            #expect(port.engine == engine && port.notes == [])
            let vector = PacketVector(capacity: 16, slotByteCount: 512)
            namespace.execute("bash -c 'head -c 600 /dev/zero >/dev/udp/198.51.100.9/9'")
            namespace.execute("bash -c 'head -c 292 /dev/zero >/dev/udp/198.51.100.9/9'")
            namespace.execute("bash -c 'head -c 293 /dev/zero >/dev/udp/198.51.100.9/9'")
            _ = eventually { port.receive(into: vector) > 0 && vector.count >= 3 }
            return (0..<vector.count).map {
                vector[$0].disposition == .dropped ? -1 : Int(vector[$0].byteCount)
            }
        }
        #expect(lengths == [-1, 320, -1], "320 bytes is what a slot of 512 takes")
    }

    @Test("What came in order leaves in order, more than a vector of it", arguments: [true, false])
    func order(offload: Bool) async throws {
        let namespace = NetworkNamespace()
        let numbers = try await namespace.run {
            var configuration = Self.configuration
            configuration.offload = offload
            let port = try TUNPort(configuration)
            // 300 datagrams, each with its number in it.
            namespace.execute(
                "python3 -c 'import socket\ns=socket.socket(socket.AF_INET,socket.SOCK_DGRAM)\n"
                    + "for i in range(300): s.sendto(i.to_bytes(2,\"big\"),(\"198.51.100.9\",9))'")
            return port.collect(300) { $0.count == 30 }.map { Int($0[28]) << 8 | Int($0[29]) }
        }
        #expect(numbers == Array(0..<300))
    }

    @Test(
        "What a TUN had given before it was deleted is not lost: segments that found no room come with the next vector"
    )
    func segmentsOutliveTheirInterface() async throws {
        let namespace = NetworkNamespace()
        let (first, rest, state) = try await namespace.run {
            let port = try TUNPort(Self.configuration)
            // Ten datagrams in one superframe (UDP_SEGMENT is 103).
            namespace.execute(
                "python3 -c 'import socket\ns=socket.socket(socket.AF_INET,socket.SOCK_DGRAM)\n"
                    + "s.setsockopt(17,103,100)\ns.sendto(bytes(1000),(\"198.51.100.9\",9))'")
            let vector = PacketVector(capacity: 4)
            #expect(eventually { port.received(into: vector).count == 4 })
            namespace.ip("link del wl-access0")
            port.maintain()
            return (4, port.received().count, port.state)
        }
        #expect(first + rest == 10)
        #expect(state == .up, "it has been made again")
    }

    @Test(
        "A TUN that is taken down, brought up, deleted: each shows, and it is made again",
        arguments: [PortEngine.ioUring, .readWrite])
    func tunComesAndGoes(engine: PortEngine) async throws {
        let namespace = NetworkNamespace()
        var configuration = Self.configuration
        configuration.engine = engine
        let port = try await namespace.run { [configuration] in try Shared(TUNPort(configuration)) }
        #expect(port.value.engine == engine)
        namespace.ip("link set wl-access0 down")
        #expect(try await namespace.run { port.value.send([Self.echoRequest]) } == [.portDown])
        try await namespace.run { port.value.maintain() }
        #expect(port.value.state == .down)
        namespace.ip("link set wl-access0 up")
        try await namespace.run { try port.value.bringUpToDate() }
        #expect(port.value.state == .up)
        #expect(
            namespace.ip("route").contains("198.51.100.0/24 dev wl-access0"),
            "a kernel forgets routes of what is down")
        #expect(namespace.ip("-6 addr show dev wl-access0").contains("2001:db8:9::1"))
        namespace.ip("link del wl-access0")
        #expect(port.value.received().isEmpty)
        #expect(port.value.state == .absent("interface wl-access0 has been deleted"))
        #expect(port.value.pollDescriptor == nil)
        #expect(port.value.send([Self.echoRequest]) == [.portDown])
        try await namespace.run { port.value.maintain() }
        #expect(port.value.state == .up)
        #expect(try await namespace.run { port.value.send([Self.echoRequest]) } == [nil])
    }

    @Test("Routes into a TUN change while it is open; it keeps the last ones, down and up again")
    func routesChange() async throws {
        let namespace = NetworkNamespace()
        let port = try await namespace.run { try Shared(TUNPort(Self.configuration)) }
        try await namespace.run {
            try port.value.update(
                routes: [
                    IPPrefix("203.0.113.0/24")!, IPPrefix("2001:db8:a::/48")!, IPPrefix("192.0.2.0/24")!,
                ])
        }
        func routes() -> String { namespace.ip("route") + namespace.ip("-6 route") }
        #expect(!routes().contains("198.51.100.0/24"))
        for prefix in ["203.0.113.0/24", "192.0.2.0/24", "2001:db8:a::/48"] {
            #expect(routes().contains("\(prefix) dev wl-access0"))
        }
        // One that somebody else took away is no obstacle.
        namespace.ip("route del 192.0.2.0/24")
        try await namespace.run { try port.value.update(routes: [IPPrefix("203.0.113.0/24")!]) }
        namespace.ip("link set wl-access0 down")
        try await namespace.run { port.value.maintain() }
        try await namespace.run { try port.value.update(routes: [IPPrefix("198.51.100.0/24")!]) }
        #expect(!routes().contains("wl-access0"))
        namespace.ip("link set wl-access0 up")
        try await namespace.run { try port.value.bringUpToDate() }
        #expect(routes().contains("198.51.100.0/24 dev wl-access0"))
        #expect(!routes().contains("203.0.113.0/24") && !routes().contains("2001:db8:a::/48"))
        // A route that leads elsewhere is said, and had when it has gone.
        namespace.ip("route add 203.0.113.0/24 dev lo")
        let error = await #expect(throws: InterfaceError.self) {
            try await namespace.run {
                try port.value.update(routes: [IPPrefix("203.0.113.0/24")!, IPPrefix("198.51.100.0/24")!])
            }
        }
        #expect(error?.description.contains("can't add route 203.0.113.0/24") == true)
        try await namespace.run { port.value.maintain() }
        #expect(port.value.state != .up)
        #expect(routes().contains("198.51.100.0/24 dev wl-access0"), "one in the way keeps out no others")
        namespace.ip("route del 203.0.113.0/24 dev lo")
        try await namespace.run { try port.value.bringUpToDate() }
        #expect(port.value.state == .up && routes().contains("203.0.113.0/24 dev wl-access0"))
    }

    @Test("The MTU of an open TUN changes without a break; what somebody else changes is put right")
    func isKept() async throws {
        let namespace = NetworkNamespace()
        let port = try await namespace.run { try Shared(TUNPort(Self.configuration)) }
        func index() -> String { String(namespace.ip("-o link show dev wl-access0").prefix { $0 != ":" }) }
        let before = index()
        try await namespace.run { try port.value.update(mtu: 1300) }
        #expect(namespace.ip("link show dev wl-access0").contains("mtu 1300") && port.value.mtu == 1300)
        #expect(try await namespace.run { port.value.send([Self.echoRequest]) } == [nil])
        #expect(index() == before)
        // Down and up again before anybody looks: the kernel has forgotten, and the port can't see it in the state.
        namespace.ip("link set wl-access0 mtu 1400")
        namespace.ip("link set wl-access0 down")
        namespace.ip("link set wl-access0 up")
        #expect(!namespace.ip("route").contains("198.51.100.0/24"))
        try await namespace.run { try port.value.bringUpToDate() }
        #expect(namespace.ip("link show dev wl-access0").contains("mtu 1300"))
        #expect(namespace.ip("route").contains("198.51.100.0/24 dev wl-access0"))
        #expect(namespace.ip("-6 route").contains("2001:db8:a::/48 dev wl-access0"))
        #expect(namespace.ip("-6 addr show dev wl-access0").contains("2001:db8:9::1"))
    }

    @Test("A million routes are no matter of the thread that forwards")
    func routesWaitForNobody() async throws {
        let namespace = NetworkNamespace()
        let port = try await namespace.run { try Shared(TUNPort(Self.configuration)) }
        namespace.ip("link del wl-access0")
        #expect(port.value.received().isEmpty)
        try await namespace.run { port.value.maintain() }
        #expect(port.value.state == .up)
        #expect(!namespace.ip("route").contains("198.51.100.0/24"), "not the worker's")
        try await namespace.run { try port.value.keep() }
        #expect(namespace.ip("route").contains("198.51.100.0/24 dev wl-access0"))
    }

    @Test("What a forwarder before had routed into a TUN is gone, and so are its addresses")
    func leftovers() async throws {
        let namespace = NetworkNamespace()
        _ = try await namespace.run { try TUNPort(Self.configuration).state }
        #expect(namespace.ip("route").contains("198.51.100.0/24 dev wl-access0"))
        var other = Self.configuration
        other.addresses = [InterfaceAddress("10.9.5.1/24")!]
        other.routes = [IPPrefix("203.0.113.0/24")!]
        let port = try await namespace.run { [other] in try Shared(TUNPort(other)) }
        #expect(port.value.state == .up)
        let routes = namespace.ip("route") + namespace.ip("-6 route")
        #expect(routes.contains("203.0.113.0/24 dev wl-access0"))
        #expect(!routes.contains("198.51.100.0/24") && !routes.contains("2001:db8:a::/48"))
        let addresses = namespace.ip("addr show dev wl-access0")
        #expect(addresses.contains("10.9.5.1/24") && !addresses.contains("10.9.0.1"))
        #expect(!addresses.contains("2001:db8:9::1"))
        try await namespace.run { try port.value.retire() }
        #expect(!namespace.ip("route").contains("203.0.113.0/24"))
    }

    @Test("What can't be had now is said in a sentence, and had when it can")
    func obstaclesAreNamed() async throws {
        let namespace = NetworkNamespace()
        namespace.ip("link add wl-access0 type veth peer name other")
        let port = try await namespace.run { try Shared(TUNPort(Self.configuration)) }
        #expect(
            port.value.state == .absent("interface wl-access0: can't attach to it: it exists, but is no TUN"))
        namespace.ip("link del wl-access0")
        namespace.ip("route add 198.51.100.0/24 dev lo")
        try await namespace.run { try? port.value.bringUpToDate() }
        #expect(
            port.value.state
                == .absent(
                    "interface wl-access0: can't add route 198.51.100.0/24: there is such a route to another interface"
                ))
        namespace.ip("route del 198.51.100.0/24 dev lo")
        try await namespace.run { try port.value.bringUpToDate() }
        #expect(port.value.state == .up)
        let second = try await namespace.run { try TUNPort(Self.configuration).state }
        #expect(second == .absent("interface wl-access0: can't attach to it: another process has it open"))
        #expect(throws: InterfaceError.self) {
            try TUNPort(.init(name: "x", interface: "a-name-far-too-long-for-linux"))
        }
    }

    @Test("CD-2 a TAP is up without addresses, silent, and the forwarder's MAC differs from the kernel's")
    func tapIsOwned() async throws {
        let namespace = NetworkNamespace()
        let port = try await namespace.run {
            try Shared(TAPPort(.init(name: "core0", interface: "wl-core0")))
        }
        #expect(port.value.state == .up)
        #expect(!namespace.ip("-o addr show dev wl-core0").contains("inet"))
        let kernel = MACAddress(
            shell("ip netns exec \(namespace.name) cat /sys/class/net/wl-core0/address").trimmed)
        let mac = try #require(port.value.macAddress)
        #expect(mac != kernel)
        #expect(!mac.isGroup && mac.rawValue >> 41 & 1 == 1, "unicast, locally administered")
        usleep(300_000)
        #expect(port.value.received().isEmpty, "the kernel says nothing of its own")
        let again = try await namespace.run { () -> MACAddress? in
            let configuration = TAPPort.Configuration(name: "c", interface: "wl-core1")
            let first = try TAPPort(configuration).macAddress
            let second = try TAPPort(configuration).macAddress
            return first == second ? first : nil
        }
        #expect(again != nil && again != mac)
    }

    @Test("CD-2 Ethernet frames pass a TAP both ways, MPLS among them")
    func tapCarriesFrames() async throws {
        let namespace = NetworkNamespace()
        // An ARP request for 10.8.0.1, which the kernel answers once it has that address.
        let request: [UInt8] =
            [UInt8](repeating: 0xff, count: 6) + [
                2, 0, 0, 0, 0, 9, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 9,
            ]
            + [10, 8, 0, 9, 0, 0, 0, 0, 0, 0, 10, 8, 0, 1]
        let mpls: [UInt8] = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 9, 0x88, 0x47, 0, 0x3e, 0x81, 0x40]
        let port = try await namespace.run { try Shared(TAPPort(.init(name: "c", interface: "wl-core0"))) }
        namespace.ip("addr add 10.8.0.1/24 dev wl-core0")
        #expect(port.value.send([request, mpls]) == [nil, nil])
        let answers = port.value.collect(1) { $0.count >= 42 && $0[12] == 8 && $0[13] == 6 && $0[21] == 2 }
        let answer = try #require(answers.first)
        #expect(Array(answer[28..<32]) == [10, 8, 0, 1])
    }
}

extension TUNPort {
    /// What its two threads do each second.
    func bringUpToDate() throws {
        maintain()
        defer { maintain() }
        try keep()
    }
}

/// A port that a test hands from thread to thread, one at a time.
final class Shared<Value>: @unchecked Sendable {
    let value: Value
    init(_ value: Value) { self.value = value }
}

extension String {
    var trimmed: String {
        String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
}
