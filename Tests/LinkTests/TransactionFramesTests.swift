import Tables
import Testbed
import Testing
import Wire

@testable import Link

@Suite("Transactions in frames") struct TransactionFramesTests {
    private func messages(_ expected: ExpectedTransaction) throws -> [Message] {
        var reader = FrameReader()
        for frame in expected.frames { frame.withUnsafeBytes { reader.append($0) } }
        var messages: [Message] = []
        while let frame = try reader.next() { messages.append(try Message(frame)) }
        return messages
    }

    private func assemble(_ messages: [Message]) throws(LinkError) -> ExpectedTransaction? {
        var assembler = TransactionAssembler()
        var result: ExpectedTransaction?
        for message in messages {
            switch message {
            case .begin(let head): try assembler.begin(head)
            case .changes(let piece): try assembler.add(piece)
            case .commit(let end): result = try assembler.commit(end)
            default: throw LinkError("a \(message.kind) frame")
            }
        }
        return result
    }

    private func failure(_ messages: [Message]) -> String {
        do throws(LinkError) {
            _ = try assemble(messages)
            return "none"
        } catch { return error.description }
    }

    @Test(
        "A transaction comes out as it went in, be it empty, small, of many frames, or of changes larger than a frame",
        arguments: [(0, 1), (1, 1), (40, 3), (90_000, 2), (3, 500_000)])
    func roundTrip(_ services: Int, _ prefixes: Int) throws {
        let expected = ExpectedTransaction(
            Samples.transaction(9, isReset: true, services: services, prefixes: prefixes), tableHash: 77)
        let messages = try messages(expected)
        #expect(try assemble(messages) == expected)
        #expect(services * prefixes < 100_000 || messages.count > 3)
    }

    @Test("What isn't whole or doesn't fit is refused, and said")
    func broken() throws {
        let good = try messages(ExpectedTransaction(Samples.transaction(9, services: 4), tableHash: 1))
        let other = try messages(ExpectedTransaction(Samples.transaction(10, services: 4), tableHash: 1))
        #expect(good.count == 3)
        #expect(failure([good[1]]).contains("without the transaction"))
        #expect(failure([good[2]]).contains("has not begun"))
        #expect(failure([good[0], good[2]]).contains("after 0 of 4 changes"))
        #expect(failure([good[0], good[1], good[1]]).contains("more changes than the 4"))
        #expect(failure([good[0], other[0]]).contains("begins before transaction 9 has ended"))
        #expect(failure([good[0], good[1], other[2]]).contains("ends as transaction 10"))
        guard case .changes(let piece) = good[1], case .begin(var head) = good[0],
            case .commit(var end) = good[2]
        else { preconditionFailure("another order") }
        end.byteCount += 1
        #expect(failure([good[0], good[1], .commit(end)]).contains("bytes"))
        #expect(failure([good[0], .changes(piece.dropLast()), good[2]]).contains("after 3 of 4 changes"))
        #expect(
            failure([good[0], .changes([0, 0, 0, 1, 99] + piece.dropFirst(5))]).contains(
                "change 1 of transaction 9"))
        head.changeCount = 3
        #expect(failure([.begin(head), good[1]]).contains("more changes than the 3"))
        head.changeCount = UInt32(LinkProtocol.changeLimit + 1)
        #expect(failure([.begin(head)]).contains("too large"))
    }

    @Test("Garbled streams of changes throw and never trap", arguments: SeededGenerator.seeds)
    func fuzz(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let good = try messages(ExpectedTransaction(Samples.transaction(9, services: 40), tableHash: 1))
        guard case .changes(let piece) = good[1] else { preconditionFailure("another order") }
        var refused = 0
        for _ in 0..<3000 {
            var bytes = Array(piece)
            for _ in 0..<random.number(1...3) { bytes[random.number(0...bytes.count - 1)] = random.octet() }
            if failure([good[0], .changes(bytes[...]), good[2]]) != "none" { refused += 1 }
        }
        #expect(refused > 100)
    }
}
