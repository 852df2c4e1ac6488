import Forwarder
import Ports
import Tables
import Testbed
import Wire

extension FuzzTarget {
    /// Transactions: read, written again, and staged on tables that are in use. What is refused changes nothing; what is
    /// taken has the hash that was foretold, and packets go by it.
    static let transactions = FuzzTarget(name: "transactions", byteCountLimit: 4096) {
        bytes throws(Finding) in
        let transaction: Transaction
        do throws(ByteReaderError) { transaction = try Transaction(decoding: bytes) } catch { return }
        try Finding.unless(transaction.encoded == bytes, "a transaction with two forms: \(transaction)")

        let tables = Edges.tables(Edge.named("subscriber-edge").compiled)
        let ports = (0..<ForwardingTables.portCapacity).map { slot in
            MemoryPort(
                name: "port\(slot)", link: slot == 0 ? .ip : .ethernet,
                macAddress: slot == 0 ? nil : MACAddress(rawValue: 0x0257_4c00_0000 + UInt64(slot)))
        }
        let worker = Worker(
            Publication(tables: tables.publication, ports: ports), vectorCapacity: 4, neighbourSeed: 1)
        tables.settle()
        let hash = tables.tableHash
        let foretold = tables.tableHash(after: transaction)
        do throws(TableError) { try tables.stage(transaction) } catch {
            return try Finding.unless(tables.tableHash == hash, "refused, and yet changed: \(error)")
        }
        try Finding.unless(tables.tableHash == foretold, "another hash than was foretold")
        worker.adopt(Publication(tables: tables.publish(), ports: ports))
        while !worker.isAdopted { worker.adoptSome() }
        tables.settle()
        // Ports whose kind has changed would not be these any more.
        guard !transaction.changes.contains(where: { if case .port = $0.key { true } else { false } }) else {
            return
        }
        var running = RunningEdge(Array(ports[..<4]), worker)
        for (index, name) in ["access0", "access1", "core0", "core1"].enumerated() {
            var hostile = HostilePackets(port: name, seed: 1)
            for _ in 0..<24 { running.offer(hostile.next(), port: index) }
        }
        try running.serve()
    } seeds: {
        Edge.names.flatMap { name -> [[UInt8]] in
            let whole = Edge.named(name).compiled.transaction
            let single = whole.changes.map { Transaction(number: 5, isReset: false, changes: [$0]).encoded }
            let removals = Transaction(
                number: 6, isReset: false, changes: whole.changes.prefix(3).map { .remove($0.key) })
            return ([whole.encoded, removals.encoded] + single).filter { $0.count <= 4096 }
        }
    }
}
