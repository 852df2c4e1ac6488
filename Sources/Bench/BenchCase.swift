/// What is done to every packet of a measurement in memory.
public enum BenchCase: String, CaseIterable, Sendable {
    /// Plain packets of subscribers get a path label and a user label.
    case push
    /// Path label and user label come off packets for subscribers.
    case pop
    /// A transit label is swapped.
    case swap
    /// Plain packets of subscribers get an outer IPv4 header.
    case encapsulate
    /// An outer IPv4 header comes off packets for subscribers.
    case decapsulate
    /// As `push`, of IPv6 packets.
    case push6

    /// For a table.
    public var title: String {
        switch self {
        case .push: "push path and user label"
        case .pop: "pop path and user label"
        case .swap: "swap a transit label"
        case .encapsulate: "IP-in-IP encapsulate"
        case .decapsulate: "IP-in-IP decapsulate"
        case .push6: "push two labels, IPv6"
        }
    }

    /// Whether sessions run in IP-in-IP tunnels.
    var isIPIP: Bool { self == .encapsulate || self == .decapsulate }
    /// Whether subscribers have IPv6 addresses.
    var isIPv6: Bool { self == .push6 }
    /// Whether packets come from subscribers.
    var isUp: Bool { self == .push || self == .encapsulate || self == .push6 }
    /// Whether what is looked up is a session; else a transit label.
    var hasSessions: Bool { self != .swap }
}
