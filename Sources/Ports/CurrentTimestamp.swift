import Glibc

/// The time of what is received or sent now, as packets are stamped: nanoseconds since the Unix epoch.
package func currentTimestamp() -> UInt64 {
    var now = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &now)
    return UInt64(now.tv_sec) &* 1_000_000_000 &+ UInt64(now.tv_nsec)
}
