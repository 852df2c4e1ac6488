import Exchange
import TableCompiler
import Tables
import Testbed
import Testing

@testable import ControlPlane

@Suite("What the forwarders' tables should hold") struct LedgerTests {
    @Test(
        "Sending only what commands have touched, and only what differs, makes a forwarder's tables what they should be",
        arguments: SeededGenerator.seeds)
    func touchedIsEnough(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var state = State()
        var ledger = TableLedger(state)
        let tables = ForwardingTables()
        var waiting = SlotQueue()
        var changes = state.changes(to: Edges.describe(Edges.subscriberEdge))
        var acceptedCount = 0
        for round in 0..<400 {
            let command = Command(time: UInt64(round), action: .change(changes))
            if state.validate(command).isEmpty {
                acceptedCount += 1
                let touched = state.apply(command).touched
                let compilation = Compilation(of: state)
                for slot in touched where ledger.update(slot, by: compilation) { waiting.insert(slot) }
            }
            #expect(ledger.sum == TableLedger(state).sum, "seed \(seed), round \(round)")
            changes = RandomChanges.next(&generator)
            // Several commands travel together now and then, as they do while an answer is awaited.
            guard generator.once(in: 2) else { continue }
            let transaction = Transaction(
                number: state.sequence, changes: waiting.slots.map { TableCompiler.change($0, in: state) })
            waiting = SlotQueue()
            try tables.settleAt(transaction)
            #expect(tables.tableHash == ledger.sum, "seed \(seed), round \(round)")
        }
        #expect(acceptedCount > 100, "seed \(seed)")
        let reset = try tables.settleAt(TableCompiler.everything(in: state, number: state.sequence))
        #expect(reset.untouched > 5)
        #expect(tables.tableHash == ledger.sum)
    }

    @Test("A command that leads to the same tables changes nothing in the ledger")
    func nothing() throws {
        var state = State(Edges.describe(Edges.subscriberEdge))
        var ledger = TableLedger(state)
        let before = ledger.sum
        var provider = try #require(state.providers["acme"])
        provider.title = "Acme & Sons"
        let effects = state.apply(Command(time: 1, action: .change([Change(.put(.provider(provider)))])))
        let compilation = Compilation(of: state)
        #expect(effects.touched.allSatisfy { !ledger.update($0, by: compilation) })
        #expect(ledger.sum == before && before == TableLedger(state).sum)
    }
}

extension ForwardingTables {
    /// Applies a transaction where nobody reads.
    @discardableResult fileprivate func settleAt(_ transaction: Transaction) throws -> StagedChange {
        let staged = try stage(transaction)
        _ = publish()
        settle()
        return staged
    }
}
