import Exchange
import ExchangeFile
import Testbed
import Testing
import Wire

@Suite struct GoodFileTests {
    let exchange: ExchangeDescription

    init() throws { exchange = try ExchangeFile.parse(text: wholeExchange, fileName: "edge.yaml") }

    @Test("everything stands in file order, with its place") func order() {
        #expect(
            exchange.ports.map(\.name) == ["access0", "access1", "core0", "core1", "core2", "taps", "listen"])
        #expect(exchange.sessions.map(\.name) == ["alice-video", "bob-video", "carol-mail", "dave-mail"])
        #expect(exchange.conditions.map(\.subscriber) == ["alice", "bob", "bob", "carol", "dave"])
        #expect(exchange.ports[0].location == SourceLocation(line: 2, column: 3))
        #expect(exchange.conditions[0].location == SourceLocation(line: 31, column: 5))
        #expect(exchange.labels[2].location == SourceLocation(line: 48, column: 5))
    }

    @Test("CD-1 CD-2 CD-3 ports of every medium") func ports() throws {
        #expect(exchange.ports.map(\.isEthernet) == [false, true, true, true, false, false, true])
        #expect(exchange.ports[5].medium == .file(read: "in.pcap", write: "out.pcap", link: .ip))
        #expect(exchange.ports[6].medium == .capture(interface: "mirror0"))
        #expect(exchange.ports[0].routes == .automatic)
        #expect(try exchange.ports[4].routes == .prefixes([#require(IPPrefix("10.1.0.0/24"))]))
        #expect(
            try exchange.ports[2]
                == Port(
                    name: "core0", medium: .packet(interface: "veth-core"), role: .network,
                    addresses: ["10.0.0.1/30", "2001:db8:ff::1/64"].map {
                        try #require(InterfaceAddress($0))
                    },
                    mtu: 9000,
                    neighbours: [
                        Neighbour(
                            address: #require(IPAddress("10.0.0.2")),
                            mac: MACAddress(rawValue: 0x0200_0000_0002))
                    ]))
    }

    @Test("CD-4 CD-5 lines, and tunnels of both formats") func tunnels() throws {
        #expect(exchange.lines.map(\.capacityBitsPerSecond) == [1_000_000_000, nil, nil])
        #expect(exchange.lines.map(\.mtu) == [1500, 1500, 1500])
        let encapsulations: [Tunnel.Encapsulation] = try [
            .mpls(MPLSEncapsulation(send: [Label(unchecked: 16001)], receive: Label(rawValue: 17001))),
            .mpls(MPLSEncapsulation(null: .implicit, php: true, ttl: .pipe(64), trafficClass: .fixed(5))),
            .ipip(
                IPIPEncapsulation(
                    local: #require(IPAddress("192.0.2.1")), remote: #require(IPAddress("192.0.2.9")),
                    ttl: .fixed(32), dscp: .fixed(46), df: .set)),
        ]
        #expect(exchange.tunnels.map(\.encapsulation) == encapsulations)
        #expect(exchange.tunnels.map(\.encapsulation.overheadByteCount) == [8, 4, 20])
    }

    @Test("PX-6 PX-10 providers, services and subscribers") func register() throws {
        #expect(exchange.providers.map(\.title) == ["Acme Media", "beta"])
        #expect(try exchange.services[2].prefixes == [#require(IPPrefix("203.0.113.5/32"))])
        #expect(exchange.subscribers.map(\.vlan) == [[], [100, 7], [], [5]])
        #expect(exchange.subscribers.map(\.port) == ["access0", "access1", nil, "access1"])
        #expect(exchange.subscribers[3].nextHop == IPAddress("10.2.0.9"))
    }

    @Test("PX-4 conditions") func conditions() {
        #expect(
            exchange.conditions.map(\.allow) == [
                [Rule(protocol: .tcp, ports: [80...80, 8000...8099]), Rule(protocol: .icmp)],
                [Rule(protocol: .number(47)), Rule(protocol: .udp)], nil, [Rule(protocol: .any)], nil,
            ])
    }

    @Test("PX-1 sessions with legs of every kind") func sessions() {
        #expect(exchange.sessions[0].access == .plain(port: "access0", nextHop: nil))
        #expect(
            exchange.sessions[0].network
                == .tunnel(
                    name: "acme-north", send: Label(rawValue: 100_042), receive: Label(rawValue: 200_042)))
        #expect(exchange.sessions[2].network == .tunnel(name: "beta-west", send: nil, receive: nil))
        #expect(exchange.sessions[3].network == .plain(port: "core0", nextHop: IPAddress("10.0.0.2")))
    }

    @Test("PX-4 policers, several paths, class maps: what is given, and nothing else")
    func newerKeys() throws {
        let text = Edit(
            "network: { tunnel: beta-west }",
            """
            policer: { down: { committed: 2Mbit, peak: 4Mbit, burst: 5000, yellow: { dscp: af12 }, red: pass } },
            network: [{ tunnel: beta-west }, { tunnel: acme-php, send: 30, receive: 31 }]
            """
        ).apply(
            to: Edit(
                "dscp: 46", "dscp: { 0: le, ef: 46, default: cs1 }, ecn: compatibility, innerDSCP: outer"
            ).apply(
                to: Edit("trafficClass: 5", "trafficClass: { ef: 5, default: copy }, innerDSCP: { 5: ef }")
                    .apply(
                        to: Edit("send: 16001,", "send: [16001, 16002],").apply(to: wholeExchange))))
        let exchange = try ExchangeFile.parse(text: text, fileName: "edge.yaml")
        let session = exchange.sessions[2]
        #expect(session.upPolicer == nil)
        #expect(
            session.downPolicer
                == Policer(
                    committedBitsPerSecond: 2_000_000, peakBitsPerSecond: 4_000_000,
                    committedBurstByteCount: 5000,
                    yellow: .dscp(12), red: .pass))
        #expect(
            session.network.each == [
                .tunnel(name: "beta-west", send: nil, receive: nil),
                .tunnel(name: "acme-php", send: Label(rawValue: 30), receive: Label(rawValue: 31)),
            ])
        guard case .mpls(let path) = exchange.tunnels[0].encapsulation,
            case .mpls(let php) = exchange.tunnels[1].encapsulation,
            case .ipip(let ipip) = exchange.tunnels[2].encapsulation
        else {
            Issue.record("the tunnels are of other kinds")
            return
        }
        #expect(path.send.map(\.rawValue) == [16001, 16002] && path.overheadByteCount == 12)
        var classes = ClassMap(count: ClassMap.dscpCount)
        classes[46] = 5
        var inner = ClassMap(count: ClassMap.trafficClassCount)
        inner[5] = 46
        #expect(php.trafficClass == .map(classes) && php.innerDSCP == inner)
        var dscps = ClassMap(count: ClassMap.dscpCount, otherwise: 8)
        (dscps[0], dscps[46]) = (1, 46)
        #expect(ipip.dscp == .map(dscps) && ipip.ecn == .compatibility && ipip.innerDSCP == .outer)
        #expect(ipip.ttl == .fixed(32))
    }

    @Test("RFC 2474, 2597, 3246, 5865, 8622: the names of DSCPs")
    func dscpNames() {
        let names: [(String, UInt8)] = [
            ("cs0", 0), ("be", 0), ("le", 1), ("cs1", 8), ("af11", 10), ("af12", 12), ("af13", 14),
            ("af21", 18),
            ("af33", 30), ("af43", 38), ("voice-admit", 44), ("ef", 46), ("cs6", 48), ("cs7", 56), ("63", 63),
        ]
        for (name, number) in names { #expect(DSCP.number(name) == number, "\(name)") }
        for text in ["64", "", "EF", "af14", "af51", "cs8", "-1", "0x2e", "256"] {
            #expect(DSCP.number(text) == nil, "\(text)")
        }
        for number in 0..<UInt8(64) {
            if let name = DSCP.name(number) { #expect(DSCP.number(name) == number) }
        }
        #expect(DSCP.name(0) == "cs0" && DSCP.name(2) == nil)
    }

    @Test("CD-7 label bindings") func labels() {
        #expect(exchange.labels.map(\.in.rawValue) == [16100, 16101, 16102])
        #expect(
            exchange.labels.map(\.operation) == [
                .swap([Label(unchecked: 16200)]), .pop,
                .swap([Label(unchecked: 16201), Label(unchecked: 16202)]),
            ])
        #expect(exchange.labels.map(\.via) == [.line("north"), .line("north"), .tunnel("acme-north")])
    }

    @Test(
        "edits that change nothing but the form",
        arguments: [
            Edit("[10.1.0.5, \"2001:db8:1::/64\"]", "[10.1.0.5/32, 2001:db8:1:0::/64]"),
            Edit("capacity: 1Gbit", "capacity: 1000000000"), Edit("mtu: 1500, ", ""),
            Edit("ports:\n", "# An edge.\n\nports:\n"), Edit("ports:\n", "---\nports:\n"),
            Edit("ports:\n", "\u{feff}ports:\n"), Edit("role: access", "role: \"access\""),
            Edit("via: north", "via: { line: north }"),
            Edit("swap: 16200", "swap: [16200]"), Edit("name: Acme Media", "name: 'Acme Media'"),
            Edit(", routes: automatic", ""), Edit("beta:\n", "beta: { name: beta }\n"),
        ])
    func sameMeaning(edit: Edit) throws {
        #expect(
            try ExchangeFile.parse(text: edit.apply(to: wholeExchange), fileName: "edge.yaml") == exchange)
    }

    @Test(
        "the traffic class and TTL knobs",
        arguments: [
            ("pipe", MPLSEncapsulation.TTL.pipe(255)), ("uniform", .uniform), ("1", .pipe(1)),
            ("255", .pipe(255)),
        ])
    func ttl(text: String, ttl: MPLSEncapsulation.TTL) throws {
        let edited = Edit("ttl: 64", "ttl: \(text)").apply(to: wholeExchange)
        let tunnel = try ExchangeFile.parse(text: edited, fileName: "edge.yaml").tunnels[1]
        guard case .mpls(let mpls) = tunnel.encapsulation else {
            Issue.record("not MPLS")
            return
        }
        #expect(mpls.ttl == ttl)
    }

    @Test(
        "the demonstration's files are taken as they stand",
        arguments: ["edge-a.yaml", "edge-b.yaml"])
    func demonstration(name: String) throws {
        let exchange = try ExchangeFile.load(path: "\(repositoryRoot())/deploy/quickstart.d/\(name)")
        #expect(!exchange.sessions.isEmpty)
        let text = ExchangeFile.text(of: exchange)
        #expect(try ExchangeFile.parse(text: text, fileName: name) == exchange)
    }

    @Test("a small access edge decodes as it stands, and is taken once its missing line is there")
    func accessEdge() throws {
        let partial = try ExchangeFile.decode(text: incompleteEdge, fileName: "edge.yaml")
        #expect(partial.tunnels.map(\.line) == ["north", "west"])
        #expect(partial.sessions.count == 1 && partial.labels.count == 2)
        let dangling = rejections(of: incompleteEdge)
        #expect(dangling.contains { $0.message.contains("there is no line `west`") })
        let completed = Edit(
            "lines:      { north", "lines: { west: { port: core1, nextHop: 192.0.2.2 }, north"
        ).apply(
            to: Edit(
                "\nlines:",
                "\n  core1: { packet: veth-west, role: network, addresses: [192.0.2.1/30] }\nlines:"
            ).apply(to: incompleteEdge))
        #expect(rejections(of: completed) == [])
    }
}

/// Flow mappings, comments within, a tunnel whose line is not there.
private let incompleteEdge = """
    ports:
      access0:  { tun: wl-access0, role: access, addresses: [10.1.0.1/24] }
      core0:    { packet: veth-core, role: network, addresses: [10.0.0.1/30, "2001:db8:ff::1/64"] }  # also tap:, file:
    lines:      { north: { port: core0, nextHop: 10.0.0.2, mtu: 1500, capacity: 1Gbit } }
    providers:  { acme: { name: Acme Media } }
    services:   { acme-video: { provider: acme, prefixes: [198.51.100.0/24, "2001:db8:a::/48"] } }
    tunnels:
      acme-north: { line: north, mpls: { send: 16001, receive: 17001 }, capacity: 100Mbit }
      beta-west:  { line: west, ipip: { local: 192.0.2.1, remote: 192.0.2.9 } }
    subscribers: { alice: { port: access0, addresses: [10.1.0.5, "2001:db8:1::/64"] } }
    conditions:
      - { subscriber: alice, service: acme-video, allow: [{ protocol: tcp, ports: [80, 443] }, { protocol: icmp }] }
    sessions:                       # access edge; at the provider's edge the legs are the other way round
      alice-video: { subscriber: alice, service: acme-video,
                     access: { port: access0 }, network: { tunnel: acme-north, send: 100042, receive: 200042 } }
    labels:                         # label table of a transit node
      - { in: 16100, swap: 16200, via: north }
      - { in: 16101, pop: true, via: north }

    """
