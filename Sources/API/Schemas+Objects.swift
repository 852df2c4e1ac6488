import Exchange
import ExchangeFile

/// The kinds of objects. Each has the keys that it has in an exchange file; what `Decoding` in `ExchangeFile` takes.
extension Schemas {
    private static let address: DocumentValue = ["type": "string", "examples": ["192.0.2.1", "2001:db8::1"]]
    private static let prefix: DocumentValue = [
        "type": "string", "examples": ["192.0.2.0/24", "2001:db8::/32"],
    ]
    private static let interfaceAddress: DocumentValue = ["type": "string", "examples": ["10.0.0.1/30"]]
    private static let mac: DocumentValue = [
        "type": "string", "pattern": "^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}$",
    ]
    private static let label = integer(16...1_048_575)
    private static let mtu = integer(Limits.mtu)
    private static let capacity = capacity(upTo: .max)
    private static let rate = capacity(upTo: Policer.maximumRate)
    /// Printable characters but for `/` and `:`.
    private static let interface: DocumentValue = [
        "type": "string", "pattern": .text("^[!-.0-9;-~]{1,\(Limits.interfaceNameBytes)}$"),
    ]
    private static let vlan = list(
        integer(Int(Limits.vlanIDs.lowerBound)...Int(Limits.vlanIDs.upperBound)), atMost: Limits.vlanTags)

    /// In bits a second.
    private static func capacity(upTo most: UInt64) -> DocumentValue {
        any(of: [
            ["type": "integer", "minimum": 1, "maximum": DocumentValue(most)],
            [
                "type": "string", "pattern": "^[0-9]+(\\.[0-9]+)?[kMGT]bit$",
                "examples": ["100Mbit", "1.5Gbit"],
            ],
        ])
    }

    private static let dscp = any(of: [
        integer(0...63),
        [
            "type": "string", "pattern": "^(cs[0-7]|af[1-4][1-3]|ef|voice-admit|le|be)$",
            "examples": ["ef", "af11", "cs6"],
        ],
    ])

    private static let tunnelLeg = object(
        ["tunnel": name, "send": label, "receive": label], required: ["tunnel"])

    /// One leg, or several tunnels.
    private static let legs: DocumentValue = any(of: [
        object(["port": name, "nextHop": address], required: ["port"]), tunnelLeg,
        list(tunnelLeg, atLeast: 2, atMost: Limits.paths),
    ])

    private static let burst = integer(1...Int(Int32.max))
    private static let colour = any(of: [
        choice(["pass", "drop"]), object(["dscp": dscp], required: ["dscp"]),
        object(["trafficClass": integer(0...7)], required: ["trafficClass"]),
    ])
    private static let policer = object(
        [
            "committed": rate, "peak": rate, "burst": burst, "peakBurst": burst, "green": colour,
            "yellow": colour, "red": colour,
        ], required: ["committed"])

    /// DSCPs, by name or number, to what `value` says, and `default`, which may also be `copy`.
    private static func dscpMap(_ value: DocumentValue) -> DocumentValue {
        [
            "type": "object", "minProperties": 1,
            "properties": ["default": any(of: [choice(["copy"]), value])],
            "propertyNames": [
                "pattern":
                    "^(cs[0-7]|af[1-4][1-3]|ef|voice-admit|le|be|[0-9]|[1-5][0-9]|6[0-3]|default)$"
            ],
            "additionalProperties": value,
        ]
    }

    private static let mpls = object([
        "send": any(of: [label, list(label, atMost: Limits.labelStack - 1)]), "receive": label,
        "null": choice(["explicit", "implicit"]), "php": ["type": "boolean"],
        "ttl": any(of: [choice(["uniform", "pipe"]), integer(1...255)]),
        "trafficClass": any(of: [choice(["copy"]), integer(0...7), dscpMap(integer(0...7))]),
        "innerDSCP": any(of: [
            choice(["keep"]),
            [
                "type": "object", "minProperties": 1, "propertyNames": ["pattern": "^[0-7]$"],
                "additionalProperties": dscp,
            ],
        ]),
    ])

    private static let outer: DocumentValue = [
        "local": address, "remote": address, "ttl": any(of: [choice(["copy"]), integer(1...255)]),
        "dscp": any(of: [choice(["copy"]), dscp, dscpMap(dscp)]),
        "ecn": choice(["normal", "compatibility"]), "df": choice(["copy", "set"]),
        "innerDSCP": choice(["keep", "outer"]),
    ]

    private static let ipip = object(outer, required: ["local", "remote"])

    private static let mplsudp = object(
        .map(
            outer.members + [
                .init("send", label), .init("receive", label), .init("checksum", choice(["on", "off"])),
            ]),
        required: ["local", "remote"])

    private static let rule = object([
        "protocol": any(of: [choice(["any", "icmp", "tcp", "udp", "sctp"]), integer(0...255)]),
        "ports": list(
            any(of: [integer(0...65_535), ["type": "string", "pattern": "^[0-9]{1,5}-[0-9]{1,5}$"]]),
            atMost: Limits.portRangesPerRule),
        "types": list(
            any(of: [choice(ICMPType.named.map(\.name)), integer(0...254)]), atMost: Limits.typesPerRule,
            isUnique: true),
        "dscp": list(dscp, atMost: ClassMap.dscpCount, isUnique: true),
    ])

    private static let path: DocumentValue = ["type": "string", "minLength": 1]
    private static let captureFiles: DocumentValue = [
        "type": "object", "properties": ["read": path, "write": path], "additionalProperties": false,
        "minProperties": 1,
    ]

    private static let port: DocumentValue = [
        "tun": interface, "tap": interface, "packet": interface, "shared": ["type": "boolean"],
        "capture": interface,
        "file": captureFiles, "link": choice(["ethernet", "ip"]), "role": choice(["access", "network"]),
        "addresses": list(interfaceAddress, isUnique: true), "mac": mac, "mtu": mtu,
        "routes": any(of: [choice(["automatic"]), list(prefix)]), "neighbours": map(mac),
        "forwarder": [
            "type": "string", "pattern": .text("^[A-Za-z0-9_-]{1,\(Limits.forwarderNameCharacters)}$"),
        ],
        "denied": choice(["drop", "prohibited"]), "icmpErrors": ["type": "boolean"],
        "engine": choice(["auto", "readwrite", "io_uring", "ring", "mmsg"]),
        "offload": choice(["on", "off"]),
    ]

    private static let session: DocumentValue = [
        "subscriber": name, "service": name, "access": legs, "network": legs,
        "policer": object(["up": policer, "down": policer]),
    ]

    /// On bills: no control characters.
    private static let providerTitle: DocumentValue = [
        "type": "string", "minLength": 1, "maxLength": DocumentValue(Limits.titleCharacters),
        "pattern": "^[^\\u0000-\\u001f\\u007f-\\u009f]*$",
    ]

    private static let sessionState: DocumentValue = [
        "number": own(count), "leg": own(count), "openedAt": own(time), "up": own(reference("Traffic")),
        "down": own(reference("Traffic")), "legs": own(list(reference("Leg"))),
    ]

    /// What stands behind an object's name in an exchange file, and what of it must be given.
    private static func keys(_ kind: ExchangeKind) -> (properties: DocumentValue, required: [String]) {
        switch kind {
        case .ports: (port, ["role"])
        case .lines:
            (
                [
                    "port": name, "nextHop": address, "vlan": vlan, "mtu": mtu, "capacity": capacity,
                ],
                ["port"]
            )
        case .providers: (["name": providerTitle], [])
        case .services:
            (
                ["provider": name, "prefixes": list(prefix, atLeast: 1, isUnique: true)],
                ["provider", "prefixes"]
            )
        case .tunnels:
            (
                [
                    "line": name, "capacity": capacity, "mpls": mpls, "ipip": ipip,
                    "mplsudp": mplsudp,
                    "mssClamp": ["type": "boolean"], "policer": policer,
                ], ["line"]
            )
        case .subscribers:
            (
                [
                    "port": name, "addresses": list(prefix, atLeast: 1, isUnique: true), "vlan": vlan,
                    "nextHop": address,
                ], ["addresses"]
            )
        case .conditions:
            (
                [
                    "subscriber": name, "service": name,
                    "allow": list(rule, atLeast: 1, atMost: Limits.rulesPerUse),
                ], ["subscriber", "service"]
            )
        case .sessions: (session, ["subscriber", "service", "access", "network"])
        case .labels:
            (
                [
                    "in": label, "swap": list(label, atLeast: 1, atMost: Limits.labelStack),
                    "pop": ["const": true],
                    "via": any(of: [
                        name, object(["line": name], required: ["line"]),
                        object(["tunnel": name], required: ["tunnel"]),
                    ]),
                ], ["in", "via"]
            )
        }
    }

    /// An object with these keys, and with one of those that say what it is made of.
    private static func whole(
        _ kind: ExchangeKind, _ properties: DocumentValue, required: [String]
    ) -> DocumentValue {
        let schema = object(properties, required: required)
        return switch kind {
        case .ports: exactlyOne(["tun", "tap", "packet", "capture", "file"], of: schema)
        case .tunnels: exactlyOne(["mpls", "ipip", "mplsudp"], of: schema)
        case .labels: exactlyOne(["swap", "pop"], of: schema)
        case .lines, .providers, .services, .subscribers, .conditions, .sessions: schema
        }
    }

    /// An object as an item: with its name, its revision, and what else the edge says of it.
    private static func item(_ kind: ExchangeKind) -> DocumentValue {
        var (properties, required) = keys(kind)
        if kind == .providers { properties = ["title": providerTitle] }
        // What the path says need not be said again.
        let named = ["subscriber", "service", "in"]
        if kind == .conditions || kind == .labels { required.removeAll { named.contains($0) } }
        var members = properties.members
        if kind != .conditions, kind != .labels { members.insert(.init("name", name), at: 0) }
        members.append(.init("revision", own(count)))
        if kind == .sessions { members += sessionState.members }
        return whole(kind, .map(members), required: required)
    }

    /// Each kind as an item, and the exchange as a whole.
    static var objects: [DocumentValue.Member] {
        let items = ExchangeKind.allCases.map { DocumentValue.Member($0.title, item($0)) }
        let sections = ExchangeKind.allCases.map { kind in
            let (properties, required) = keys(kind)
            let value = whole(kind, properties, required: required)
            return DocumentValue.Member(
                kind.rawValue,
                kind == .conditions || kind == .labels
                    ? list(value, atMost: kind.limit) : named(value, atMost: kind.limit))
        }
        return items + [.init("Exchange", object(.map(sections + [.init("neighbours", map(mac))])))]
    }
}

extension ExchangeKind {
    /// How many objects of the kind there can be.
    fileprivate var limit: Int {
        switch self {
        case .ports: Limits.ports
        case .lines: Limits.lines
        case .providers: Limits.providers
        case .services: Limits.services
        case .tunnels: Limits.tunnels
        case .subscribers: Limits.subscribers
        case .conditions: Limits.conditions
        case .sessions: Limits.sessions
        case .labels: Limits.labels
        }
    }
}
