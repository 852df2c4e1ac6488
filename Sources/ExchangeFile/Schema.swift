/// The keys that a mapping of the file may have.
struct Schema {
    let keys: [String]

    static let file = Schema(keys: [
        "ports", "lines", "providers", "services", "tunnels", "subscribers", "conditions", "sessions",
        "labels",
        "neighbours",
    ])
    static let port = Schema(keys: [
        "tun", "tap", "packet", "capture", "file", "link", "role", "addresses", "mac", "mtu", "routes",
        "neighbours", "forwarder",
    ])
    static let captureFiles = Schema(keys: ["read", "write"])
    static let line = Schema(keys: ["port", "nextHop", "mtu", "capacity"])
    static let provider = Schema(keys: ["name"])
    static let service = Schema(keys: ["provider", "prefixes"])
    static let tunnel = Schema(keys: ["line", "capacity", "mpls", "ipip"])
    static let mpls = Schema(keys: ["send", "receive", "null", "php", "ttl", "trafficClass"])
    static let ipip = Schema(keys: ["local", "remote", "ttl", "dscp", "df"])
    static let subscriber = Schema(keys: ["port", "addresses", "vlan", "nextHop"])
    static let condition = Schema(keys: ["subscriber", "service", "allow"])
    static let rule = Schema(keys: ["protocol", "ports"])
    static let session = Schema(keys: ["subscriber", "service", "access", "network"])
    static let leg = Schema(keys: ["port", "nextHop", "tunnel", "send", "receive"])
    static let label = Schema(keys: ["in", "swap", "pop", "via"])
    static let via = Schema(keys: ["line", "tunnel"])

    /// Every mapping that a file may hold, by the title of its section in README.md.
    static let all: [(title: String, schema: Schema)] = [
        ("The file", file), ("Ports", port), ("Capture files", captureFiles), ("Lines", line),
        ("Providers", provider),
        ("Services", service), ("Tunnels", tunnel), ("MPLS", mpls), ("IP-in-IP", ipip),
        ("Subscribers", subscriber),
        ("Conditions", condition), ("Rules", rule), ("Sessions", session), ("Legs", leg), ("Labels", label),
        ("Via", via),
    ]
}
