public import Wire

/// A kind of ICMP message, which IPv4 and IPv6 number each in its own way (RFC 792, RFC 4443).
public enum ICMPType: Hashable, Sendable {
    /// The request on the way to the provider, the reply on the way back.
    case echo
    /// The same; ICMP for IPv4 alone.
    case timestamp
    case unreachable
    case timeExceeded
    case parameterProblem
    /// ICMPv6 alone.
    case tooBig
    /// By its number in the one version that the rule's protocol says.
    case number(UInt8)

    /// All with a name.
    public static let named: [(name: String, type: ICMPType)] = [
        ("echo", .echo), ("timestamp", .timestamp), ("unreachable", .unreachable),
        ("time-exceeded", .timeExceeded), ("parameter-problem", .parameterProblem), ("too-big", .tooBig),
    ]

    /// The type's number, on the way to the provider. Nil where the version has none.
    public func number(_ version: IPVersion) -> UInt8? {
        switch (self, version) {
        case (.echo, .v4): 8
        case (.echo, .v6): 128
        case (.timestamp, .v4): 13
        case (.unreachable, .v4): 3
        case (.unreachable, .v6): 1
        case (.timeExceeded, .v4): 11
        case (.timeExceeded, .v6): 3
        case (.parameterProblem, .v4): 12
        case (.parameterProblem, .v6): 4
        case (.tooBig, .v6): 2
        case (.timestamp, .v6), (.tooBig, .v4): nil
        case (.number(let number), _): number
        }
    }

    /// What answers messages of a type, or is answered by them. A type without a reply stands for itself.
    public static func counterpart(of number: UInt8, _ version: IPVersion) -> UInt8 {
        let pairs: [(UInt8, UInt8)] = version == .v4 ? [(8, 0), (13, 14)] : [(128, 129)]
        for (request, reply) in pairs {
            if number == request { return reply }
            if number == reply { return request }
        }
        return number
    }
}
