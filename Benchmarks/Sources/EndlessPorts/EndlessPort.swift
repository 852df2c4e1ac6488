import Glibc
public import Packets
public import Ports
public import Wire

/// A port on which the same frames come again and again, as fast as they are taken, and from which what is sent goes
/// nowhere: one copy each way, as in a ring of buffers.
public final class EndlessPort: PacketPort {
    public let name: String
    public let link: LinkType
    public let macAddress: MACAddress?
    public let mtu = 1500
    public let state = PortState.up
    public let pollDescriptor: Int32? = nil
    /// None: nothing comes in.
    public var frames: [[UInt8]] = [] {
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
    public private(set) var sentCount = 0
    private var next = 0
    private var sent = [UInt8](repeating: 0, count: 2048)

    public init(name: String, link: LinkType, macAddress: MACAddress?) {
        self.name = name
        self.link = link
        self.macAddress = macAddress
    }

    public func receive(into vector: PacketVector) -> Int {
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

    public func transmit(_ vector: PacketVector, selection: UnsafeBufferPointer<UInt8>) {
        for index in selection {
            sent.withUnsafeMutableBytes {
                $0.copyMemory(from: UnsafeRawBufferPointer(vector.frame(Int(index))))
            }
            vector[Int(index)].disposition = .forwarded
        }
        sentCount += selection.count
    }

    public func maintain() {}
}

/// Clocks, in nanoseconds.
public enum Clock {
    /// The one that packets are stamped by, as a live port's are.
    public static var now: UInt64 { read(CLOCK_MONOTONIC) }
    /// What this thread has run for: whoever else uses the processor doesn't count.
    public static var spent: UInt64 { read(CLOCK_THREAD_CPUTIME_ID) }

    private static func read(_ clock: clockid_t) -> UInt64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
