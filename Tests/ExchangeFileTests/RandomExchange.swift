import Exchange
import Testbed
import Wire

/// Makes descriptions that no edge could be, of values that each are possible: names of any characters, and every
/// combination of what may be given or left out.
struct RandomExchange {
    var random: SeededGenerator

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    mutating func description() -> ExchangeDescription {
        var exchange = ExchangeDescription()
        exchange.ports = named { $0.port($1) }
        exchange.lines = named { $0.line($1) }
        exchange.providers = named { Provider(name: $1, title: $0.once(2) ? $1 : $0.text()) }
        exchange.services = named {
            Service(name: $1, provider: $0.text(), prefixes: $0.some { $0.prefix() })
        }
        exchange.tunnels = named { $0.tunnel($1) }
        exchange.subscribers = named { $0.subscriber($1) }
        exchange.conditions = some { random in
            Condition(
                subscriber: random.text(), service: random.text(),
                allow: random.maybe { $0.some { $0.rule() } })
        }
        exchange.sessions = named {
            Session(
                name: $1, subscriber: $0.text(), service: $0.text(), access: $0.legs(), network: $0.legs(),
                upPolicer: $0.maybe { $0.policer() }, downPolicer: $0.maybe { $0.policer() })
        }
        exchange.labels = some { $0.binding() }
        return exchange
    }

    // MARK: Objects

    private mutating func port(_ name: String) -> Port {
        let medium: PortMedium =
            switch random.number(0...4) {
            case 0: .tun(interface: text())
            case 1: .tap(interface: text())
            case 2: once(2) ? .packet(interface: text()) : .sharedPacket(interface: text())
            case 3: .capture(interface: text())
            default:
                .file(read: maybe { $0.text() }, write: maybe { $0.text() }, link: once(2) ? .ip : .ethernet)
            }
        var addresses: Set<IPAddress> = []
        let neighbours = some { Neighbour(address: $0.address(), mac: $0.mac()) }
            .filter { addresses.insert($0.address).inserted }
        return Port(
            name: name, medium: medium, role: once(2) ? .access : .network,
            addresses: some { random in
                let prefix = random.prefix()
                return InterfaceAddress("\(prefix)") ?? InterfaceAddress("10.0.0.1/30")!
            },
            mac: maybe { $0.mac() }, mtu: maybe { $0.random.number(576...65_535) },
            routes: once(2) ? .automatic : .prefixes(some { $0.prefix() }), neighbours: neighbours,
            denied: once(2) ? .drop : .prohibited, sendsErrors: once(2),
            engine: PortEngine.allCases[random.number(0...4)], offload: once(2) ? .on : .off)
    }

    private mutating func line(_ name: String) -> Line {
        Line(
            name: name, port: text(), nextHop: maybe { $0.address() },
            vlan: some { UInt16($0.random.number(1...4094)) },
            mtu: once(2) ? 1500 : random.number(576...9000),
            capacityBitsPerSecond: capacity())
    }

    private mutating func capacity() -> UInt64? {
        maybe { $0.random.element([1, 999, 1000, 1500, 1_000_000_000, 123_456_789_012, .max]) }
    }

    private mutating func tunnel(_ name: String) -> Tunnel {
        var encapsulation: Tunnel.Encapsulation =
            once(2)
            ? .mpls(
                MPLSEncapsulation(
                    send: some { $0.label() }, receive: maybe { $0.label() },
                    null: maybe { $0.once(2) ? .explicit : .implicit }, php: once(2),
                    ttl: random.element([.uniform, .defaultPipe, .pipe(1), .pipe(64)]),
                    trafficClass: random.element([
                        .copy, .fixed(0), .fixed(7), .map(map(ClassMap.dscpCount, below: 8)),
                    ]), innerDSCP: maybe { $0.map(ClassMap.trafficClassCount, below: 64) }))
            : .ipip(
                IPIPEncapsulation(
                    local: address(), remote: address(),
                    ttl: random.element([.fixed(64), .copy, .fixed(255)]),
                    dscp: random.element([
                        .copy, .fixed(0), .fixed(46), .fixed(47), .map(map(ClassMap.dscpCount, below: 64)),
                    ]), ecn: once(2) ? .normal : .compatibility, df: once(2) ? .copy : .set,
                    innerDSCP: once(2) ? .keep : .outer))
        if case .ipip(let outer) = encapsulation, once(2) {
            encapsulation = .mplsudp(
                MPLSUDPEncapsulation(
                    outer: outer, send: maybe { $0.label() }, receive: maybe { $0.label() },
                    checksum: random.element([nil, .on, .off])))
        }
        return Tunnel(
            name: name, line: text(), encapsulation: encapsulation, capacityBitsPerSecond: capacity(),
            clampsMSS: once(2), policer: maybe { $0.policer() })
    }

    private mutating func policer() -> Policer {
        Policer(
            committedBitsPerSecond: capacity() ?? 1, peakBitsPerSecond: capacity(),
            committedBurstByteCount: maybe { UInt32($0.random.number(1...0x7fff_ffff)) },
            peakBurstByteCount: maybe { UInt32($0.random.number(1...0x7fff_ffff)) }, green: action(),
            yellow: action(), red: action())
    }

    private mutating func action() -> Policer.Action {
        random.element([
            .pass, .drop, .dscp(46), .dscp(0), .dscp(63), .trafficClass(0), .trafficClass(7),
        ])
    }

    /// A map that a file can say: without a default where its numbers are traffic classes.
    private mutating func map(_ count: Int, below limit: Int) -> ClassMap {
        let hasDefault = count == ClassMap.dscpCount && once(2)
        var map = ClassMap(count: count, otherwise: hasDefault ? UInt8(random.number(0...limit - 1)) : nil)
        for _ in 0..<random.number(0...9) {
            map[random.number(0...count - 1)] = UInt8(random.number(0...limit - 1))
        }
        return map
    }

    private mutating func subscriber(_ name: String) -> Subscriber {
        Subscriber(
            name: name, port: maybe { $0.text() }, addresses: some { $0.prefix() },
            vlan: some { UInt16($0.random.number(1...4094)) }, nextHop: maybe { $0.address() })
    }

    private mutating func rule() -> Rule {
        Rule(
            protocol: random.element([.any, .icmp, .tcp, .udp, .sctp, .number(0), .number(47), .number(255)]),
            ports: some { random in
                let first = UInt16(random.random.number(0...65_535))
                return first...(random.once(2) ? first : .max)
            },
            types: some { random in
                random.random.element(ICMPType.named.map(\.type) + [.number(0), .number(200)])
            }, dscps: some { UInt8($0.random.number(0...63)) })
    }

    private mutating func legs() -> Legs {
        Legs((0..<random.element([1, 1, 2, Limits.paths])).map { _ in leg() })
    }

    private mutating func leg() -> Leg {
        once(2)
            ? .plain(port: text(), nextHop: maybe { $0.address() })
            : .tunnel(name: text(), send: maybe { $0.label() }, receive: maybe { $0.label() })
    }

    private mutating func binding() -> LabelBinding {
        LabelBinding(
            in: label(), operation: once(2) ? .pop : .swap(some { $0.label() }),
            via: once(2) ? .line(text()) : .tunnel(text()))
    }

    // MARK: Values

    /// Words that YAML might take for something else, and characters that it might stumble over.
    private mutating func text() -> String {
        let words = [
            "north", "acme-north", "a b", "null", "~", "true", "No", "1", "1.5", "0x10", "1e3", "16:30",
            "- a", "-", "#",
            "a #b", "a: b", "a:", "&a *a", "*a", "{", "}", "[", "]", ",", "\"", "'", "\\", "é", "日本", "🚲",
            "!x", "%",
            "@", "`", "|", ">", "?", "=", "<<", "1_000", ".5", "...", "---", "2026-11-21", "\u{85}",
            "\u{2028}", "x\u{feff}",
            "10.0.0.1/30", "02:00:00:00:00:01", "a/b.pcap", "\t", "\n", " ", "\u{7f}", "\u{1}", "automatic",
        ]
        return (0...random.number(0...2)).map { _ in random.element(words) }.joined()
    }

    private mutating func address() -> IPAddress {
        IPAddress(
            random.element([
                "10.0.0.1", "192.0.2.255", "0.0.0.0", "2001:db8::1", "::", "fe80::", "::ffff:10.0.0.1",
            ]))!
    }

    private mutating func prefix() -> IPPrefix {
        let address = address()
        return IPPrefix(covering: address, bitCount: random.number(0...address.version.addressBitCount))
    }

    private mutating func mac() -> MACAddress { MACAddress(rawValue: random.next()) }
    private mutating func label() -> Label { Label(unchecked: UInt32(random.number(16...0xf_ffff))) }

    // MARK: Chance

    mutating func once(_ times: Int) -> Bool { random.once(in: times) }

    private mutating func maybe<Value>(_ value: (inout Self) -> Value) -> Value? {
        once(2) ? nil : value(&self)
    }

    private mutating func some<Value>(_ value: (inout Self) -> Value) -> [Value] {
        (0..<random.number(0...4)).map { _ in value(&self) }
    }

    private mutating func named<Object>(_ object: (inout Self, String) -> Object) -> [Object] {
        var names: Set<String> = []
        return some { $0.text() }.filter { names.insert($0).inserted }.map { object(&self, $0) }
    }
}
