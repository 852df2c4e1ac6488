import Glibc
import Packets
import Testbed
import Testing
import Wire

@testable import Ports

/// Packets with wrong checksums that the kernel in there has counted.
func checksumErrors(in host: NetworkNamespace) -> String {
    host.execute("cat /proc/net/snmp /proc/net/snmp6").split(separator: "\n").filter {
        ($0.hasPrefix("Udp6InCsumErrors") || $0.hasPrefix("Icmp6InCsumErrors")) && !$0.hasSuffix("\t0")
    }.joined() + columns(host.execute("cat /proc/net/snmp"), named: ["InCsumErrors", "InHdrErrors"])
}

/// The numbers above zero of a table as in /proc/net/snmp: a line of names, then a line of numbers.
private func columns(_ table: String, named names: [String]) -> String {
    let lines = table.split(separator: "\n").map { $0.split(separator: " ") }
    var found = ""
    for index in stride(from: 0, to: lines.count - 1, by: 2) {
        for (name, number) in zip(lines[index], lines[index + 1]) where names.contains(String(name)) {
            if number != "0" { found += "\(lines[index][0]) \(name) \(number)\n" }
        }
    }
    return found
}

@Suite(
    "Superframes through ports", .serialized,
    .enabled(if: mayMakeInterfaces, "needs root and /dev/net/tun"))
struct SuperframePassageTests {
    private static let ways = [Patch.Medium.tun, .tap].flatMap { medium in
        ["10.7.0.1", "2001:db8:7::1"].map { (medium, $0) }
    }

    @Test(
        "TCP passes whole in superframes both ways, and the kernel finds no checksum wrong", arguments: ways)
    func tcp(medium: Patch.Medium, address: String) async throws {
        let patch = Patch(medium)
        let folder = ScratchFolder()
        let capture = folder.file("sent.pcap")
        let result = try await patch.pass(
            capture: capture, hostA: script("serve", address), hostB: script("fetch", address))
        #expect(result.outputB.hasPrefix("8000000 "))
        #expect(result.outputB == result.outputA)
        #expect(result.longestByteCount == (medium == .tun ? 1500 : 1514))
        #expect(result.superframeCount > 20 && result.sentSuperframeCount > 20)
        #expect(result.transmitFailures == 0)
        #expect(framesAtFault(in: capture) == "")
        #expect(checksumErrors(in: patch.hostA) + checksumErrors(in: patch.hostB) == "")
    }

    @Test(
        "Many flows pass whole through loss and disorder",
        arguments: ways + [(.veth, "10.7.0.1"), (.veth, "2001:db8:7::1")])
    func manyFlows(medium: Patch.Medium, address: String) async throws {
        let patch = Patch(medium, weather: Patch.Weather(lossInterval: 211, disorderInterval: 97))
        let folder = ScratchFolder()
        let result = try await patch.pass(
            capture: folder.file("sent.pcap"), hostA: script("serve-many", address),
            hostB: script("fetch-many", address))
        #expect(result.outputB.hasPrefix("['500000 "))
        #expect(result.outputB == result.outputA)
        #expect(result.superframeCount > 20 && result.sentSuperframeCount > 20)
        #expect(checksumErrors(in: patch.hostA) + checksumErrors(in: patch.hostB) == "")
    }

    @Test("UDP superframes become datagrams, and superframes again", arguments: ways)
    func udp(medium: Patch.Medium, address: String) async throws {
        let patch = Patch(medium)
        let folder = ScratchFolder()
        let capture = folder.file("sent.pcap")
        let other = address == "10.7.0.1" ? "10.7.0.2" : "2001:db8:7::2"
        let result = try await patch.pass(
            capture: capture, hostA: script("datagrams", other), hostB: script("listen", other))
        #expect(result.outputB == "1001 \(result.outputA)")
        #expect(result.superframeCount >= 20 && result.sentSuperframeCount >= 20)
        #expect(framesAtFault(in: capture) == "")
        #expect(checksumErrors(in: patch.hostB) == "")
    }

    /// Every engine with offload and without, but for what the other tests do, which is the default.
    @Test(
        "TCP passes whole by every engine, with offload and without",
        arguments: [
            (.tun, .readWrite, true), (.tap, .readWrite, true), (.veth, .mmsg, true), (.tun, .ioUring, false),
            (.tap, .ioUring, false), (.tun, .readWrite, false), (.tap, .readWrite, false),
            (.veth, .ring, false), (.veth, .mmsg, false),
        ] as [(Patch.Medium, PortEngine, Bool)])
    func engines(medium: Patch.Medium, engine: PortEngine, offload: Bool) async throws {
        let patch = Patch(medium, offload: offload, engine: engine)
        let folder = ScratchFolder()
        let result = try await patch.pass(
            capture: folder.file("sent.pcap"), hostA: script("serve", "10.7.0.1"),
            hostB: script("fetch", "10.7.0.1"))
        #expect(result.outputB.hasPrefix("8000000 "))
        #expect(result.outputB == result.outputA)
        #expect((result.superframeCount > 20) == (offload || medium == .veth))
        #expect((result.sentSuperframeCount > 20) == offload)
        #expect(result.transmitFailures == 0)
        #expect(checksumErrors(in: patch.hostA) + checksumErrors(in: patch.hostB) == "")
    }

    @Test("A packet with a wrong checksum among others of its flow is left for the kernel to find")
    func wrongChecksum() async throws {
        let namespace = NetworkNamespace()
        let port = try await namespace.run {
            try Shared(
                TUNPort(
                    .init(
                        name: "a", interface: "wl-access0", addresses: [InterfaceAddress("198.51.100.2/24")!],
                        routes: [IPPrefix("192.0.2.0/24")!])))
        }
        var packets = [FlowPacket()]
        for _ in 0..<4 { packets.append(packets[packets.count - 1].next()) }
        packets[2].hasGoodChecksum = false
        #expect(port.value.send(packets.map(\.bytes)) == [nil, nil, nil, nil, nil])
        #expect(port.value.statistics.sentSuperframes == 2)
        #expect(eventually { checksumErrors(in: namespace) == "Tcp: InCsumErrors 1\n" })
    }

    @Test(
        "Tagged packets of a flow leave as a superframe, whether the kernel or a port has to cut it up",
        arguments: ["on", "off"], [[0x81, 0, 0, 5], [0x88, 0xa8, 0, 6, 0x81, 0, 0, 5]] as [[UInt8]])
    func tagged(transmitOffload: String, tags: [UInt8]) async throws {
        let namespace = NetworkNamespace()
        namespace.ip("link add left type veth peer name right")
        for end in ["left", "right"] { namespace.ip("link set \(end) up") }
        namespace.execute("ethtool -K left tx \(transmitOffload)")
        let ports = try await namespace.run {
            try ["left", "right"].map { end in
                try Shared(PacketSocketPort(.init(name: end, interface: end)))
            }
        }
        for first in [FlowPacket(), FlowPacket(source: "2001:db8::1", destination: "2001:db8:a::2")] {
            var packets = [first]
            packets[0].payload = [UInt8](repeating: 7, count: 1200)
            for number: UInt8 in 1..<5 {
                packets.append(
                    packets[packets.count - 1].next(payload: [UInt8](repeating: number, count: 1200)))
            }
            let etherType: [UInt8] = first.source.contains(":") ? [0x86, 0xdd] : [8, 0]
            let frames = packets.map { FlowPacket.ethernetIPv4[..<12] + tags + etherType + $0.bytes }
            let sentBefore = ports[0].value.statistics.sentSuperframes
            let receivedBefore = ports[1].value.statistics.superframes
            #expect(ports[0].value.send(frames) == [nil, nil, nil, nil, nil])
            #expect(ports[0].value.statistics.sentSuperframes == sentBefore + 1)
            var received: [[UInt8]?] = []
            #expect(
                eventually {
                    received += ports[1].value.received().filter { $0.map { $0.count > 1000 } ?? true }
                    return received.count >= frames.count
                })
            #expect(received == frames)
            let cutCount = ports[1].value.statistics.superframes - receivedBefore
            #expect(cutCount == (transmitOffload == "on" ? 1 : 0))
        }
    }

    @Test("What is in force is said; where it was switched off, what it had been before isn't")
    func inForce() async throws {
        let namespace = NetworkNamespace()
        func offloads(_ offload: Bool) async throws -> [PortOffloads] {
            try await namespace.run {
                [
                    try TUNPort(.init(name: "a", interface: "wl-access0", offload: offload)).offloads,
                    try TAPPort(.init(name: "c", interface: "wl-core0", offload: offload)).offloads,
                ]
            }
        }
        func features(_ interface: String) -> [String] {
            namespace.execute("ethtool -k \(interface)").split(separator: "\n").filter {
                $0.contains("tcp-segmentation-offload: on") || $0.contains("tx-udp-segmentation: on")
            }.map { String($0) }
        }
        #expect(
            try await offloads(true) == [
                [.checksum, .segmentation, .coalescing], [.checksum, .segmentation, .coalescing],
            ])
        #expect(!features("wl-access0").isEmpty)
        #expect(try await offloads(false) == [[], []])
        #expect(features("wl-access0") == [] && features("wl-core0") == [])
    }

    @Test("A kernel that refuses superframes is asked no more; what it refused is sent packet by packet")
    func refusal() {
        let vector = PacketVector()
        var packets = [FlowPacket()]
        for _ in 0..<3 { packets.append(packets[packets.count - 1].next()) }
        func fill() {
            vector.removeAll()
            for packet in packets { packet.bytes.withUnsafeBytes { vector.append($0, timestamp: 0) } }
        }
        func transmit(_ buffer: TunSendBuffer, to descriptor: Int32) {
            let selection = packets.indices.map { UInt8($0) }
            selection.withUnsafeBufferPointer {
                buffer.transmit(vector, selection: $0, to: descriptor, hasHeaders: true)
            }
        }
        let buffer = TunSendBuffer(link: .ip)
        buffer.offered = [.tcp, .udp]
        // The kernel says EINVAL to whatever isn't a number.
        let numbers = open("/proc/self/oom_score_adj", O_WRONLY)
        defer { close(numbers) }
        fill()
        transmit(buffer, to: numbers)
        #expect(buffer.refused == .tcp && buffer.joining == .udp && buffer.superframeCount == 0)
        #expect(packets.indices.allSatisfy { vector[$0].dropReason == .transmitFailed })
        #expect(
            buffer.failures.all == [.init(errorNumber: EINVAL, count: 4)], "each has been tried once alone")
        var ends: [Int32] = [0, 0]
        #expect(socketpair(AF_UNIX, Int32(SOCK_SEQPACKET.rawValue), 0, &ends) == 0)
        defer { for end in ends { close(end) } }
        fill()
        transmit(buffer, to: ends[0])
        #expect(packets.indices.allSatisfy { vector[$0].disposition == .forwarded })
        for packet in packets {
            var record = [UInt8](repeating: 0xa5, count: 2000)
            let count = read(ends[1], &record, record.count)
            #expect(Array(record[..<count]) == [UInt8](repeating: 0, count: 10) + packet.bytes)
        }
    }

    @Test("Any other failure of a superframe drops each of its packets, for one reason")
    func failure() {
        let vector = PacketVector()
        let packets = [FlowPacket(), FlowPacket().next()]
        for packet in packets { packet.bytes.withUnsafeBytes { vector.append($0, timestamp: 0) } }
        let buffer = TunSendBuffer(link: .ip)
        buffer.offered = .tcp
        [0, 1].withUnsafeBufferPointer { buffer.transmit(vector, selection: $0, to: -1, hasHeaders: true) }
        #expect([0, 1].map { vector[$0].dropReason } == [.portDown, .portDown])
        #expect(buffer.failures.all == [.init(errorNumber: EBADF, count: 2)])
        #expect(buffer.joining == .tcp)
    }

    @Test("A packet socket is given a superframe as one message, and its failure is that of each packet")
    func messages() {
        let vector = PacketVector()
        var first = FlowPacket()
        first.ethernet = FlowPacket.ethernetIPv4
        let frames = [first, first.next(), first.next().next(payload: [1, 2])].map(\.bytes)
        for frame in frames { frame.withUnsafeBytes { vector.append($0, timestamp: 0) } }
        let buffer = PacketSendBuffer(joining: .tcp)
        [0, 1, 2].withUnsafeBufferPointer { buffer.transmit(vector, selection: $0, to: -1) }
        #expect([0, 1, 2].map { vector[$0].dropReason } == [.portDown, .portDown, .portDown])
        #expect(buffer.failures.all == [.init(errorNumber: EBADF, count: 3)])
        var ends: [Int32] = [0, 0]
        #expect(socketpair(AF_UNIX, Int32(SOCK_SEQPACKET.rawValue), 0, &ends) == 0)
        defer { for end in ends { close(end) } }
        [0, 1, 2].withUnsafeBufferPointer { buffer.transmit(vector, selection: $0, to: ends[0]) }
        #expect([0, 1, 2].allSatisfy { vector[$0].disposition == .forwarded })
        #expect(buffer.superframeCount == 1)
        var record = [UInt8](repeating: 0xa5, count: 2000)
        let count = read(ends[1], &record, record.count)
        #expect(count == OffloadHeader.byteCount + frames[0].count + 100 + 2)
    }
}
