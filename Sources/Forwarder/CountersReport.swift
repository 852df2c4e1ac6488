public import Packets

/// All counters at one moment, by name: the counters file, and what any other reader is told.
///
/// ```json
/// {"sessions":{"alice-video":{"up":{"packets":1,"bytes":84},"down":{"packets":1,"bytes":84}}},
///  "ports":{"access0":{"in":1,"out":1}},"forwarded":2,"consumed":0,"originated":0,"drops":{"notAdmitted":4}}
/// ```
/// A session with several paths also has `"legs":[{"leg":1,"up":{…},"down":{…}},…]`, one for each; its own counts are
/// their sums. Every session and port is listed, of the drop reasons those that occurred. Always: the ports' in + originated =
/// the ports' out + consumed + drops.
public struct CountersReport: Sendable, Equatable {
    public struct Session: Sendable, Equatable {
        public let name: String
        public let up: Count
        public let down: Count
        /// Of each path, where there are several.
        public let legs: [Leg]

        /// A path's counts.
        public struct Leg: Sendable, Equatable {
            public let up: Count
            public let down: Count
        }

        fileprivate init(name: String, _ legs: [Leg]) {
            self.name = name
            up = Self.sum(legs.map(\.up))
            down = Self.sum(legs.map(\.down))
            self.legs = legs.count > 1 ? legs : []
        }

        private static func sum(_ counts: [Count]) -> Count {
            Count(
                packets: counts.reduce(0) { $0 &+ $1.packets }, bytes: counts.reduce(0) { $0 &+ $1.bytes })
        }
    }
    public struct Port: Sendable, Equatable {
        public let name: String
        public let received: UInt64
        public let sent: UInt64
    }

    public let sessions: [Session]
    public let ports: [Port]
    public let forwarded: UInt64
    public let consumed: UInt64
    public let originated: UInt64
    /// In the order of `DropReason`.
    public let drops: [(reason: DropReason, count: UInt64)]

    /// Reads the counters, by names in the order of the tables. A session's name stands once for each of its paths, one
    /// after the other.
    public init(_ counters: Counters, sessions: [String], ports: [String]) {
        var reports: [Session] = []
        var legs: [Session.Leg] = []
        for (index, name) in sessions.enumerated() {
            legs.append(
                Session.Leg(
                    up: counters.session(conversion: 2 * index),
                    down: counters.session(conversion: 2 * index + 1)))
            guard index + 1 == sessions.count || sessions[index + 1] != name else { continue }
            reports.append(Session(name: name, legs))
            legs = []
        }
        self.sessions = reports
        self.ports = ports.enumerated().map { index, name in
            let port = PortIndex(rawValue: UInt16(index))
            return Port(name: name, received: counters.received(port), sent: counters.sent(port))
        }
        forwarded = counters.forwarded
        consumed = counters.consumed
        originated = counters.originated
        drops = DropReason.allCases.map { ($0, counters.dropped($0)) }.filter { $0.1 > 0 }
    }

    /// Whether every packet that came in, and every one that was made, has its one outcome: it went out, was consumed, or
    /// was dropped.
    public var balances: Bool {
        let (received, sent) = ports.reduce(into: (0, 0) as (UInt64, UInt64)) {
            $0 = ($0.0 + $1.received, $0.1 + $1.sent)
        }
        let dropped = drops.reduce(0) { $0 + $1.count }
        // Fragments that were made, and then not sent.
        let (lost, isShort) = (forwarded + originated).subtractingReportingOverflow(sent)
        return !isShort && lost <= dropped && received + lost == forwarded + consumed + dropped
    }

    /// The totals in one line for people, as `forwarded 6, consumed 2, dropped 4 (notAdmitted 4), originated 2`.
    public var summary: String {
        let dropped = drops.reduce(0) { $0 + $1.count }
        let reasons = drops.map { "\($0.reason) \($0.count)" }.joined(separator: ", ")
        return "forwarded \(forwarded), consumed \(consumed), dropped \(dropped)"
            + (reasons.isEmpty ? "" : " (\(reasons))") + ", originated \(originated)"
    }

    /// The report as one line of JSON, with a line feed. Names need no escaping: exchange files refuse all but letters,
    /// digits, `.`, `_` and `-`.
    public var json: String {
        func object(_ members: [(String, String)]) -> String {
            "{" + members.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",") + "}"
        }
        func count(_ count: Count) -> String {
            object([("packets", "\(count.packets)"), ("bytes", "\(count.bytes)")])
        }
        func session(_ session: Session) -> String {
            let legs = session.legs.enumerated().map { index, leg in
                object([("leg", "\(index + 1)"), ("up", count(leg.up)), ("down", count(leg.down))])
            }
            return object(
                [("up", count(session.up)), ("down", count(session.down))]
                    + (legs.isEmpty ? [] : [("legs", "[" + legs.joined(separator: ",") + "]")]))
        }
        return object([
            ("sessions", object(sessions.map { ($0.name, session($0)) })),
            (
                "ports",
                object(ports.map { ($0.name, object([("in", "\($0.received)"), ("out", "\($0.sent)")])) })
            ),
            ("forwarded", "\(forwarded)"), ("consumed", "\(consumed)"), ("originated", "\(originated)"),
            ("drops", object(drops.map { ("\($0.reason)", "\($0.count)") })),
        ]) + "\n"
    }

    public static func == (a: Self, b: Self) -> Bool { a.json == b.json }
}
