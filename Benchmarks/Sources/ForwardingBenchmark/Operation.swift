/// What is done to every packet of a run.
enum Operation: String, CaseIterable {
    /// Plain packets of subscribers get a path label and a user label.
    case push
    /// The same for IPv6 packets. In Swift only.
    case push6
    /// Path label and user label come off packets for subscribers.
    case pop
    /// A transit label is swapped.
    case swap
    /// Plain packets of subscribers get an outer IPv4 header.
    case encapsulate
    /// An outer IPv4 header comes off packets for subscribers.
    case decapsulate

    /// Whether sessions run in IP-in-IP tunnels.
    var isIPIP: Bool { self == .encapsulate || self == .decapsulate }
    /// Whether packets come from subscribers.
    var isUp: Bool { self == .push || self == .push6 || self == .encapsulate }
    /// Whether users' packets are IPv6.
    var isIPv6: Bool { self == .push6 }
    /// The loops that can do it.
    var engines: [Engine] { isIPv6 ? [.swift] : [.swift, .c] }
}
