import Testing

@testable import Tables

@Suite("Stamps") struct StampTests {
    @Test("Transactions may go on when their count begins anew") func wrap() throws {
        let tables = ForwardingTables()
        let service = ServiceObject(slot: ServiceIndex(rawValue: 3), prefixes: [])
        try tables.stage(Transaction(number: 1, changes: [.set(.service(service))]))
        tables.stamp = .max - 5
        for number in 2...6 as ClosedRange<UInt64> {
            let staged = try tables.stage(
                Transaction(number: number, isReset: true, changes: [.set(.service(service))]))
            #expect(staged.untouched == 1 && staged.removed == 0)
            let empty = try tables.stage(Transaction(number: number, changes: []))
            #expect(empty.removed == 0)
        }
        #expect(tables.stamp < 100)
        #expect(try tables.stage(Transaction(number: 7, isReset: true, changes: [])).removed == 1)
    }
}
