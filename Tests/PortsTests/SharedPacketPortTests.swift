import CLinux
import Glibc
import Packets
import Ports
import Testbed
import Testing
import Wire

/// A host that shares an interface with a port, and a station on the link. The host would forward: it has a second
/// interface, and a route behind it.
private final class SharedLink: Sendable {
    static let station = MACAddress(rawValue: 0x0200_0000_0099)

    let host = NetworkNamespace()
    let peer = NetworkNamespace()
    let mac: MACAddress

    init() {
        host.ip("link add shared type veth peer name far netns \(peer.name)")
        host.ip("link add other type veth peer name beyond")
        for (namespace, interface) in [(host, "shared"), (host, "other"), (host, "beyond"), (peer, "far")] {
            namespace.ip("link set \(interface) addrgenmode none up")
        }
        host.ip("addr add 10.8.0.1/24 dev shared")
        host.ip("addr add 2001:db8:8::1/64 dev shared nodad")
        host.ip("addr add 10.9.0.1/24 dev other")
        host.ip("neigh add 10.9.0.5 lladdr 02:00:00:00:00:05 dev other")
        peer.ip("addr add 10.8.0.2/24 dev far")
        peer.ip("addr add 2001:db8:8::2/64 dev far nodad")
        host.execute("sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1")
        // Where the kernel goes on with what has passed the ingress programs.
        for command in [
            "add table netdev judge", "add counter netdev judge seen",
            "add chain netdev judge ingress { type filter hook ingress device shared priority 0; }",
            "add rule netdev judge ingress ether saddr \(Self.station) counter name seen",
        ] {
            host.execute("nft '\(command)'")
        }
        let text = host.execute("cat /sys/class/net/shared/address").trimmed
        mac = MACAddress(
            rawValue: text.split(separator: ":").reduce(0) { $0 << 8 | (UInt64($1, radix: 16) ?? 0) })
    }

    func open(_ selection: SharedSelection) async throws -> PacketSocketPort {
        try await host.run {
            Unchecked(try PacketSocketPort(.init(name: "s", interface: "shared", sharing: selection)))
        }.value
    }

    /// Frames of the station's that the kernel has gone on with.
    private var seen: Int {
        let words = host.execute("nft list counter netdev judge seen").split(whereSeparator: \.isWhitespace)
        guard let place = words.firstIndex(of: "packets") else { return -1 }
        return Int(words[place + 1]) ?? -1
    }

    /// Sends a frame from the station, and says who got it.
    func pass(_ frame: [UInt8], to port: PacketSocketPort) async throws -> (ours: Int, kernels: Int) {
        let before = seen
        // A frame that everybody takes for the kernel's says that all before it have been dealt with.
        let last = Frame(
            to: .broadcast, from: Self.station, EtherType(rawValue: 0x88b5), Array("last".utf8)
        ).bytes
        try await peer.run {
            let descriptor = wl_raw_socket(AF_PACKET, 0)
            defer { close(descriptor) }
            precondition(wl_packet_bind(descriptor, Int32(if_nametoindex("far"))) == 0)
            for frame in [frame, last] {
                precondition(Glibc.send(descriptor, frame, frame.count, 0) == frame.count)
            }
        }
        _ = eventually { seen > before }
        let received = port.received().compactMap { $0 }.filter { Array($0[6..<12]) == Self.station.octets }
        #expect(received.allSatisfy { $0 == frame })
        return (received.count, seen - before - 1)
    }
}

private struct Unchecked<Value>: @unchecked Sendable {
    let value: Value
    init(_ value: Value) { self.value = value }
}

private let whole = SharedSelection(
    ends: [IPAddress("10.8.0.1")!, IPAddress("2001:db8:8::1")!], takesForwarded: true, tags: [42])
private let tunnelsOnly = SharedSelection(ends: whole.ends)
/// One end has both kinds of tunnels, the other MPLS-in-UDP alone.
private let datagramsToo = SharedSelection(
    ends: [IPAddress("2001:db8:8::1")!],
    datagramEnds: [IPAddress("10.8.0.1")!, IPAddress("2001:db8:8::1")!])

private func datagram(
    _ source: String, _ destination: String, _ number: UInt8, _ payload: [UInt8]
) -> Datagram {
    Datagram(IPAddress(source)!, IPAddress(destination)!, IPProtocol(rawValue: number), payload)
}

/// One frame, and whose it is.
private struct Sample: CustomTestStringConvertible, Sendable {
    enum Owner { case ours, kernels, both }

    let testDescription: String
    /// By a selection with everything, and by one of tunnels alone.
    let owners: (Owner, Owner)
    let frame: @Sendable (MACAddress) -> [UInt8]

    init(_ text: String, _ whole: Owner, _ tunnels: Owner, _ datagram: Datagram, tags: [UInt16] = []) {
        self.init(text, whole, tunnels) {
            Frame(to: $0, from: SharedLink.station, tags: tags, datagram).bytes
        }
    }

    init(_ text: String, _ whole: Owner, _ tunnels: Owner, frame: @escaping @Sendable (MACAddress) -> [UInt8])
    {
        testDescription = text
        owners = (whole, tunnels)
        self.frame = frame
    }
}

private let inner4 = Datagram.udp("192.0.2.1", "198.51.100.1").bytes
private let inner6 = Datagram.udp("2001:db8:1::1", "2001:db8:2::1").bytes
/// Type, code, checksum, and four octets more; nobody here looks at the checksum.
private func icmp(_ type: UInt8, _ quote: [UInt8]) -> [UInt8] { [type, 0, 0, 0, 0, 0, 0, 0] + quote }
private func quote4(_ source: String, _ number: UInt8) -> [UInt8] {
    datagram(source, "10.8.0.2", number, inner4).bytes
}
private func quote6(_ source: String, _ number: UInt8) -> [UInt8] {
    datagram(source, "2001:db8:8::2", number, inner6).bytes
}
private let (near4, far4, near6, far6) = ("10.8.0.1", "10.8.0.2", "2001:db8:8::1", "2001:db8:8::2")

private let samples: [Sample] = [
    Sample("MPLS", .ours, .ours) {
        Frame(
            to: $0, from: SharedLink.station, .mpls,
            labels: [LabelStackEntry(16001), LabelStackEntry(17, bottom: true)], inner4
        ).bytes
    },
    Sample("MPLS to another station", .kernels, .kernels) { _ in
        Frame(
            to: MACAddress(rawValue: 0x0200_0000_0077), from: SharedLink.station, .mpls,
            labels: [LabelStackEntry(17, bottom: true)], inner4
        ).bytes
    },
    Sample("4-in-4", .ours, .ours, datagram(far4, near4, 4, inner4)),
    Sample("6-in-4", .ours, .ours, datagram(far4, near4, 41, inner6)),
    Sample("4-in-6", .ours, .ours, datagram(far6, near6, 4, inner4)),
    Sample("6-in-6", .ours, .ours, datagram(far6, near6, 41, inner6)),
    Sample(
        "6-in-6 behind destination options", .ours, .ours,
        datagram(far6, near6, 60, [41, 0, 4, 1, 4, 1, 1, 0] + inner6)),
    Sample(
        "4-in-6 in a fragment, behind hop-by-hop options", .ours, .ours,
        datagram(far6, near6, 0, [44, 0, 1, 4, 0, 0, 0, 0] + [4, 0, 0, 1, 0, 0, 0, 9] + inner4)),
    Sample(
        "UDP behind destination options", .kernels, .kernels,
        datagram(far6, near6, 60, [17, 0, 1, 4, 0, 0, 0, 0] + inner6)),
    Sample(
        "4-in-4 to another address of the host's", .kernels, .kernels, datagram(far4, "10.9.0.1", 4, inner4)),
    Sample("4-in-4 to be forwarded", .ours, .kernels, datagram(far4, "10.9.0.5", 4, inner4)),
    Sample("TCP to the kernel's address", .kernels, .kernels, datagram(far4, near4, 6, inner4)),
    Sample("UDP to be forwarded", .ours, .kernels, .udp(far4, "10.9.0.5")),
    Sample("IPv6 to be forwarded", .ours, .kernels, .udp(far6, "2001:db8:9::5")),
    Sample("IPv6 to the kernel's address", .kernels, .kernels, .udp(far6, near6)),
    Sample("to a group", .kernels, .kernels, .udp(far4, "224.0.0.5")),
    Sample("to an IPv6 group", .kernels, .kernels, .udp(far6, "ff02::5")),
    Sample("link-local IPv4", .kernels, .kernels, .udp(far4, "169.254.9.9")),
    Sample("link-local IPv6", .kernels, .kernels, .udp(far6, "fe80::9")),
    Sample("loopback", .kernels, .kernels, .udp(far4, "127.0.0.1")),
    Sample("limited broadcast", .kernels, .kernels, .udp(far4, "255.255.255.255")),
    Sample(
        "an ICMP error about our tunnel", .both, .both, datagram(far4, near4, 1, icmp(3, quote4(near4, 4)))),
    Sample(
        "time exceeded about our 6-in-4", .both, .both, datagram(far4, near4, 1, icmp(11, quote4(near4, 41)))),
    Sample(
        "an ICMP error about UDP of the kernel's", .kernels, .kernels,
        datagram(far4, near4, 1, icmp(3, quote4(near4, 17)))),
    Sample(
        "an ICMP error about another's tunnel", .kernels, .kernels,
        datagram(far4, near4, 1, icmp(3, quote4("10.8.0.7", 4)))),
    Sample("a ping", .kernels, .kernels, datagram(far4, near4, 1, icmp(8, []))),
    Sample(
        "packet too big about our tunnel", .both, .both, datagram(far6, near6, 58, icmp(2, quote6(near6, 4)))),
    Sample(
        "an ICMPv6 error about TCP of the kernel's", .kernels, .kernels,
        datagram(far6, near6, 58, icmp(1, quote6(near6, 6)))),
    Sample(
        "an ICMP error that is cut short", .kernels, .kernels, datagram(far4, near4, 1, icmp(3, [0x45, 0]))),
    Sample("a frame of our VLAN", .ours, .kernels, .udp(far4, near4), tags: [42]),
    Sample("a frame of another VLAN", .kernels, .kernels, datagram(far4, near4, 4, inner4), tags: [43]),
    Sample("a frame with a priority and no VLAN", .ours, .ours, datagram(far4, near4, 4, inner4), tags: [0]),
    Sample("a broadcast in our VLAN", .ours, .kernels) { _ in
        Frame(to: .broadcast, from: SharedLink.station, tags: [42], .arp, inner4).bytes
    },
    Sample("ARP", .kernels, .kernels) { Frame(to: $0, from: SharedLink.station, .arp, inner4).bytes },
]

/// UDP to MPLS-in-UDP's port or another, with a label and a packet in it.
private func udp(_ port: UInt16 = 6635) -> [UInt8] {
    let header = octets(UInt16(50_000)) + octets(port) + octets(UInt16(12 + inner4.count)) + [0, 0]
    return header + [0, 1, 0x11, 64] + inner4
}
private func later(_ datagram: Datagram, _ fragmentation: UInt16) -> Datagram {
    var datagram = datagram
    datagram.fragmentation = fragmentation
    return datagram
}

/// By a selection of tunnels in UDP; the second owner is that by one of IP-in-IP alone.
private let datagramSamples: [Sample] = [
    Sample("MPLS in UDP over IPv4", .ours, .kernels, datagram(far4, near4, 17, udp())),
    Sample("MPLS in UDP over IPv6", .ours, .kernels, datagram(far6, near6, 17, udp())),
    Sample(
        "MPLS in UDP behind destination options", .ours, .kernels,
        datagram(far6, near6, 60, [17, 0, 1, 4, 0, 0, 0, 0] + udp())),
    Sample("UDP to another port", .kernels, .kernels, datagram(far4, near4, 17, udp(4789))),
    Sample("UDP to another port over IPv6", .kernels, .kernels, datagram(far6, near6, 17, udp(4789))),
    Sample("a first fragment", .ours, .kernels, later(datagram(far4, near4, 17, udp()), 0x2000)),
    Sample("a later fragment", .kernels, .kernels, later(datagram(far4, near4, 17, udp()), 100)),
    Sample("to another address of the host's", .kernels, .kernels, datagram(far4, "10.9.0.1", 17, udp())),
    Sample("4-in-4 to an end of the other kind", .kernels, .ours, datagram(far4, near4, 4, inner4)),
    Sample("4-in-6 to an end of both kinds", .ours, .ours, datagram(far6, near6, 4, inner4)),
    Sample(
        "an ICMP error about our MPLS in UDP", .both, .kernels,
        datagram(far4, near4, 1, icmp(3, datagram(near4, far4, 17, udp()).bytes))),
    Sample(
        "packet too big about our MPLS in UDP", .both, .kernels,
        datagram(far6, near6, 58, icmp(2, datagram(near6, far6, 17, udp()).bytes))),
    Sample(
        "an ICMP error about the host's own UDP", .kernels, .kernels,
        datagram(far4, near4, 1, icmp(3, datagram(near4, far4, 17, udp(53)).bytes))),
    Sample(
        "an ICMP error about a tunnel of the other kind", .kernels, .both,
        datagram(far4, near4, 1, icmp(3, quote4(near4, 4)))),
]

@Suite(
    "AF_PACKET ports that share an interface with the kernel", .serialized,
    .enabled(if: mayMakeInterfaces, "needs root and /dev/net/tun"))
struct SharedPacketPortTests {
    @Test("Each frame goes to whom it belongs, and to nobody else")
    func owners() async throws {
        let link = SharedLink()
        let port = try await link.open(tunnelsOnly)
        #expect(port.state == .up)
        for (selection, samples, isFirst) in [
            (tunnelsOnly, samples, false), (tunnelsOnly, datagramSamples, false), (whole, samples, true),
            (datagramsToo, datagramSamples, true),
        ] {
            try await link.host.run { [port = Unchecked(port)] in try port.value.update(sharing: selection) }
            for sample in samples {
                let (ours, kernels) = try await link.pass(sample.frame(link.mac), to: port)
                let owner = isFirst ? sample.owners.0 : sample.owners.1
                #expect(
                    (ours, kernels) == (owner == .kernels ? 0 : 1, owner == .ours ? 0 : 1),
                    "\(sample.testDescription), by \(selection)")
            }
        }
    }

    @Test("A closed port leaves the kernel everything")
    func closing() async throws {
        let link = SharedLink()
        var port: PacketSocketPort? = try await link.open(whole)
        let frame = Frame(to: link.mac, from: SharedLink.station, Datagram.udp(far4, "10.9.0.5")).bytes
        #expect(try await link.pass(frame, to: port!) == (1, 0))
        port = nil
        let witness = try await link.open(SharedSelection())
        #expect(try await link.pass(frame, to: witness) == (0, 1))
    }

    @Test("An address that the kernel gets is the kernel's from the next look on")
    func newAddress() async throws {
        let link = SharedLink()
        let port = try await link.open(whole)
        let frame = Frame(to: link.mac, from: SharedLink.station, Datagram.udp(far4, "10.8.0.77")).bytes
        #expect(try await link.pass(frame, to: port) == (1, 0))
        link.host.ip("addr add 10.8.0.77/24 dev shared")
        try await link.host.run { [port = Unchecked(port)] in try port.value.keep() }
        #expect(try await link.pass(frame, to: port) == (0, 1))
    }

    @Test("An interface that gets another MAC address is shared as before")
    func anotherMAC() async throws {
        let link = SharedLink()
        let port = Unchecked(try await link.open(whole))
        link.host.ip("link set shared down")
        link.host.ip("link set shared address 02:00:00:00:00:31")
        link.host.ip("link set shared up")
        link.peer.ip("link set far up")
        let isUp = await
            (try link.host.run {
                eventually {
                    port.value.maintain(); return port.value.state == .up
                }
            })
        #expect(isUp)
        let frame = Frame(
            to: MACAddress(rawValue: 0x0200_0000_0031), from: SharedLink.station,
            Datagram.udp(far4, "10.9.0.5")
        ).bytes
        #expect(try await link.pass(frame, to: port.value) == (1, 0))
    }

    @Test("A port with a MAC address of its own can't share")
    func ownMAC() async throws {
        let link = SharedLink()
        let state = try await link.host.run {
            try PacketSocketPort(
                .init(
                    name: "s", interface: "shared", macAddress: SharedLink.station, sharing: SharedSelection()
                )
            ).state
        }
        guard case .absent(let reason) = state else { return #expect(Bool(false), "\(state)") }
        #expect(reason.contains("a mac of its own"))
    }
}
