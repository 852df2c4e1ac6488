import CLinux
import Glibc

/// Receives the packets of one trial on a thread of its own, and knows what came of them.
final class TrialReceiver {
    private static let batch = Int(WL_PROBE_BATCH)
    /// Jumbo frames of 9,018 bytes, and what a device puts before them.
    private static let stride = 9344
    private static let bufferByteCount: Int32 = 64 << 20

    private let interface: TestInterface
    private let descriptor: Int32
    private let area: UnsafeMutablePointer<UInt8>
    private let messages: UnsafeMutablePointer<wl_probe_batch>
    private var magic: UInt32 = 0
    private(set) var arrivals = Arrivals(packetCount: 0)

    init(_ interface: TestInterface) throws(BenchError) {
        self.interface = interface
        descriptor = wl_probe_open_receiver(interface.index, Self.bufferByteCount)
        guard descriptor >= 0 else { throw interface.failure("open a packet socket", -descriptor) }
        area = .allocate(capacity: Self.stride * Self.batch)
        area.initialize(repeating: 0, count: Self.stride * Self.batch)
        messages = .allocate(capacity: 1)
        messages.initialize(to: wl_probe_batch())
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
        area.deallocate()
        messages.deallocate()
    }

    /// Forgets what was, and expects packets 0 up to `count` of the trial with this magic number.
    func expect(count: Int, magic: UInt32) {
        arrivals = Arrivals(packetCount: count)
        self.magic = magic
        _ = wl_probe_drops(descriptor)
    }

    /// Takes in what has come, and waits so many milliseconds if nothing has.
    /// - Returns: whether frames came, of the trial or not.
    func receive(timeoutMilliseconds: Int32) throws(BenchError) -> Bool {
        let count = wl_probe_receive(descriptor, messages, area, Self.stride, timeoutMilliseconds)
        guard count >= 0 else { throw interface.failure("receive", -count) }
        for index in 0..<Int(count) {
            let byteCount = min(Int(wl_probe_byte_count(messages, Int32(index))), Self.stride)
            let frame = UnsafeRawBufferPointer(start: area + index * Self.stride, count: byteCount)
            guard let signature = Signature(in: frame, magic: magic) else { continue }
            arrivals.take(signature, at: wl_probe_time(messages, Int32(index)))
        }
        return count > 0
    }

    /// Frames that we were too slow for, since the last call.
    func takeDrops() -> UInt64 { UInt64(wl_probe_drops(descriptor)) }
}
