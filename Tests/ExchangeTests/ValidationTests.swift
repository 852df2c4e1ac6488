import Exchange
import Testbed
import Testing
import Wire

/// What a table in a file can't show well: sizes, random descriptions and equality. Each rejection by itself
/// is reached in ExchangeFileTests.
@Suite struct ValidationTests {
    @Test("an empty description has nothing wrong with it") func empty() {
        #expect(ExchangeDescription().validate() == [])
    }

    @Test("more of anything than its limit is refused, and the limit itself is not")
    func counts() {
        for excess in [0, 1] {
            var exchange = ExchangeDescription()
            exchange.ports = (0..<Limits.ports + excess).map {
                Port(name: "p\($0)", medium: .packet(interface: "eth\($0)"), role: .network)
            }
            exchange.lines = (0..<Limits.lines + excess).map {
                Line(name: "l\($0)", port: "p0", nextHop: .v4(IPv4Address(rawValue: 0x0a00_0001)))
            }
            exchange.providers = (0..<Limits.providers + excess).map { Provider(name: "p\($0)", title: "P") }
            exchange.services = (0..<Limits.services + excess).map {
                Service(name: "s\($0)", provider: "p0", prefixes: [address($0)])
            }
            exchange.tunnels = (0..<Limits.tunnels + excess).map {
                let mpls = MPLSEncapsulation(
                    send: [Label(unchecked: 16)], receive: Label(unchecked: UInt32(16 + $0)))
                return Tunnel(name: "t\($0)", line: "l0", encapsulation: .mpls(mpls))
            }
            let found = exchange.validate().map(\.message)
            #expect(found.count == 5 * excess)
            for kind in ["256 are", "4096 are", "65536 are"] {
                #expect(found.contains { $0.contains("at most \(kind) allowed") } == (excess == 1))
            }
        }
    }

    @Test("a million sessions, and one more") func sessions() {
        var exchange = ExchangeDescription()
        let count = Limits.sessions + 1
        exchange.subscribers = (0..<count).map { Subscriber(name: "u\($0)", addresses: [address($0)]) }
        exchange.conditions = Array(repeating: Condition(subscriber: "u0", service: "s0"), count: count)
        exchange.labels = (0..<count).map {
            LabelBinding(in: Label(unchecked: UInt32(16 + $0 % 1_000_000)), operation: .pop, via: .line("l0"))
        }
        let leg = Legs.plain(port: "p0", nextHop: nil)
        exchange.sessions = (0..<count).map {
            Session(name: "a\($0)", subscriber: "u\($0)", service: "s0", access: leg, network: leg)
        }
        let found = exchange.validate(limit: 4).map(\.message)
        #expect(found.count == 4)
        for kind in ["subscriber", "session", "condition", "label"] {
            #expect(
                found.contains(
                    "there are 1048577 \(kind)s, and at most 1048576 are allowed; spread them over several "
                        + "exchanges"
                ))
        }
    }

    @Test("overlaps are found exactly where a comparison of every pair finds them", arguments: 0..<40)
    func overlaps(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var exchange = ExchangeDescription()
        exchange.subscribers = (0..<Int.random(in: 2...12, using: &random)).map { index in
            let prefixes = (0..<Int.random(in: 1...3, using: &random)).map { _ in prefix(&random) }
            return Subscriber(name: "u\(index)", addresses: prefixes)
        }
        let everyPair = exchange.subscribers.indices.contains { a in
            exchange.subscribers.indices.contains { b in
                a != b
                    && exchange.subscribers[a].addresses.contains { prefix in
                        exchange.subscribers[b].addresses.contains { prefix.overlaps($0) }
                    }
            }
        }
        let found = exchange.validate().contains { $0.message.contains("overlaps") }
        #expect(found == everyPair, "seed \(seed): \(exchange.subscribers)")
    }

    @Test("places are not part of what is described") func placesAreNotCompared() {
        let here = Provider(name: "acme", title: "Acme", location: SourceLocation(line: 1, column: 1))
        let there = Provider(name: "acme", title: "Acme", location: SourceLocation(line: 9, column: 3))
        #expect(here == there)
        #expect(here != Provider(name: "acme", title: "ACME", location: here.location))
    }

    @Test("rejections come in the order of the file, however they were found") func order() {
        var exchange = ExchangeDescription()
        exchange.ports = [port("b", line: 9), port("a", line: 3), port("c", line: 5)]
        exchange.lines = [Line(name: "l", port: "nowhere", location: SourceLocation(line: 4, column: 1))]
        #expect(exchange.validate().map(\.location?.line) == [3, 4, 5, 9])
        #expect(exchange.validate(limit: 2).count == 2)
    }

    private func port(_ name: String, line: Int) -> Port {
        Port(
            name: name, medium: .file(read: nil, write: nil, link: .ip), role: .access,
            location: SourceLocation(line: line, column: 1))
    }

    private func address(_ index: Int) -> IPPrefix {
        IPPrefix(.v4(IPv4Address(rawValue: 0x0a00_0000 + UInt32(index))))
    }

    /// A prefix out of few enough that many overlap and many don't.
    private func prefix(_ random: inout SeededGenerator) -> IPPrefix {
        if Bool.random(using: &random) {
            let address = IPv4Address(rawValue: 0x0a00_0000 | UInt32.random(in: 0..<256, using: &random))
            return IPPrefix(covering: .v4(address), bitCount: Int.random(in: 25...32, using: &random))
        }
        let address = IPv6Address(high: 0x2001_0db8 << 32, low: UInt64.random(in: 0..<256, using: &random))
        return IPPrefix(covering: .v6(address), bitCount: Int.random(in: 121...128, using: &random))
    }
}
