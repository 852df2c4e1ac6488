import CLinux
import Glibc

/// Clocks, in nanoseconds.
enum Clock {
    static var monotonic: UInt64 { read(CLOCK_MONOTONIC) }
    /// Since the Unix epoch: what the kernel stamps packets with.
    static var realtime: UInt64 { read(CLOCK_REALTIME) }

    private static func read(_ clock: clockid_t) -> UInt64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}

/// The rate of the processor's time stamp counter, by the system's clock over the time between two looks at both.
struct TickRate {
    private let ticks = wl_ticks()
    private let nanoseconds = Clock.monotonic

    /// Ticks in a nanosecond. More precise the longer this value has lived; it lives for 20 ms at least.
    var ticksPerNanosecond: Double {
        while Clock.monotonic - nanoseconds < 20_000_000 {}
        return Double(wl_ticks() - ticks) / Double(Clock.monotonic - nanoseconds)
    }
}
