import Glibc

/// Hosts with TCP between them, edges on the way, and who forwards: nobody, the edges, or the reference.
protocol Site: AnyObject {
    /// Bytes that the server has received so far.
    var byteCount: UInt64 { get }
    /// Forwards for so many seconds.
    /// - Returns: bytes a second that the server has received, after the first tenth of the time.
    func pass(byReference: Bool, seconds: Double) -> Double
    func end()
}

extension Site {
    /// Bytes a second, while somebody forwards.
    func rate(seconds: Double) -> Double {
        usleep(UInt32(seconds * 1e5))
        let (count, begin) = (byteCount, Clock.now)
        usleep(UInt32(seconds * 9e5))
        return Double(byteCount - count) / Double(Clock.now - begin) * 1e9
    }
}
