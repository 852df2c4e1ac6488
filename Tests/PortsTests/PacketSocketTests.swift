import CLinux
import Glibc
import Packets
import Ports
import Testbed
import Testing
import Wire

/// Frames in a capture of which tshark finds a checksum wrong or the packet malformed.
func framesAtFault(in capture: String) -> String {
    let options = ["ip", "tcp", "udp"].map { "-o \($0).check_checksum:TRUE" }.joined(separator: " ")
    // What the payload, random bytes, looks like to the dissector of some application is no fault of the segment.
    let malformed = "(_ws.malformed && !tcp.payload && !udp)"
    // Linux sends TCP's zero as 0xffff, its other form, which tshark calls bad and every receiver takes.
    let tcp = "(tcp.checksum.status==0 && tcp.checksum!=0xffff)"
    let faults = "\(malformed) || ip.checksum.status==0 || \(tcp) || udp.checksum.status==0"
    return shell(
        "tshark -r \(capture) \(options) -Y '\(faults)' 2>/dev/null"
    )
}

/// Half of the traffic that two hosts exchange.
func script(_ role: String, _ address: String) -> String {
    let folder = #filePath.split(separator: "/").dropLast().joined(separator: "/")
    return "/usr/bin/python3 /\(folder)/Fixtures/traffic.py \(role) \(address)"
}

@Suite(
    "AF_PACKET ports, offloads on", .serialized,
    .enabled(if: mayMakeInterfaces, "needs root and /dev/net/tun"))
struct PacketSocketOffloadTests {
    @Test(
        "TCP passes whole, in frames that the link takes, with the checksums that tshark expects",
        arguments: ["10.7.0.1", "2001:db8:7::1"])
    func tcp(address: String) async throws {
        let patch = Patch()
        let folder = ScratchFolder()
        let capture = folder.file("sent.pcap")
        let result = try await patch.pass(
            capture: capture, hostA: script("serve", address), hostB: script("fetch", address))
        #expect(result.outputB.hasPrefix("8000000 "))
        #expect(result.outputB == result.outputA)
        #expect(result.longestByteCount == 1514)
        #expect(result.superframeCount > 20, "the test is void without superframes")
        #expect(result.sentSuperframeCount > 20)
        #expect(checksumErrors(in: patch.hostA) + checksumErrors(in: patch.hostB) == "")
        #expect(result.transmitFailures == 0)
        #expect(result.kernelDrops == 0)
        #expect(framesAtFault(in: capture) == "")
        let segments = shell("tshark -r \(capture) -Y 'tcp.len>0' -T fields -e tcp.len 2>/dev/null | wc -l")
            .trimmed
        #expect(try #require(Int(segments)) >= 8_000_000 / 1460)
    }

    @Test("UDP superframes become datagrams", arguments: ["10.7.0.2", "2001:db8:7::2"])
    func udp(address: String) async throws {
        let patch = Patch()
        let folder = ScratchFolder()
        let capture = folder.file("sent.pcap")
        let result = try await patch.pass(
            capture: capture, hostA: script("datagrams", address), hostB: script("listen", address))
        #expect(result.outputB == "1001 \(result.outputA)")
        #expect(result.outputA.hasPrefix("199000 "))
        #expect(result.superframeCount >= 20, "the test is void without superframes")
        #expect(result.sentSuperframeCount >= 20)
        #expect(checksumErrors(in: patch.hostA) + checksumErrors(in: patch.hostB) == "")
        #expect(framesAtFault(in: capture) == "")
    }
}

@Suite(
    "AF_PACKET ports, what stands beside a frame",
    .enabled(if: mayMakeInterfaces, "needs root and /dev/net/tun"))
struct PacketSocketMetadataTests {
    /// Sends a frame with its virtio header as another program on this host would.
    private static func sendRaw(_ fixture: Fixture, by interface: String) -> Int {
        let descriptor = wl_raw_socket(AF_PACKET, 0)
        defer { close(descriptor) }
        guard wl_packet_set(descriptor, SOL_PACKET, PACKET_VNET_HDR, 1) == 0,
            wl_packet_bind(descriptor, Int32(if_nametoindex(interface))) == 0
        else { return -1 }
        return send(descriptor, fixture.header + fixture.frame, fixture.header.count + fixture.frame.count, 0)
    }

    @Test(
        "Superframes, unfinished checksums and VLAN tags that pass the kernel arrive as scapy would send them",
        arguments: [
            "tcp4", "tcp6", "tcp4-vlan", "tcp4-two-vlans", "udp4", "udp6", "checksum-tcp4", "checksum-tcp6",
            "checksum-udp4", "checksum-udp6", "checksum-udp4-zero", "checksum-tcp4-zero",
        ], [(37, .ring), (3, .mmsg), (3, .ring)] as [(Int, PortEngine)])
    func fixtures(name: String, way: (vectorCapacity: Int, engine: PortEngine)) async throws {
        let namespace = NetworkNamespace()
        namespace.ip("link add one type veth peer name two")
        for name in ["one", "two"] { namespace.ip("link set \(name) up") }
        let fixture = try Fixture(name)
        let (sent, frames) = try await namespace.run {
            let port = try PacketSocketPort(.init(name: "2", interface: "two", engine: way.engine))
            // A link that has just come up takes frames and loses them until the kernel has been asked about
            // it.
            _ = try PacketSocketPort(.init(name: "1", interface: "one"))
            let sent = Self.sendRaw(fixture, by: "one")
            var frames: [[UInt8]] = []
            let vector = PacketVector(capacity: way.vectorCapacity)
            _ = eventually {
                frames += port.received(into: vector).compactMap { $0 }.filter {
                    $0.starts(with: fixture.frame[..<12])
                }
                return frames.count >= fixture.expected.count
            }
            return (sent, frames)
        }
        #expect(sent == fixture.header.count + fixture.frame.count)
        #expect(frames == fixture.expected)
    }
}

@Suite("AF_PACKET ports", .enabled(if: mayMakeInterfaces, "needs root and /dev/net/tun"))
struct PacketSocketTests {
    private static let frame: [UInt8] =
        [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 9, 0x88, 0xb5] + Array("an experiment".utf8)

    private static func isExperiment(_ frame: [UInt8]) -> Bool { frame.count > 14 && frame[12] == 0x88 }

    private static let engines = [PortEngine.ring, .mmsg]

    @Test(
        "Frames pass both ways; what we send ourselves is not received, even where the kernel shows it",
        arguments: engines)
    func ownFramesAreIgnored(engine: PortEngine) async throws {
        let namespace = NetworkNamespace()
        namespace.ip("link add one type veth peer name two")
        for name in ["one", "two"] { namespace.ip("link set \(name) up") }
        let (own, others, sent) = try await namespace.run {
            let one = try PacketSocketPort(.init(name: "1", interface: "one", engine: engine))
            let two = try PacketSocketPort(.init(name: "2", interface: "two", engine: engine))
            let beside = try PacketSocketPort(.init(name: "3", interface: "one", engine: engine))
            let sent = one.send([Self.frame, Self.frame])
            let others = two.collect(2, where: Self.isExperiment)
            let own = [one, beside].flatMap { $0.received().compactMap { $0 }.filter(Self.isExperiment) }
            return (own, others, sent)
        }
        #expect(sent == [nil, nil])
        #expect(others == [Self.frame, Self.frame])
        #expect(own.isEmpty)
    }

    @Test("Deleted and made again, down and up: each shows, and the socket follows", arguments: engines)
    func interfaceComesAndGoes(engine: PortEngine) async throws {
        let namespace = NetworkNamespace()
        let port = try await namespace.run {
            try Shared(PacketSocketPort(.init(name: "1", interface: "one", engine: engine)))
        }
        #expect(port.value.state == .absent("there is no interface one"))
        #expect(port.value.pollDescriptor == nil && port.value.macAddress == nil)
        #expect(port.value.send([Self.frame]) == [.portDown])
        func maintained() async throws -> PortState {
            try await namespace.run {
                port.value.maintain()
                return port.value.state
            }
        }
        var macs: Set<MACAddress?> = []
        for _ in 0..<2 {
            namespace.ip("link add one mtu 1400 type veth peer name two mtu 1400")
            #expect(try await maintained() == .down)
            namespace.ip("link set one up")
            namespace.ip("link set two up")
            #expect(try await maintained() == .up)
            #expect(port.value.mtu == 1400)
            macs.insert(port.value.macAddress)
            let exchanged = try await namespace.run {
                let other = try PacketSocketPort(.init(name: "2", interface: "two"))
                let sent = other.send([Self.frame]) + port.value.send([Self.frame])
                return sent == [nil, nil] && port.value.collect(1, where: Self.isExperiment) == [Self.frame]
                    && other.collect(1, where: Self.isExperiment) == [Self.frame]
            }
            #expect(exchanged)
            namespace.ip("link set one down")
            #expect(port.value.send([Self.frame]) == [.portDown], "the kernel's own word, before maintain()")
            #expect(try await maintained() == .down)
            #expect(port.value.send([Self.frame]) == [.portDown])
            namespace.ip("link del one")
            #expect(port.value.received().isEmpty)
            #expect(port.value.state != .up)
            #expect(try await maintained() == .absent("there is no interface one"))
        }
        #expect(macs.count == 2 && !macs.contains(nil), "each interface has its own address")
    }

    @Test(
        "A frame that fits neither slot nor link is counted, and those around it pass", arguments: engines)
    func oversizedFrames(engine: PortEngine) async throws {
        let namespace = NetworkNamespace()
        namespace.ip("link add one type veth peer name two")
        for name in ["one", "two"] { namespace.ip("link set \(name) up") }
        let long = Self.frame + [UInt8](repeating: 7, count: 1_600)
        let (sent, kinds) = try await namespace.run {
            let one = try PacketSocketPort(.init(name: "1", interface: "one"))
            let two = try PacketSocketPort(.init(name: "2", interface: "two", engine: engine))
            let sent = one.send([
                Self.frame, long, Array(Self.frame[..<14]), [1, 2, 3], Array(long[..<1_000]),
            ])
            let vector = PacketVector(slotByteCount: 512)
            var kinds: [Int] = []
            _ = eventually {
                vector.removeAll()
                _ = two.receive(into: vector)
                for index in 0..<vector.count {
                    let isDropped = vector[index].disposition == .dropped
                    if isDropped || Self.isExperiment(Array(vector.frame(index))) {
                        kinds.append(isDropped ? -1 : Int(vector[index].byteCount))
                    }
                }
                return kinds.count >= 2
            }
            return (sent, kinds)
        }
        #expect(sent == [nil, .transmitFailed, nil, .transmitFailed, nil])
        #expect(kinds == [27, -1])
    }

    @Test("The kernel is kept out where it has no address, and left alone, with a warning, where it has one")
    func ownership() async throws {
        let namespace = NetworkNamespace()
        namespace.ip("link add one type veth peer name two")
        namespace.execute("sysctl -qw net.ipv4.ip_forward=1")
        namespace.ip("addr add 10.6.0.1/24 dev two")
        namespace.ip("addr add 2001:db8:6::1/64 dev two nodad")
        let warnings = try await namespace.run {
            var warnings: [String] = []
            for name in ["one", "two"] {
                _ = try PacketSocketPort(.init(name: name, interface: name)) { warnings.append($0) }
            }
            return warnings
        }
        func setting(_ path: String) -> String { namespace.execute("cat /proc/sys/net/\(path)").trimmed }
        #expect(warnings.count == 1)
        #expect(
            warnings.first?.hasPrefix("interface two: the kernel has 10.6.0.1, 2001:db8:6::1 there") == true)
        #expect(setting("ipv4/conf/one/forwarding") == "0")
        #expect(setting("ipv6/conf/one/disable_ipv6") == "1")
        #expect(setting("ipv4/conf/two/forwarding") == "1")
        #expect(setting("ipv6/conf/two/disable_ipv6") == "0")
    }

    @Test("Frames that the kernel had no room for are known", arguments: engines)
    func kernelDropsAreCounted(engine: PortEngine) async throws {
        let namespace = NetworkNamespace()
        namespace.ip("link add one type veth peer name two")
        for name in ["one", "two"] { namespace.ip("link set \(name) up") }
        let (received, dropped) = try await namespace.run {
            let one = try PacketSocketPort(.init(name: "1", interface: "one"))
            let two = try PacketSocketPort(
                .init(name: "2", interface: "two", bufferByteCount: 4096, engine: engine))
            let frames = [[UInt8]](repeating: Self.frame + [UInt8](repeating: 1, count: 1_400), count: 200)
            _ = one.send(frames)
            return (two.collect(1_000, where: Self.isExperiment).count, two.kernelDrops)
        }
        #expect(received < 200)
        #expect(received + Int(dropped) >= 200)
    }

    @Test("What lay in a ring when its interface went is counted as lost")
    func ringGoes() async throws {
        let namespace = NetworkNamespace()
        namespace.ip("link add one type veth peer name two")
        for name in ["one", "two"] { namespace.ip("link set \(name) up") }
        let (engine, drops) = try await namespace.run {
            let one = try PacketSocketPort(.init(name: "1", interface: "one"))
            let two = try PacketSocketPort(.init(name: "2", interface: "two"))
            let engine = two.engine
            _ = one.send([[UInt8]](repeating: Self.frame, count: 5))
            namespace.ip("link del two")
            two.maintain()
            return (engine, two.statistics.kernelDrops)
        }
        #expect(engine == .ring)
        #expect(drops >= 5, "and what the kernel itself has said on the link")
    }

    @Test("An interface without Ethernet addresses is no port")
    func otherInterfaces() async throws {
        let namespace = NetworkNamespace()
        let state = try await namespace.run {
            let tun = try TUNPort(.init(name: "t", interface: "tun0"))
            _ = tun
            return try PacketSocketPort(.init(name: "1", interface: "tun0")).state
        }
        #expect(state == .absent("interface tun0 is no Ethernet interface"))
    }
}
