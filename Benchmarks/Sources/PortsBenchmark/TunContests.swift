import Glibc
import Ports
import PortsReference
import Wire

/// Packets of one host's stack that go out of a TUN there, through the edge, and into a TUN or TAP of another host.
struct TunContests {
    private let seconds: Double
    private let sender = ref_namespace()
    private let receiver = ref_namespace()

    private static let service: UInt32 = 0x0a02_0001

    init(seconds: Double) {
        self.seconds = seconds
        _ = ref_sink()
    }

    /// - Parameter pushes: whether two labels are pushed on the way, into a TAP.
    func contest(byteCount: Int, pushes: Bool) throws -> Contest {
        let interface = pushes ? "bench-tap" : "bench-tun"
        // Makes the interfaces, so that C finds them.
        _ = try open(.readWrite, offload: false, pushes: pushes)
        func reference(
            _ name: String, _ forward: @escaping (Int32, Int32, Bool, Double) -> UInt64
        ) -> Contest.Contender {
            .init(name: name) {
                ref_enter(sender)
                let from = ref_tun_open("bench-in", false)
                ref_enter(receiver)
                let to = ref_tun_open(interface, pushes)
                defer {
                    close(from)
                    close(to)
                }
                return round(byteCount) { forward(from, to, pushes, seconds) }
            }
        }
        func own(_ engine: PortEngine, offload: Bool) -> Contest.Contender {
            .init(name: engine.rawValue + (offload ? ", offload" : "")) {
                let edge = try open(engine, offload: offload, pushes: pushes)
                return round(byteCount) { edge.run(seconds: seconds) }
            }
        }
        return Contest(
            name: pushes ? "push" : "tun", byteCount: byteCount,
            contenders: [
                reference("C, io_uring", ref_forward_ring), own(.ioUring, offload: false),
                own(.ioUring, offload: true), reference("C, read and write", ref_forward_calls),
                own(.readWrite, offload: false),
            ])
    }

    private func round(_ byteCount: Int, _ forward: () -> UInt64) -> Contest.Round {
        let generator = ref_send_datagrams(sender, Self.service, Int32(byteCount))
        let begin = ref_now()
        let packets = forward()
        let round = Contest.Round(packets: packets, seconds: ref_now() - begin)
        _ = ref_stop(generator)
        return round
    }

    private func open(_ engine: PortEngine, offload: Bool, pushes: Bool) throws -> Edge {
        ref_enter(sender)
        let access = try TUNPort(
            .init(
                name: "access0", interface: "bench-in", addresses: [InterfaceAddress("10.1.0.5/24")!],
                routes: [IPPrefix("10.2.0.0/24")!], offload: offload, engine: engine))
        ref_enter(receiver)
        let mac = MACAddress(rawValue: 0x02_0000_0000_01)
        let network: any PacketPort =
            pushes
            ? try TAPPort(
                .init(
                    name: "core0", interface: "bench-tap", macAddress: mac, offload: offload, engine: engine))
            : try TUNPort(
                .init(
                    name: "core0", interface: "bench-tun", addresses: [InterfaceAddress("10.2.0.1/24")!],
                    offload: offload, engine: engine))
        let core =
            pushes
            ? "tap: bench-tap, mac: \"\(mac)\", addresses: [10.0.0.1/30], "
                + "neighbours: { 10.0.0.2: \"02:00:00:00:00:02\" }" : "tun: bench-tun"
        return try Edge(
            exchange: """
                  access0: { tun: bench-in, role: access }
                  core0: { \(core), role: network }
                """, hasLabels: pushes, opened: [access, network])
    }
}
