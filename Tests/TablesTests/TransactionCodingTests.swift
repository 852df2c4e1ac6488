import Tables
import Testbed
import Testing
import Wire

@Suite("Transactions as bytes") struct TransactionCodingTests {
    private func transaction(_ objects: inout RandomObjects) -> Transaction {
        Transaction(
            number: objects.generator.next(), isReset: objects.generator.once(in: 2),
            changes: (0..<objects.generator.number(0...20)).map { _ in objects.change() })
    }

    @Test("What is written is read back, whole and change by change", arguments: SeededGenerator.seeds)
    func roundTrip(seed: UInt64) throws {
        var objects = RandomObjects(seed: seed)
        for _ in 0..<300 {
            let transaction = transaction(&objects)
            #expect(try Transaction(decoding: transaction.encoded) == transaction)
            var reader = ByteReader(transaction.changes.flatMap(\.encoded))
            for change in transaction.changes {
                let read = try Transaction.Change(&reader)
                #expect(read == change)
            }
            try reader.finish()
        }
    }

    @Test("What is cut short is refused, wherever it is cut", arguments: SeededGenerator.seeds)
    func truncated(seed: UInt64) {
        var objects = RandomObjects(seed: seed)
        for _ in 0..<20 {
            let bytes = transaction(&objects).encoded
            for byteCount in 0..<bytes.count {
                #expect(throws: ByteReaderError.self) {
                    try Transaction(decoding: bytes.prefix(byteCount))
                }
            }
            #expect(throws: ByteReaderError.self) { try Transaction(decoding: bytes + [0]) }
        }
    }

    @Test(
        "What is garbled is refused, or is another transaction with these very bytes",
        arguments: SeededGenerator.seeds)
    func garbled(seed: UInt64) {
        var objects = RandomObjects(seed: seed)
        var refused = 0
        for _ in 0..<3000 {
            var bytes = transaction(&objects).encoded
            for _ in 0...objects.generator.number(0...2) {
                bytes[objects.generator.number(0...bytes.count - 1)] = objects.generator.octet()
            }
            do throws(ByteReaderError) {
                #expect(try Transaction(decoding: bytes).encoded == bytes)
            } catch {
                refused += 1
            }
        }
        #expect(refused > 300)
        for _ in 0..<3000 {
            let noise = objects.generator.octets(objects.generator.number(0...200))
            _ = try? Transaction(decoding: noise)
        }
    }

    @Test("Objects that differ have different hashes, equal ones the same", arguments: SeededGenerator.seeds)
    func hashes(seed: UInt64) {
        var objects = RandomObjects(seed: seed)
        var encodings: [UInt64: [UInt8]] = [:]
        for _ in 0..<20_000 {
            let object = objects.object(objects.key())
            let encoding = Transaction.Change.set(object).encoded
            if let other = encodings.updateValue(encoding, forKey: object.hash) {
                #expect(other == encoding)
            }
        }
        #expect(encodings.count > 10_000)
    }

    @Test("The hash is what it was: both sides of a link may be of different builds")
    func hashIsStable() {
        let service = ServiceObject(
            slot: ServiceIndex(rawValue: 3),
            prefixes: [IPPrefix(.v4(IPv4Address(rawValue: 0xc633_6400)))])
        #expect(TableObject.service(service).hash == 336_632_361_161_427_604)
    }
}
