import Glibc
import Packets
import Ports
import Testbed
import Testing
import Wire

@Suite("CD-3 live capture", .enabled(if: mayMakeInterfaces, "needs root and /dev/net/tun"))
struct CapturePortTests {
    private static func frame(etherType: UInt8, _ text: String) -> [UInt8] {
        [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 9, 0x88, etherType] + Array(text.utf8)
    }
    private static let wanted = frame(etherType: 0xb5, "wanted")
    private static let unwanted = frame(etherType: 0xb6, "unwanted")

    @Test("What comes in and fits the filter is captured, with the time; nothing can be sent")
    func captures() async throws {
        let namespace = NetworkNamespace()
        namespace.ip("link add one type veth peer name two")
        for name in ["one", "two"] { namespace.ip("link set \(name) up") }
        let (frames, own, sent, age) = try await namespace.run {
            let one = try PacketSocketPort(.init(name: "1", interface: "one"))
            let here = try CapturePort(.init(name: "h", interface: "one", filter: "ether proto 0x88b5"))
            let there = try CapturePort(.init(name: "t", interface: "two", filter: "ether proto 0x88b5"))
            _ = one.send([Self.unwanted, Self.wanted])
            let vector = PacketVector()
            _ = eventually { there.receive(into: vector) > 0 }
            var now = timespec()
            clock_gettime(CLOCK_REALTIME, &now)
            let age = Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec) - Int64(vector[0].timestamp)
            let frames = (0..<vector.count).map { Array(vector.frame($0)) }
            return (frames, here.received(), there.send([Self.wanted]), age)
        }
        #expect(frames == [Self.wanted])
        #expect(own.isEmpty, "what this host sends isn't captured")
        #expect(sent == [.portDown])
        #expect((0..<5_000_000_000).contains(age))
    }

    @Test("A TUN is captured as raw IP")
    func rawIP() async throws {
        let namespace = NetworkNamespace()
        let link = try await namespace.run {
            let tun = try TUNPort(.init(name: "t", interface: "tun0"))
            return withExtendedLifetime(tun) { try? CapturePort(.init(name: "c", interface: "tun0")).link }
        }
        #expect(link == .ip)
    }

    @Test("An interface that isn't there is waited for, and followed when it goes")
    func comesAndGoes() async throws {
        let namespace = NetworkNamespace()
        let port = try await namespace.run { try Shared(CapturePort(.init(name: "c", interface: "two"))) }
        guard case .absent(let reason) = port.value.state else {
            Issue.record("\(port.value.state)")
            return
        }
        #expect(reason.hasPrefix("interface two: can't capture from it: "))
        #expect(port.value.pollDescriptor == nil)
        for _ in 0..<2 {
            namespace.ip("link add one type veth peer name two")
            for name in ["one", "two"] { namespace.ip("link set \(name) up") }
            let frames = try await namespace.run {
                port.value.maintain()
                _ = try PacketSocketPort(.init(name: "1", interface: "one")).send([Self.wanted])
                return port.value.collect(1) { $0.count > 13 && $0[12] == 0x88 }
            }
            #expect(frames == [Self.wanted])
            #expect(port.value.state == .up)
            namespace.ip("link del one")
            try await namespace.run {
                _ = port.value.received()
                port.value.maintain()
            }
            #expect(port.value.pollDescriptor == nil)
        }
    }

    @Test("A filter with an error is refused, with libpcap's reason, before the interface is there")
    func badFilter() {
        let error = #expect(throws: InterfaceError.self) {
            try CapturePort(.init(name: "c", interface: "nowhere", filter: "tcp port and"))
        }
        #expect(error?.interface == "nowhere")
        #expect(error?.action == "filter by \"tcp port and\"")
        #expect(error?.reason.contains("syntax error") == true)
        #expect(error?.isPermanent == true)
    }
}
