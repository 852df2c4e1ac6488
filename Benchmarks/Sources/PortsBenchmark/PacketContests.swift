import Glibc
import Packets
import Ports
import PortsReference
import Wire

/// Frames that come and go by AF_PACKET on a veth, without an edge behind it.
struct PacketContests {
    private let seconds: Double
    private let namespace = ref_namespace()

    init(seconds: Double) {
        self.seconds = seconds
        ref_shell(
            "ip link add bench-0 type veth peer name bench-1; ip link set bench-0 up; ip link set bench-1 up")
    }

    /// The share is of a processor: of C all that its thread has used, of ours what it took to receive what was there.
    /// (Ours looks for more as long as a forwarder does, which is spent whatever comes.)
    func receive(byteCount: Int) -> Contest {
        func own(_ engine: PortEngine) -> Contest.Contender {
            .init(name: engine.rawValue) {
                let port = try PacketSocketPort(.init(name: "in", interface: "bench-1", engine: engine))
                return sent(byteCount) { receiveOwn(port) }
            }
        }
        return Contest(
            name: "receive", byteCount: byteCount,
            contenders: [
                .init(name: "C, TPACKET_V3") {
                    sent(byteCount) {
                        var lost: UInt64 = 0
                        let (begin, used) = (ref_now(), ref_thread_time())
                        let packets = ref_receive_blocks("bench-1", seconds, &lost)
                        let time = ref_now() - begin
                        return Contest.Round(
                            packets: packets, seconds: time, share: (ref_thread_time() - used) / time,
                            lost: lost)
                    }
                }, own(.ring), own(.mmsg),
            ])
    }

    private func sent(_ byteCount: Int, _ receive: () -> Contest.Round) -> Contest.Round {
        let generator = ref_send_frames(namespace, "bench-0", Int32(byteCount))
        defer { _ = ref_stop(generator) }
        return receive()
    }

    private func receiveOwn(_ port: PacketSocketPort) -> Contest.Round {
        let vector = PacketVector()
        var packets: UInt64 = 0
        var busy = 0.0
        let begin = ref_now()
        let drops = port.kernelDrops
        var now = begin
        while now < begin + seconds {
            vector.removeAll()
            let count = port.receive(into: vector)
            let end = ref_now()
            packets += UInt64(count)
            if count > 0 { busy += end - now }
            now = end
        }
        return Contest.Round(
            packets: packets, seconds: now - begin, share: busy / (now - begin),
            lost: port.kernelDrops - drops)
    }

    func transmit(byteCount: Int) -> Contest {
        func own(offload: Bool) -> Contest.Contender {
            .init(name: "sendmmsg" + (offload ? ", offload" : "")) {
                let port = try PacketSocketPort(.init(name: "out", interface: "bench-0", offload: offload))
                return transmitOwn(port, byteCount)
            }
        }
        return Contest(
            name: "transmit", byteCount: byteCount,
            contenders: [
                .init(name: "C, sendmmsg") {
                    let begin = ref_now()
                    let packets = ref_transmit("bench-0", Int32(byteCount), seconds)
                    return Contest.Round(packets: packets, seconds: ref_now() - begin)
                }, own(offload: false), own(offload: true),
            ])
    }

    private func transmitOwn(_ port: PacketSocketPort, _ byteCount: Int) -> Contest.Round {
        let vector = PacketVector()
        var frame: [UInt8] = [2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 8, 8, 0]
        frame += [UInt8](repeating: 0, count: byteCount)
        frame.withUnsafeMutableBytes {
            ref_write_datagram(
                $0.baseAddress! + 14, Int32(byteCount), 0x0a01_0005, 0xc633_640a)
        }
        for _ in 0..<vector.capacity { frame.withUnsafeBytes { vector.append($0, timestamp: 0) } }
        let selection = (0..<vector.capacity).map { UInt8($0) }
        var packets: UInt64 = 0
        let begin = ref_now()
        while ref_now() < begin + seconds {
            selection.withUnsafeBufferPointer { port.transmit(vector, selection: $0) }
            for index in 0..<vector.count where vector[index].disposition == .forwarded { packets += 1 }
        }
        return Contest.Round(packets: packets, seconds: ref_now() - begin)
    }
}
