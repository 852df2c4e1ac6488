import CLinux
import Glibc

/// Sends numbered packets at a steady rate, from the calling thread.
final class TrialSender {
    private static let batch = Int(WL_PROBE_BATCH)
    /// Behind by more than this, and by more than a batch, a sender gives the time up: what is late isn't sent in a burst,
    /// for which the rate would not be answerable, but later.
    private static let mostLateNanoseconds = 2_000_000.0
    private static let bufferByteCount: Int32 = 8 << 20

    private let interface: TestInterface
    private let descriptor: Int32
    private let frame: TestFrame
    private let stride: Int
    private let area: UnsafeMutablePointer<UInt8>
    private let messages: UnsafeMutablePointer<wl_probe_batch>

    init(_ interface: TestInterface, _ format: TestPacketFormat, size: Int) throws(BenchError) {
        self.interface = interface
        frame = format.frame(from: interface.mac, size: size)
        descriptor = wl_probe_open_sender(interface.index, Self.bufferByteCount)
        guard descriptor >= 0 else { throw interface.failure("open a packet socket", -descriptor) }
        stride = (frame.bytes.count + 63) & ~63
        area = .allocate(capacity: stride * Self.batch)
        messages = .allocate(capacity: 1)
        messages.initialize(to: wl_probe_batch())
        for slot in 0..<Self.batch {
            frame.bytes.withUnsafeBytes {
                UnsafeMutableRawPointer(area + slot * stride).copyMemory(
                    from: $0.baseAddress!, byteCount: $0.count)
            }
        }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
        area.deallocate()
        messages.deallocate()
    }

    /// Sends `count` packets, `rate` a second, numbered from 0. A packet is stamped right before the system call that
    /// sends it and up to 31 others.
    /// - Returns: how many were sent, and in how many seconds: fewer than asked for where the kernel was late or full.
    func send(count: Int, rate: Double, magic: UInt32) throws(BenchError) -> (count: Int, seconds: Double) {
        let begin = Clock.monotonic
        let interval = 1e9 / rate
        var schedule = Double(begin)
        let mostLate = max(Self.mostLateNanoseconds, Double(Self.batch) * interval)
        let end = Double(begin) + Double(count) * interval + mostLate
        var sent = 0
        while sent < count {
            let now = Clock.monotonic
            // Late by more than is allowed: time is over before all have been sent.
            guard Double(now) < end else { break }
            let next = schedule + Double(sent) * interval
            guard Double(now) >= next else {
                wait(nanoseconds: next - Double(now))
                continue
            }
            let lateness = Double(now) - next
            if lateness > mostLate { schedule += lateness }
            let due = max(1, Int((Double(now) - schedule) / interval) + 1 - sent)
            sent += try send(min(due, count - sent, Self.batch), from: sent, magic)
        }
        // The last packet's share of the time belongs to it.
        let seconds = max(Double(Clock.monotonic - begin), Double(count) * interval) / 1e9
        return (sent, seconds)
    }

    private func send(_ count: Int, from first: Int, _ magic: UInt32) throws(BenchError) -> Int {
        let now = Clock.realtime
        for slot in 0..<count {
            let signature = Signature(magic: magic, number: UInt32(first + slot), nanoseconds: now)
            frame.sign(UnsafeMutableRawPointer(area + slot * stride), signature)
        }
        let result = wl_probe_send(descriptor, messages, area, stride, frame.bytes.count, Int32(count))
        switch -result {
        case EAGAIN, ENOBUFS, EINTR: return 0
        case 1...: throw interface.failure("send", -result)
        default: return Int(result)
        }
    }

    /// Sleeps through most of a long time, and spins through the rest: a sleep ends late by some ten microseconds.
    private func wait(nanoseconds: Double) {
        guard nanoseconds > 200_000 else { return }
        var time = timespec(tv_sec: 0, tv_nsec: Int(min(nanoseconds - 100_000, 500_000_000)))
        nanosleep(&time, nil)
    }
}
