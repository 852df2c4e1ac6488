import Testbed
import Testing
import Wire

@testable import Tables

@Suite("Prefixes of owners, our own and confined ones") struct PrefixRegisterTests {
    /// What a register should answer, by going through all prefixes.
    private struct Model {
        var owned: [IPPrefix: UInt32] = [:]
        var local: Set<IPAddress> = []
        var confined: [IPPrefix: Int] = [:]

        func lookup(_ address: IPAddress) -> LookupResult {
            var best: (bitCount: Int, result: LookupResult) = (-1, LookupResult(rawValue: 0))
            func offer(_ prefix: IPPrefix, _ result: LookupResult) {
                guard prefix.address.version == address.version, prefix.bitCount > best.bitCount,
                    IPPrefix(covering: address, bitCount: prefix.bitCount) == prefix
                else { return }
                best = (prefix.bitCount, result)
            }
            // The first of equal ones counts.
            for address in local { offer(IPPrefix(address), .local) }
            for (prefix, index) in owned { offer(prefix, LookupResult(index)) }
            for prefix in confined.keys { offer(prefix, .confined) }
            return best.result
        }
    }

    private static func v4(_ bits: UInt32) -> IPAddress { .v4(IPv4Address(rawValue: bits)) }
    private static func v6(_ high: UInt64, _ low: UInt64) -> IPAddress {
        .v6(IPv6Address(high: high, low: low))
    }

    /// Few enough to meet and to lie in one another.
    private static let addresses: [IPAddress] =
        (0..<16).map { v4(0x0a00_00f8 + $0) }
        + (0..<4).flatMap { high in
            [0, 1, 1 << 63, 1 << 63 | 1].map { v6(0x2001_0db8_0000_0000 + high, $0) }
        }

    private static func prefix(_ random: inout SeededGenerator) -> IPPrefix {
        let address = random.element(addresses)
        let bitCounts =
            address.version == .v4
            ? [24, 28, 30, 31, 32, 32, 32, 32] : [32, 62, 63, 64, 64, 64, 65, 127, 128]
        return IPPrefix(covering: address, bitCount: random.element(bitCounts))
    }

    private func answers(_ view: PrefixesView) -> [LookupResult] {
        Self.addresses.map { address in
            switch address {
            case .v4(let address):
                view.prefetch(address)
                return view.lookup(address)
            case .v6(let address):
                view.prefetch(address)
                return view.lookup(address)
            }
        }
    }

    @Test("Both sides answer as a list does, whatever comes and goes", arguments: SeededGenerator.seeds)
    func randomEdits(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var register = PrefixRegister()
        var model = Model()
        var published = answers(register.view)
        var wrong = 0
        for _ in 0..<4000 {
            for _ in 0..<random.number(1...4) {
                let prefix = Self.prefix(&random)
                let address = random.element(Self.addresses)
                switch random.number(0...9) {
                case 0:
                    if model.local.insert(address).inserted { register.insertLocal(address) }
                case 1:
                    if model.local.remove(address) != nil { register.removeLocal(address) }
                case 2:
                    model.confined[prefix, default: 0] += 1
                    register.insertConfined(prefix)
                case 3:
                    guard let count = model.confined[prefix] else { continue }
                    model.confined[prefix] = count == 1 ? nil : count - 1
                    register.removeConfined(prefix)
                default:
                    let isOwned = register.isOwned(prefix)
                    if isOwned != (model.owned[prefix] != nil) { wrong += 1 }
                    if isOwned {
                        model.owned[prefix] = nil
                        register.remove(prefix)
                    } else {
                        let index = UInt32(random.number(0...99))
                        model.owned[prefix] = index
                        register.insert(prefix, LookupResult(index))
                    }
                }
            }
            guard random.once(in: 3) else { continue }
            let (before, memory) = (register.view, register.memory)
            if answers(before) != published { wrong += 1 }
            register.turn()
            register.compile()
            if answers(before) != published { wrong += 1 }
            published = Self.addresses.map { model.lookup($0) }
            if answers(register.view) != published { wrong += 1 }
            withExtendedLifetime(memory) {}
            register.settle()
        }
        #expect(wrong == 0, "seed \(seed)")
    }

    /// What is compiled: another object once it has been.
    private func tries(_ register: borrowing PrefixRegister) -> [ObjectIdentifier] {
        register.memory.filter { $0 is Poptrie<UInt32> || $0 is Poptrie<UInt128> }.map {
            ObjectIdentifier($0)
        }
    }

    @Test("Owners' single addresses and networks of 64 bits cost no compilation; longer ones in these do")
    func hosts() {
        var register = PrefixRegister()
        func publish(_ register: inout PrefixRegister) -> [ObjectIdentifier] {
            register.turn()
            register.compile()
            register.settle()
            return tries(register)
        }
        let first = publish(&register)
        #expect(first.count == 2)
        let network = IPPrefix(covering: Self.v6(5, 0), bitCount: 64)
        register.insert(IPPrefix(Self.v4(7)), LookupResult(1))
        register.insert(network, LookupResult(2))
        let second = publish(&register)
        #expect(second == first)
        register.remove(IPPrefix(Self.v4(7)))
        #expect(publish(&register) == first)
        // Ours is in it now, and no host.
        register.insertLocal(Self.v6(5, 9))
        let third = publish(&register)
        #expect(third[0] == first[0] && third[1] != first[1])
        let found = [
            register.view.lookup(IPv6Address(high: 5, low: 9)),
            register.view.lookup(IPv6Address(high: 5, low: 8)),
        ]
        #expect(found == [.local, LookupResult(2)])
        register.removeLocal(Self.v6(5, 9))
        let fourth = publish(&register)
        #expect(fourth[1] != third[1])
        register.remove(network)
        #expect(publish(&register) == fourth)
    }

    @Test("What is ours or confined is no host: without owners' there is none to look up")
    func emptyHosts() {
        var register = PrefixRegister()
        register.insertLocal(Self.v4(1))
        register.insertLocal(Self.v6(1, 1))
        register.insertConfined(IPPrefix(Self.v4(2)))
        register.insert(IPPrefix(covering: Self.v4(0x0a00_0000), bitCount: 24), LookupResult(0))
        register.turn()
        register.compile()
        register.settle()
        let view = register.view
        #expect(view.hosts4.isEmpty && view.hosts6.isEmpty)
        #expect(view.lookup(IPv4Address(rawValue: 1)).isLocal)
        register.insert(IPPrefix(Self.v4(3)), LookupResult(0))
        register.insert(IPPrefix(covering: Self.v6(3, 0), bitCount: 64), LookupResult(0))
        register.turn()
        register.settle()
        let next = register.view
        #expect(!next.hosts4.isEmpty && !next.hosts6.isEmpty)
    }

    @Test("A tree knows whether something longer lies in a prefix", arguments: SeededGenerator.seeds)
    func hasLonger(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var wrong = 0
        for _ in 0..<300 {
            var tree = PrefixTree<UInt32>()
            var list: [(bits: UInt32, length: Int)] = []
            for _ in 0..<random.number(0...12) {
                let length = random.number(0...6)
                let bits = (UInt32(random.number(0...63)) << 26).prefix(length)
                tree.insert(bits, length: length, value: 1)
                list.append((bits, length))
            }
            for length in 0...6 {
                for bits in 0..<64 as Range<UInt32> where (bits << 26).prefix(length) == bits << 26 {
                    let expected = list.contains {
                        $0.length > length && $0.bits.prefix(length) == bits << 26
                    }
                    if tree.hasLonger(bits << 26, length: length) != expected { wrong += 1 }
                }
            }
        }
        #expect(wrong == 0, "seed \(seed)")
    }
}
