import CLinux
import Glibc
import Packets
import Ports
import Testbed
import Testing
import Wire

@Suite("Interfaces of several queues", .enabled(if: mayMakeInterfaces, "needs root and /dev/net/tun"))
struct QueueTests {
    private static let routes = [IPPrefix("198.51.100.0/24")!]
    private static let macs = (MACAddress(rawValue: 0x0200_0000_0001), MACAddress(rawValue: 0x0200_0000_0002))

    private static func tun(_ queueCount: Int) -> TUNPort.Configuration {
        TUNPort.Configuration(
            name: "t", interface: "wl-queues", addresses: [InterfaceAddress("10.9.0.1/24")!], routes: routes,
            queueCount: queueCount)
    }

    /// Sixteen flows, three frames of each, as an interface may bring them.
    private static func flows(_ framed: (Datagram) -> [UInt8]) -> [[UInt8]] {
        (0..<48).map { number in
            framed(Datagram.udp("10.1.0.\(number % 16 + 1)", "198.51.100.7", byteCount: 20))
        }
    }

    /// By the last octet of the sender's address, the queues that a flow came by.
    private static func queues(
        _ received: [[[UInt8]]], _ sender: ([UInt8]) -> UInt8?
    ) -> [UInt8: Set<Int>] {
        var queues: [UInt8: Set<Int>] = [:]
        for (queue, frames) in received.enumerated() {
            for frame in frames { if let flow = sender(frame) { queues[flow, default: []].insert(queue) } }
        }
        return queues
    }

    @Test("CD-1 a flow of a TUN stays on one of its queues, and all queues send")
    func tun() async throws {
        let namespace = NetworkNamespace()
        let (received, sent, again) = try await namespace.run {
            let port = try TUNPort(Self.tun(2))
            let queues: [any PacketPort] = [port] + port.furtherQueues
            // Whatever is opened by one alone is taken as it is.
            for source in 1...24 {
                for _ in 0..<2 {
                    namespace.execute(
                        "bash -c 'exec 3<>/dev/udp/198.51.100.\(source)/9; echo x >&3; echo y >&3'")
                }
            }
            let received = queues.map { queue in
                var frames: [[UInt8]] = []
                while case let more = queue.received(), !more.isEmpty { frames += more.compactMap { $0 } }
                return frames.filter { $0.count > 20 && $0[9] == 17 }
            }
            let packet = Datagram.udp("198.51.100.7", "10.9.0.1").bytes
            let sent = queues.flatMap { $0.send([packet]) }
            return (received, sent, queues.map(\.state))
        }
        #expect(received.joined().count == 96 && sent == [nil, nil] && again == [.up, .up])
        // Source port and destination make a flow.
        var queuesOfFlow: [[UInt8]: Set<Int>] = [:]
        for (queue, frames) in received.enumerated() {
            for frame in frames { queuesOfFlow[Array(frame[16..<24]), default: []].insert(queue) }
        }
        #expect(queuesOfFlow.values.allSatisfy { $0.count == 1 })
        #expect(Set(queuesOfFlow.values.joined()) == [0, 1])
    }

    @Test("CD-1 an interface that was made for one queue, or for many, is taken as it is")
    func otherMake() async throws {
        let namespace = NetworkNamespace()
        let warnings = try await namespace.run {
            _ = try TUNPort(Self.tun(1))
            var warnings: [String] = []
            let port = try TUNPort(Self.tun(2)) { warnings.append($0) }
            #expect(port.furtherQueues.isEmpty && port.state == .up)
            return warnings
        }
        #expect(warnings.count == 1 && warnings[0].contains("made for one queue"))
        namespace.ip("link delete wl-queues")
        let states = try await namespace.run {
            let first = try TUNPort(Self.tun(3)).furtherQueues.map(\.state)
            return first + [try TUNPort(Self.tun(1)).state]
        }
        #expect(states == [.up, .up, .up])
    }

    @Test("CD-1 further queues of a TAP come back with it")
    func comingBack() async throws {
        let namespace = NetworkNamespace()
        let states = try await namespace.run {
            let port = try TAPPort(.init(name: "t", interface: "wl-queues", queueCount: 2))
            let queues: [any PacketPort] = [port] + port.furtherQueues
            namespace.ip("link delete wl-queues")
            for queue in queues { _ = queue.received() }
            let gone = queues.map { $0.state == .up }
            // Whichever is first.
            for queue in queues.reversed() { queue.maintain() }
            for queue in queues { queue.maintain() }
            return (gone, queues.map(\.state))
        }
        #expect(states.0 == [false, false] && states.1 == [.up, .up])
    }

    /// How frames may be wrapped, and where their inner IP header begins.
    private static let wraps: [(String, Int, @Sendable (Datagram) -> [UInt8])] = [
        ("plain", 14, { Frame(to: macs.0, from: macs.1, $0).bytes }),
        ("tagged", 18, { Frame(to: macs.0, from: macs.1, tags: [5], $0).bytes }),
        ("tagged twice", 22, { Frame(to: macs.0, from: macs.1, tags: [5, 6], $0).bytes }),
        ("under one label", 18, { labelled([1], $0) }),
        ("under two labels", 22, { labelled([1, 2], $0) }),
        ("under four labels", 30, { labelled([1, 2, 3, 4], $0) }),
        (
            "in IP", 34,
            {
                Frame(
                    to: macs.0, from: macs.1,
                    Datagram(IPAddress("10.0.0.1")!, IPAddress("10.0.0.2")!, .ipv4, $0.bytes)
                ).bytes
            }
        ),
        (
            "in IPv6", 54,
            {
                Frame(
                    to: macs.0, from: macs.1,
                    Datagram(IPAddress("2001:db8::1")!, IPAddress("2001:db8::2")!, .ipv4, $0.bytes)
                ).bytes
            }
        ),
        (
            "in MPLS in UDP", 46,
            {
                let inner = stack([7]) + $0.bytes
                let header: [UInt8] = [0xc0, 1, 0x19, 0xeb, 0, UInt8(8 + inner.count), 0, 0]
                return Frame(
                    to: macs.0, from: macs.1,
                    Datagram(IPAddress("10.0.0.1")!, IPAddress("10.0.0.2")!, .udp, header + inner)
                ).bytes
            }
        ),
    ]

    private static func stack(_ labels: [UInt32]) -> [UInt8] {
        labels.enumerated().flatMap { place, label -> [UInt8] in
            let entry = label << 12 | (place == labels.count - 1 ? 0x100 : 0) | 64
            return [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: entry >> $0) }
        }
    }

    private static func labelled(_ labels: [UInt32], _ datagram: Datagram) -> [UInt8] {
        Frame(to: macs.0, from: macs.1, .mpls, stack(labels) + datagram.bytes).bytes
    }

    @Test(
        "CD-1 a flow stays with one of an interface's sockets, however it is wrapped; each frame comes once",
        arguments: wraps.indices)
    func fanout(wrap: Int) async throws {
        let (name, offset, framed) = Self.wraps[wrap]
        let namespace = NetworkNamespace()
        namespace.ip("link add one type veth peer name two")
        for name in ["one", "two"] { namespace.ip("link set \(name) up") }
        let sent = Self.flows(framed)
        let received = try await namespace.run {
            let port = try PacketSocketPort(
                .init(name: "2", interface: "two", macAddress: Self.macs.0, queueCount: 2))
            let one = try PacketSocketPort(.init(name: "1", interface: "one", offload: false))
            let queues: [any PacketPort] = [port] + port.furtherQueues
            let outcomes = one.send(sent)
            precondition(outcomes.allSatisfy { $0 == nil })
            var received: [[[UInt8]]] = [[], []]
            _ = eventually {
                for (number, queue) in queues.enumerated() {
                    received[number] += queue.received().compactMap { $0 }.filter {
                        $0.count >= offset + 20 && $0[6..<12].elementsEqual(sent[0][6..<12])
                    }
                }
                return received.joined().count >= sent.count
            }
            return received
        }
        func sorted(_ frames: [[UInt8]]) -> [[UInt8]] { frames.sorted { $0.lexicographicallyPrecedes($1) } }
        #expect(sorted(Array(received.joined())) == sorted(sent), "\(name)")
        let queues = Self.queues(received) { $0[offset + 15] }
        #expect(queues.count == 16 && queues.values.allSatisfy { $0.count == 1 }, "\(name): \(queues)")
        #expect(Set(queues.values.joined()) == [0, 1], "\(name): all on one")
    }
}
