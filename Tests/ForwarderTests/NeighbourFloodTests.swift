import Tables
import Testbed
import Testing
import Wire

@testable import Forwarder

/// What strangers on a link can't do to the neighbours, by claiming any number of addresses.
@Suite("Floods of neighbours") struct NeighbourFloodTests {
    private static let second: UInt64 = 1_000_000_000
    private let mac = MACAddress(rawValue: 0x0200_0000_0099)
    private let other = MACAddress(rawValue: 0x0200_0000_0077)

    /// An edge whose access port has subscribers on its link, and one beyond it.
    private static let edge = """
        ports:
          access0: { packet: veth-a, role: access, addresses: [10.0.0.1/8, "2001:db8:1:5::1/64"] }
          access1: { packet: veth-b, role: access, addresses: [10.9.0.1/24] }
          core0: { packet: veth-core, role: network, addresses: [192.0.2.1/30] }
        lines: { north: { port: core0, nextHop: 192.0.2.2 } }
        providers: { acme: {} }
        services: { video: { provider: acme, prefixes: [198.51.100.0/24] } }
        tunnels: { t: { line: north, ipip: { local: 192.0.2.1, remote: 203.0.113.9 } } }
        subscribers:
          alice: { port: access0, addresses: [10.1.0.5, 172.16.0.5, "2001:db8:1:5::/64"] }
          bob: { port: access1, addresses: [172.16.0.6] }
        conditions: [{ subscriber: alice, service: video }]
        sessions:
          av: { subscriber: alice, service: video, access: { port: access0 }, network: { tunnel: t } }

        """

    private let tables: WorkerTables
    /// A resolver that has taken in the edge.
    private let resolver: NeighbourResolver
    private let onLink: AdjacencyIndex

    init() throws {
        let publication = Edges.tables(Edges.compile(Self.edge)).publication
        let tables = WorkerTables(publication)
        var resolver = NeighbourResolver()
        var adoption = Adoption(Publication(tables: publication, ports: []))
        while !adoption.isDone { _ = adoption.advance(tables, &resolver, limit: 256) }
        let places = (0..<tables.placeCount).compactMap { tables.adjacency(inPlace: $0) }
        onLink = try #require(places.first { tables.adjacencies[Int($0.rawValue)].state == .onLink })
        self.tables = tables
        self.resolver = resolver
    }

    private func key(_ address: IPAddress) -> NeighbourResolver.Key {
        NeighbourResolver.Key(port: 0, tags: 0, address: address)
    }
    private func key(_ text: String) throws -> NeighbourResolver.Key { key(try #require(IPAddress(text))) }
    private func claim(_ number: Int) -> NeighbourResolver.Key {
        key(.v4(IPv4Address(rawValue: 0x0a40_0000 + UInt32(number))))
    }

    /// Asks, and expects that this may be.
    private func ask(
        _ neighbours: inout NeighbourResolver, _ key: NeighbourResolver.Key, isKnown: Bool, at time: UInt64,
        isRefused: Bool = false
    ) {
        let mayAsk = neighbours.mayAsk(key, isKnown: isKnown, at: time)
        #expect(mayAsk != isRefused)
    }

    @Test(
        "only who belongs on the link is learned unasked",
        arguments: [
            ("10.1.0.5", true), ("10.200.0.9", true), ("172.16.0.5", true), ("2001:db8:1:5::77", true),
            ("80.0.0.1", false), ("172.16.0.6", false), ("2001:db8:1:6::77", false), ("fe80::77", false),
            ("10.255.255.255", false), ("224.0.0.5", false), ("10.0.0.1", false), ("ff02::5", false),
        ])
    func atHome(_ address: String, isLearned: Bool) throws {
        var neighbours = resolver
        let key = try key(address)
        neighbours.learn(key, mac, tables, isForUs: true, at: Self.second)
        #expect(tables.hasNeighbour(key.address, onLink: onLink) == isLearned)
    }

    @Test("a flood of claims fills the table, and displaces nobody who has answered us")
    func flood() throws {
        var neighbours = resolver
        let real = try key("10.1.0.5")
        ask(&neighbours, real, isKnown: false, at: Self.second)
        neighbours.learn(real, mac, tables, isForUs: false, at: Self.second)
        for number in 0..<ForwardingTables.neighbourCapacity + 1000 {
            neighbours.learn(claim(number), other, tables, isForUs: true, at: 2 * Self.second)
        }
        #expect(tables.isFull)
        #expect(tables.hasNeighbour(real.address, onLink: onLink))
        // The oldest claims had to go.
        #expect(!tables.hasNeighbour(claim(0).address, onLink: onLink))
        #expect(!tables.hasNeighbour(claim(1000).address, onLink: onLink))
        #expect(tables.hasNeighbour(claim(1001).address, onLink: onLink))

        // One who comes later finds a place, with an answer or with a claim of their own.
        let late = try key("10.1.0.6")
        neighbours.learn(late, mac, tables, isForUs: true, at: 3 * Self.second)
        #expect(tables.hasNeighbour(late.address, onLink: onLink))
        let asked = try key("2001:db8:1:5::6")
        ask(&neighbours, asked, isKnown: false, at: 3 * Self.second)
        neighbours.learn(asked, mac, tables, isForUs: false, at: 3 * Self.second)
        #expect(tables.hasNeighbour(asked.address, onLink: onLink))

        // Silence frees the places again, at no more than so many a second.
        var calls = 0
        while tables.hasNeighbour(claim(40_000).address, onLink: onLink), calls < 40 {
            _ = neighbours.due(tables, at: UInt64(70 + calls) * Self.second, limit: 64)
            calls += 1
        }
        #expect(calls > 1 && !tables.isFull)
        neighbours.learn(claim(7), other, tables, isForUs: true, at: 200 * Self.second)
        #expect(tables.hasNeighbour(claim(7).address, onLink: onLink))
    }

    @Test("where all have answered, the oldest makes room, but only for an answer")
    func answers() throws {
        var neighbours = resolver
        for number in 0..<ForwardingTables.neighbourCapacity {
            let time = UInt64(1 + number / 4000) * Self.second
            ask(&neighbours, claim(number), isKnown: false, at: time)
            neighbours.learn(claim(number), other, tables, isForUs: false, at: time)
        }
        let real = try key("10.1.0.5")
        neighbours.learn(real, mac, tables, isForUs: true, at: 20 * Self.second)
        #expect(!tables.hasNeighbour(real.address, onLink: onLink))
        ask(&neighbours, real, isKnown: false, at: 20 * Self.second)
        neighbours.learn(real, mac, tables, isForUs: false, at: 20 * Self.second)
        #expect(tables.hasNeighbour(real.address, onLink: onLink))
        #expect(!tables.hasNeighbour(claim(0).address, onLink: onLink))
    }

    @Test("questions about strangers run out; those about next hops and neighbours don't")
    func questions() throws {
        var neighbours = resolver
        var allowed = 0
        for number in 0..<10_000 where neighbours.mayAsk(claim(number), isKnown: false, at: Self.second) {
            allowed += 1
        }
        #expect(allowed == 4096)
        let nextHop = try key("192.0.2.2")
        ask(&neighbours, nextHop, isKnown: true, at: Self.second)
        ask(&neighbours, nextHop, isKnown: true, at: Self.second, isRefused: true)
        ask(&neighbours, claim(20_000), isKnown: false, at: 2 * Self.second)
    }

    @Test("a neighbour that falls silent is asked thrice, then forgotten, and its place is another's")
    func silence() throws {
        var neighbours = resolver
        let real = try key("10.1.0.5")
        neighbours.learn(real, mac, tables, isForUs: true, at: Self.second)
        let count = tables.placeCount
        var asked: [Int] = []
        for time in 1...61 {
            let due = neighbours.due(tables, at: UInt64(time) * Self.second, limit: 64)
            if due.contains(where: { !tables.isConfigured($0) }) { asked.append(time) }
        }
        #expect(asked == [16, 31, 46])
        #expect(!tables.hasNeighbour(real.address, onLink: onLink))
        neighbours.learn(claim(1), mac, tables, isForUs: true, at: 62 * Self.second)
        #expect(tables.placeCount == count)
    }

    @Test("a port whose link was interrupted has no neighbours left")
    func interrupted() throws {
        var neighbours = resolver
        for number in 0..<10 {
            neighbours.learn(claim(number), mac, tables, isForUs: true, at: Self.second)
        }
        neighbours.beginForgetting(port: 0)
        while neighbours.isForgetting { neighbours.forgetSome(tables, limit: 7) }
        for number in 0..<10 { #expect(!tables.hasNeighbour(claim(number).address, onLink: onLink)) }
        neighbours.learn(claim(3), mac, tables, isForUs: true, at: Self.second)
        #expect(tables.hasNeighbour(claim(3).address, onLink: onLink))
    }

    @Test("an adjacency's VLANs, as they are looked up", arguments: [[], [100], [4094, 7]] as [[UInt16]])
    func packedTags(_ tags: [UInt16]) {
        let adjacency = Adjacency(port: 3, source: mac, tags: tags, nextHop: nil, destination: nil)
        #expect(adjacency.packedTags == tags.reduce(0) { $0 << 16 | UInt32($1) })
    }
}
