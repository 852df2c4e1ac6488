import Tables

/// The path MTUs that have been learned of our IP-in-IP tunnels (RFC 1191, RFC 8201), as long as they hold.
///
/// Every operation takes constant time, but for the first call in which one may have grown old.
struct PathMTUs {
    /// How long one holds since it was last confirmed (RFC 1191 §6.3): in nanoseconds.
    static let lifetime: UInt64 = 600_000_000_000
    /// What is believed at least of a path under IPv4: what every host takes (RFC 1122 §3.3.3). An error is easily forged,
    /// and must not cut packets to shreds.
    static let minimumOverIPv4 = 576
    /// Under IPv6: what every link takes (RFC 8201 §4).
    static let minimumOverIPv6 = 1280
    /// Usual MTUs (RFC 1191 §7), for routers that don't say their own.
    private static let plateaus = [65_535, 32_000, 17_914, 8166, 4352, 2002, 1492, 1006, 508, 296, 68]

    private var learned: [TunnelIndex: UInt64] = [:]
    /// Each learned tunnel once, with a time at which, or before which, it was last confirmed; in the order of times.
    private var queue: [(tunnel: TunnelIndex, time: UInt64)] = []
    private var first = 0

    /// What a router has found too long for its next link.
    struct Report {
        /// The next link's MTU; zero: the router doesn't say.
        let mtu: Int
        /// The packet that was too long.
        let byteCount: Int
        let isOverIPv6: Bool
    }

    /// The path MTU that follows from a report; nil where it is no news, or none to be believed: the packet wasn't longer
    /// than what it is said to be too long for, or was one that every path takes.
    static func mtu(from report: Report) -> Int? {
        let floor = report.isOverIPv6 ? minimumOverIPv6 : minimumOverIPv4
        let said = report.mtu > 0 ? report.mtu : plateaus.first { $0 < report.byteCount } ?? 68
        guard said < report.byteCount, floor < report.byteCount else { return nil }
        return max(floor, said)
    }

    /// Takes in what a router has said. A path MTU only falls; it rises when it has grown old (RFC 1191 §6.3). The tables
    /// have forgotten it already where the tunnel has changed meanwhile.
    mutating func learn(_ mtu: Int, of tunnel: TunnelIndex, _ tables: WorkerTables, at timestamp: UInt64) {
        let mtu = UInt16(clamping: min(mtu, Int(tables.pathMTU(of: tunnel) ?? .max)))
        tables.setPathMTU(mtu, of: tunnel)
        if learned.updateValue(timestamp, forKey: tunnel) == nil { queue.append((tunnel, timestamp)) }
    }

    /// Forgets those that have grown old.
    mutating func age(_ tables: WorkerTables, at timestamp: UInt64) {
        while first < queue.count, silence(since: queue[first].time, at: timestamp) >= Self.lifetime {
            let tunnel = queue[first].tunnel
            first += 1
            guard let confirmed = learned[tunnel] else { continue }
            if silence(since: confirmed, at: timestamp) >= Self.lifetime {
                learned[tunnel] = nil
                tables.setPathMTU(nil, of: tunnel)
            } else {
                queue.append((tunnel, confirmed))
            }
        }
        if first > 64, first * 2 > queue.count {
            queue.removeFirst(first)
            first = 0
        }
    }
}
