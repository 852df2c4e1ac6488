import CReference
import Glibc

/// The rate of `ref_clock`, by the system's clock over the time between two looks at both.
struct Clock {
    private let ticks = ref_clock()
    private let nanoseconds = Clock.now

    /// What a tick lasts. More precise the longer this value has lived.
    var nanosecondsPerTick: Double { Double(Self.now - nanoseconds) / Double(ref_clock() - ticks) }

    private static var now: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
