import Histogram

/// How long packets took, in nanoseconds: an HdrHistogram of three digits, from 1 ns to a minute.
public struct Latency: Sendable {
    private static let longest: UInt64 = 60_000_000_000
    /// What is shown of a distribution.
    public static let shares = [50, 90, 99, 99.9, 99.99, 100]

    private var histogram: Histogram<UInt64>?

    public init() {}

    /// - Parameter nanoseconds: of each packet that was timed; nothing is longer than a minute.
    init(_ nanoseconds: some Sequence<UInt32>) {
        var histogram = Histogram<UInt64>(highestTrackableValue: Self.longest)
        for delay in nanoseconds { _ = histogram.record(UInt64(delay)) }
        self.histogram = histogram
    }

    /// Packets that were timed.
    public var count: UInt64 { histogram?.totalCount ?? 0 }

    /// The delay that this share of the packets, in percent, didn't exceed. Nil where none was timed.
    public func nanoseconds(at share: Double) -> UInt64? {
        guard let histogram, count > 0 else { return nil }
        return share >= 100 ? histogram.max : histogram.valueAtPercentile(share)
    }

    /// Points of the distribution for a plot, up to the share that the count of packets still tells of.
    public var curve: [(share: Double, nanoseconds: UInt64)] {
        guard count > 0 else { return [] }
        var points: [(share: Double, nanoseconds: UInt64)] = []
        var rest = 100.0
        // Each point is nearer to 100 % by a tenth of a decade, while one packet at least lies behind it.
        while rest / 100 * Double(count) >= 1, points.count < 80 {
            if let delay = nanoseconds(at: 100 - rest) { points.append((100 - rest, delay)) }
            rest *= 0.794_328_234_724_281_5
        }
        return points
    }
}
