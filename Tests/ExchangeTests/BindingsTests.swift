import Testbed
import Testing
import Wire

@testable import Exchange

@Suite("Label tables in bulk") struct BindingsTests {
    private let state: State = {
        var exchange = ExchangeDescription()
        exchange.ports = [
            Port(name: "tun", medium: .tun(interface: "tun0"), role: .access),
            Port(
                name: "core", medium: .packet(interface: "eth0"), role: .network,
                addresses: [InterfaceAddress(.v4(IPv4Address(rawValue: 0xc000_0201)), bitCount: 30)!]),
        ]
        let hop = IPAddress.v4(IPv4Address(rawValue: 0xc000_0202))
        exchange.lines = [Line(name: "north", port: "core", nextHop: hop)]
        exchange.tunnels = [
            Tunnel(
                name: "deep", line: "north",
                encapsulation: .mpls(
                    MPLSEncapsulation(send: (1...6).map { Label(unchecked: 100 + $0) }, receive: label(500))))
        ]
        exchange.labels = [LabelBinding(in: label(20), operation: .pop, via: .line("north"))]
        precondition(exchange.validate().isEmpty, "\(exchange.validate())")
        return State(exchange)
    }()

    private static func label(_ number: UInt32) -> Label { Label(unchecked: number) }

    private func change(
        _ number: UInt32, _ out: [UInt32]? = [30], _ via: LabelBinding.Via = .line("north"),
        expecting revision: UInt64? = nil
    ) -> Change {
        let operation = out.map { LabelBinding.Operation.swap($0.map(Self.label)) } ?? .pop
        return Change(
            .put(.label(LabelBinding(in: Self.label(number), operation: operation, via: via))),
            expectedRevision: revision)
    }

    @Test("Plain tables are taken without further ado")
    func plain() {
        #expect(state.areFaultlessBindings([]))
        #expect(state.areFaultlessBindings((16..<1000).filter { $0 != 500 }.map { change($0) }))
        #expect(state.areFaultlessBindings([change(20, nil), change(21, [22, 23], .tunnel("deep"))]))
        #expect(state.areFaultlessBindings([change(20, expecting: 0), change(21, expecting: 0)]))
    }

    @Test("Everything else is left to the full validation, and refused there")
    func faulty() {
        let wrong: [[Change]] = [
            [change(15)], [change(21), change(21)], [change(21, [])], [change(21, [3])], [change(500)],
            [change(21, Array(repeating: 30, count: 9))], [change(21, [30], .line("south"))],
            [change(21, [30], .tunnel("deeper"))], [change(21, [1, 2, 3].map { $0 + 30 }, .tunnel("deep"))],
            [change(21, expecting: 4)],
        ]
        for changes in wrong {
            #expect(!state.areFaultlessBindings(changes))
            #expect(!state.validate(Command(time: 1, action: .change(changes))).isEmpty, "\(changes)")
        }
        let other = Change(.remove(.label(Self.label(20))))
        #expect(!state.areFaultlessBindings([other]))
        #expect(state.validate(Command(time: 1, action: .change([other]))).isEmpty)
    }

    @Test(
        "What is taken without further ado, the full validation takes too", arguments: SeededGenerator.seeds)
    func agreement(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var takenCount = 0
        let ways: [LabelBinding.Via] = [.line("north"), .tunnel("deep"), .line("south"), .tunnel("north")]
        for _ in 0..<2000 {
            let changes = (0..<random.number(1...3)).map { _ in
                let out = (0..<random.number(0...4)).map { _ in UInt32(random.number(12...60)) }
                return change(
                    UInt32(random.number(random.once(in: 8) ? 10...600 : 16...60)),
                    random.once(in: 6) ? nil : out,
                    ways[random.once(in: 6) ? random.number(0...3) : random.number(0...1)],
                    expecting: random.once(in: 6) ? UInt64(random.number(0...1)) : nil)
            }
            let isTaken = state.areFaultlessBindings(changes)
            let faults = state.fullRejections(of: changes)
            if isTaken { takenCount += 1 }
            #expect(!isTaken || faults.isEmpty, "seed \(seed): \(changes), \(faults)")
        }
        #expect(takenCount > 100, "seed \(seed)")
    }

    @Test("Slots by number: what a dictionary says", arguments: SeededGenerator.seeds)
    func slotMap(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var map = SlotMap()
        var oracle: [UInt64: Int] = [:]
        var wrong = 0
        for round in 0..<30_000 {
            let key = UInt64(random.number(0...1)) << 32 | UInt64(random.number(0...3000))
            if random.number(0...9) < (round < 15_000 ? 7 : 3) {
                map[key] = round
                oracle[key] = round
            } else {
                map[key] = nil
                oracle[key] = nil
            }
            let probe = UInt64(random.number(0...1)) << 32 | UInt64(random.number(0...3000))
            if map[probe] != oracle[probe] || map.count != oracle.count { wrong += 1 }
        }
        #expect(wrong == 0, "seed \(seed)")
    }
}
