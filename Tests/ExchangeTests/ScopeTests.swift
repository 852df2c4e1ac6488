import Testing
import Wire

@testable import Exchange

/// How little is looked at. What is looked at is enough: `StateMachineTests` shows it.
@Suite struct ScopeTests {
    private static let count = 2_000

    /// Many subscribers with a session each, in one tunnel, and many labels over one line.
    private static func large() -> State {
        var exchange = ExchangeDescription()
        exchange.ports = [
            Port(name: "access", medium: .tun(interface: "tun0"), role: .access),
            Port(name: "core", medium: .packet(interface: "eth0"), role: .network),
        ]
        exchange.lines = [Line(name: "north", port: "core", nextHop: .v4(IPv4Address(rawValue: 0x0a00_0002)))]
        exchange.providers = [Provider(name: "acme", title: "Acme")]
        exchange.services = [
            Service(
                name: "video", provider: "acme", prefixes: [IPPrefix(.v4(IPv4Address(rawValue: 0xc633_6401)))]
            )
        ]
        let mpls = MPLSEncapsulation(send: [Label(unchecked: 16)], receive: Label(rawValue: 17))
        exchange.tunnels = [Tunnel(name: "t", line: "north", encapsulation: .mpls(mpls))]
        exchange.subscribers = (0...count).map {
            Subscriber(name: "u\($0)", port: "access", addresses: [address($0)])
        }
        exchange.conditions = (0...count).map { Condition(subscriber: "u\($0)", service: "video") }
        exchange.sessions = (0..<count).map { session($0) }
        exchange.labels = (0..<count).map {
            LabelBinding(in: Label(unchecked: 100_000 + UInt32($0)), operation: .pop, via: .line("north"))
        }
        return State(exchange)
    }

    private static func address(_ number: Int) -> IPPrefix {
        IPPrefix(.v4(IPv4Address(rawValue: 0x0b00_0000 + UInt32(number))))
    }

    private static func session(_ number: Int) -> Session {
        let label = Label(unchecked: 1_000 + UInt32(number))
        return Session(
            name: "a\(number)", subscriber: "u\(number)", service: "video",
            access: .plain(port: "access", nextHop: nil),
            network: .tunnel(name: "t", send: label, receive: label))
    }

    private static func scope(_ object: ExchangeObject, _ state: State) -> ExchangeDescription {
        var scope = Scope(state)
        scope.put(object)
        scope.gather(for: [object])
        return scope.description
    }

    @Test("PX-4 to open one session among many, ten objects are looked at")
    func session() {
        let scope = Self.scope(.session(Self.session(Self.count)), Self.large())
        let counts = [
            scope.ports.count, scope.lines.count, scope.providers.count, scope.services.count,
            scope.tunnels.count,
            scope.subscribers.count, scope.conditions.count, scope.sessions.count, scope.labels.count,
        ]
        #expect(counts == [2, 1, 1, 1, 1, 1, 1, 1, 0])
    }

    @Test("PX-4 one that collides is found among many, and it alone")
    func collision() {
        let state = Self.large()
        var session = Self.session(Self.count)
        let label = Label(unchecked: 1_007)
        session.network = .tunnel(name: "t", send: label, receive: label)
        #expect(Self.scope(.session(session), state).sessions.map(\.name) == ["a7", "a\(Self.count)"])
        let late = Subscriber(name: "late", addresses: [IPPrefix("11.0.0.0/30")!])
        #expect(Self.scope(.subscriber(late), state).subscribers.count == 2)
        let command = Command(time: 0, action: .change([Change(.put(.session(session)))]))
        #expect(
            state.validate(command).map(\.message)
                == ["session `a2000`: user label 1007 is session `a7`'s already on tunnel `t`; give another"])
    }

    @Test("PX-4 a label is looked at beside its line, and a line beside all that depends on it")
    func label() {
        let state = Self.large()
        let binding = LabelBinding(in: Label(unchecked: 99), operation: .pop, via: .line("north"))
        let scope = Self.scope(.label(binding), state)
        #expect(scope.labels == [binding] && scope.lines.count == 1 && scope.sessions.isEmpty)
        var line = state.lines["north"]!
        line.mtu = 1400
        let wide = Self.scope(.line(line), state)
        #expect(wide.labels.count == Self.count && wide.sessions.count == Self.count)
    }
}
