import Glibc
import Packets
import Ports
import Wire

/// A port on which the same frames come again and again, as fast as they are taken, and from which what is sent goes
/// nowhere: one copy each way, as in a ring of buffers.
final class EndlessPort: PacketPort {
    let name: String
    let link: LinkType
    let macAddress: MACAddress?
    let mtu = 1500
    let state = PortState.up
    let pollDescriptor: Int32? = nil
    /// None: nothing comes in.
    var frames: [[UInt8]] = [] {
        didSet {
            ring = []
            stride = ((frames.map(\.count).max() ?? 0) + 63) / 64 * 64
            for frame in frames { ring += frame + [UInt8](repeating: 0, count: stride - frame.count) }
            lengths = frames.map(\.count)
            next = 0
        }
    }
    /// The frames, one behind the other, as in a ring of buffers.
    private var ring: [UInt8] = []
    private var stride = 0
    private var lengths: [Int] = []
    private(set) var sentCount = 0
    private var next = 0
    private var sent = [UInt8](repeating: 0, count: 2048)

    init(name: String, link: LinkType, macAddress: MACAddress?) {
        self.name = name
        self.link = link
        self.macAddress = macAddress
    }

    func receive(into vector: PacketVector) -> Int {
        guard !lengths.isEmpty else { return 0 }
        let count = vector.limit - vector.count
        let now = Clock.now
        ring.withUnsafeBytes { ring in
            for _ in 0..<count {
                vector.append(
                    UnsafeRawBufferPointer(rebasing: ring[next * stride..<next * stride + lengths[next]]),
                    timestamp: now)
                next += 1
                if next == lengths.count { next = 0 }
            }
        }
        return count
    }

    func transmit(_ vector: PacketVector, selection: UnsafeBufferPointer<UInt8>) {
        for index in selection {
            sent.withUnsafeMutableBytes {
                $0.copyMemory(from: UnsafeRawBufferPointer(vector.frame(Int(index))))
            }
            vector[Int(index)].disposition = .forwarded
        }
        sentCount += selection.count
    }

    func maintain() {}
}

/// Clocks, in nanoseconds.
enum Clock {
    /// The one that packets are stamped by, as a live port's are.
    static var now: UInt64 { read(CLOCK_MONOTONIC) }
    /// What this thread has run for: whoever else uses the processor doesn't count.
    static var spent: UInt64 { read(CLOCK_THREAD_CPUTIME_ID) }

    private static func read(_ clock: clockid_t) -> UInt64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
