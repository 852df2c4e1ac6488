import Glibc

/// The time of what is received or sent now, as packets are stamped: nanoseconds since the Unix epoch.
package func currentTimestamp() -> UInt64 { nanoseconds(of: CLOCK_REALTIME) }

/// Nanoseconds of a clock that never goes back.
package func monotonicTime() -> UInt64 { nanoseconds(of: CLOCK_MONOTONIC) }

private func nanoseconds(of clock: clockid_t) -> UInt64 {
    var now = timespec()
    unsafe clock_gettime(clock, &now)
    return UInt64(now.tv_sec) &* 1_000_000_000 &+ UInt64(now.tv_nsec)
}
