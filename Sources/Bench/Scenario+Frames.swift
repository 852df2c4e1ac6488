import Packets
import Wire

extension Scenario {
    /// The frame of a session's packets as they come in, without check sequence.
    func frame(_ session: Int) -> [UInt8] {
        let tunnel = plan.tunnel(session)
        let port = Int(self.port)
        var frame = FrameBytes()
        func ethernet(_ type: EtherType) {
            frame.appendEthernet(to: AddressPlan.ownMAC[port], from: AddressPlan.nextHopMAC[port], type)
        }
        switch `case` {
        case .push, .encapsulate: ethernet(.ipv4)
        case .push6: ethernet(.ipv6)
        case .pop:
            ethernet(.mpls)
            frame.append(labels: [plan.pathLabel(received: tunnel), plan.userLabel(received: session)])
        case .swap:
            ethernet(.mpls)
            frame.append(labels: [plan.transitLabel(received: session)])
        case .decapsulate:
            ethernet(.ipv4)
            frame.appendIPv4(
                .ipv4, from: plan.remote(tunnel), to: AddressPlan.own, payloadByteCount: innerByteCount)
        }
        appendPacket(session, to: &frame)
        return frame.bytes
    }

    private func appendPacket(_ session: Int, to frame: inout FrameBytes) {
        let payloadByteCount = innerByteCount - (`case`.isIPv6 ? 40 : 20)
        if `case`.isIPv6 {
            let (subscriber, service) = (plan.subscriber6(session), plan.serviceAddress6(session))
            frame.appendIPv6(.udp, from: subscriber, to: service, payloadByteCount: payloadByteCount)
        } else {
            let (subscriber, service) = (plan.subscriber(session), plan.serviceAddress(session))
            frame.appendIPv4(
                .udp, from: `case`.isUp ? subscriber : service, to: `case`.isUp ? service : subscriber,
                payloadByteCount: payloadByteCount)
        }
        let ports = (AddressPlan.subscriberPort, AddressPlan.servicePort)
        frame.appendUDP(
            from: `case`.isUp ? ports.0 : ports.1, to: `case`.isUp ? ports.1 : ports.0,
            payloadByteCount: payloadByteCount - 8)
        frame.append(zeros: payloadByteCount - 8)
    }
}

/// The frames of a scenario, of which only the headers differ: those of each session stand in cache lines of their own,
/// what lies behind them is zero.
final class FrameStore {
    private static let headByteCount = 96

    private let heads: UnsafeMutableRawPointer
    private let stride: Int
    private let headByteCount: Int
    let byteCount: Int

    init(_ scenario: Scenario) {
        byteCount = scenario.frame(0).count
        headByteCount = min(byteCount, Self.headByteCount)
        stride = (headByteCount + 63) & ~63
        heads = .allocate(byteCount: stride * scenario.plan.sessionCount, alignment: 64)
        for session in 0..<scenario.plan.sessionCount {
            scenario.frame(session).withUnsafeBytes {
                (heads + session * stride).copyMemory(from: $0.baseAddress!, byteCount: headByteCount)
            }
        }
    }

    deinit { heads.deallocate() }

    /// Puts a session's frame into the vector, whose slots beyond the headers are zero from the beginning and stay so.
    func append(_ session: Int, to vector: PacketVector) {
        vector.nextFrame.baseAddress?.copyMemory(from: heads + session * stride, byteCount: headByteCount)
        vector.append(byteCount: byteCount, timestamp: 0)
    }
}
