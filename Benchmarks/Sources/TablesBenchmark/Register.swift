import Exchange
import Wire

/// Subscribers with a session each, in MPLS tunnels of 60,000 user labels.
enum Register {
    private static let sessionsPerTunnel = 60_000

    /// Everything but subscribers, conditions and sessions.
    static var foundation: [Change] {
        let access = Port(name: "access0", medium: .tun(interface: "tun0"), role: .access)
        let core = Port(
            name: "core0", medium: .packet(interface: "eth0"), role: .network,
            addresses: [InterfaceAddress(v4(0xc000_0201), bitCount: 30)!])
        let line = Line(name: "north", port: "core0", nextHop: v4(0xc000_0202))
        let service = Service(
            name: "video", provider: "acme",
            prefixes: [IPPrefix(covering: v4(0xc633_6400), bitCount: 24)])
        let tunnels = (0..<20).map { number in
            Tunnel(
                name: "tunnel-\(number)", line: "north",
                encapsulation: .mpls(
                    MPLSEncapsulation(send: [label(16 + number)], receive: label(100 + number))))
        }
        return [
            .put(.port(access)), .put(.port(core)), .put(.line(line)),
            .put(.provider(Provider(name: "acme", title: "Acme"))), .put(.service(service)),
        ].map { Change($0) } + tunnels.map { Change(.put(.tunnel($0))) }
    }

    /// A subscriber, a condition and a session for each number.
    static func sessions(_ numbers: Range<Int>) -> [Change] {
        numbers.flatMap { number in
            [
                Change(
                    .put(
                        .subscriber(
                            Subscriber(
                                name: name(number), port: "access0",
                                addresses: [IPPrefix(v4(0x0a00_0000 + UInt32(number)))])))),
                Change(.put(.condition(Condition(subscriber: name(number), service: "video")))),
                Change(.put(.session(session(number)))),
            ]
        }
    }

    /// Transit labels, each swapped for another.
    static func labels(_ count: Int) -> [Change] {
        (0..<count).map {
            let out = LabelBinding.Operation.swap([label(16 + ($0 + 17) % 1_000_000)])
            return Change(
                .put(.label(LabelBinding(in: label(40_000 + $0), operation: out, via: .line("north")))))
        }
    }

    static func session(_ number: Int) -> Session {
        Session(
            name: name(number), subscriber: name(number), service: "video",
            access: .plain(port: "access0", nextHop: nil),
            network: .tunnel(
                name: "tunnel-\(number / sessionsPerTunnel)",
                send: label(100_000 + number % sessionsPerTunnel),
                receive: label(200_000 + number % sessionsPerTunnel)))
    }

    static func name(_ number: Int) -> String { "s\(number)" }

    private static func v4(_ bits: UInt32) -> IPAddress { .v4(IPv4Address(rawValue: bits)) }
    private static func label(_ number: Int) -> Label { Label(rawValue: UInt32(number))! }
}
