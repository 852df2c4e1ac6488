/// The keys that a mapping of the file may have.
struct Schema {
    let keys: [String]

    static let file = Schema(keys: [
        "ports", "lines", "providers", "services", "tunnels", "subscribers", "conditions", "sessions",
        "labels",
        "neighbours",
    ])
    static let port = Schema(keys: [
        "tun", "tap", "packet", "shared", "capture", "file", "link", "role", "addresses", "mac", "mtu",
        "routes",
        "neighbours", "forwarder", "denied", "icmpErrors", "engine", "offload",
    ])
    static let captureFiles = Schema(keys: ["read", "write"])
    static let line = Schema(keys: ["port", "nextHop", "vlan", "mtu", "capacity"])
    static let provider = Schema(keys: ["name"])
    static let service = Schema(keys: ["provider", "prefixes"])
    static let tunnel = Schema(keys: ["line", "capacity", "mssClamp", "policer", "mpls", "ipip", "mplsudp"])
    static let mpls = Schema(keys: [
        "send", "receive", "null", "php", "ttl", "trafficClass", "innerDSCP",
    ])
    static let ipip = Schema(keys: ["local", "remote", "ttl", "dscp", "ecn", "df", "innerDSCP"])
    static let mplsudp = Schema(keys: [
        "local", "remote", "send", "receive", "checksum", "ttl", "dscp", "ecn", "df", "innerDSCP",
    ])
    static let policer = Schema(keys: [
        "committed", "peak", "burst", "peakBurst", "green", "yellow", "red",
    ])
    static let action = Schema(keys: ["dscp", "trafficClass"])
    static let subscriber = Schema(keys: ["port", "addresses", "vlan", "nextHop"])
    static let condition = Schema(keys: ["subscriber", "service", "allow"])
    static let rule = Schema(keys: ["protocol", "ports", "types", "dscp"])
    static let session = Schema(keys: ["subscriber", "service", "access", "network", "policer"])
    static let policers = Schema(keys: ["up", "down"])
    static let leg = Schema(keys: ["port", "nextHop", "tunnel", "send", "receive"])
    static let label = Schema(keys: ["in", "swap", "pop", "via"])
    static let via = Schema(keys: ["line", "tunnel"])

    /// Every mapping that a file may hold, by the title of its section in README.md.
    static let all: [(title: String, schema: Schema)] = [
        ("The file", file), ("Ports", port), ("Capture files", captureFiles), ("Lines", line),
        ("Providers", provider),
        ("Services", service), ("Tunnels", tunnel), ("MPLS", mpls), ("IP-in-IP", ipip),
        ("MPLS-in-UDP", mplsudp),
        ("Policers", policer), ("Colours", action),
        ("Subscribers", subscriber),
        ("Conditions", condition), ("Rules", rule), ("Sessions", session), ("Session policers", policers),
        ("Legs", leg), ("Labels", label),
        ("Via", via),
    ]
}
