import Tables
import Testbed
import Testing

@testable import Forwarder

/// Against an array that is sorted anew for every question.
@Suite("Order of learned neighbours") struct LearnedNeighboursTests {
    private struct Model {
        let index: UInt32
        var isConfirmed: Bool
        var heard: UInt64
        var touched: UInt64
        /// Settles which of two of the same time came first.
        var turn: Int
    }

    private let second: UInt64 = 1_000_000_000

    @Test("the longest untouched is first due and first displaced", arguments: SeededGenerator.seeds)
    func order(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var learned = LearnedNeighbours()
        var models: [UInt32: Model] = [:]
        var time: UInt64 = 100 * second
        for turn in 0..<6000 {
            time += UInt64(generator.number(0...300)) * (second / 1000)
            let index = UInt32(generator.number(0...200))
            let isConfirmed = generator.once(in: 2)
            switch generator.number(0...7) {
            case 0:
                let link = learned.remove(AdjacencyIndex(rawValue: index))
                let wasThere = models.removeValue(forKey: index) != nil
                #expect(link?.rawValue == (wasThere ? 1000 + index : nil))
            case 1...4:
                learned.hear(
                    AdjacencyIndex(rawValue: index), onLink: AdjacencyIndex(rawValue: 1000 + index),
                    isAnswer: isConfirmed, at: time)
                models[index] = Model(
                    index: index, isConfirmed: isConfirmed || models[index]?.isConfirmed == true, heard: time,
                    touched: time, turn: turn)
            default: checkDue(&learned, &models, isConfirmed, generator.once(in: 2), time, turn)
            }
            let displaced = first(models, false) ?? (isConfirmed ? first(models, true) : nil)
            #expect(learned.displaced(byConfirmed: isConfirmed)?.rawValue == displaced?.index)
        }
    }

    private func first(_ models: [UInt32: Model], _ isConfirmed: Bool) -> Model? {
        models.values.filter { $0.isConfirmed == isConfirmed }.min { $0.turn < $1.turn }
    }

    private func checkDue(
        _ learned: inout LearnedNeighbours, _ models: inout [UInt32: Model], _ isConfirmed: Bool,
        _ mayAsk: Bool, _ time: UInt64, _ turn: Int
    ) {
        let next = learned.nextDue(confirmed: isConfirmed, mayAsk: mayAsk, at: time)
        guard let first = first(models, isConfirmed), time - first.touched >= 15 * second else {
            #expect(next == nil)
            return
        }
        let isOld = time - first.heard >= 60 * second
        #expect(next?.index.rawValue == (isOld || mayAsk ? first.index : nil))
        #expect(next.map { $0.due == .forget } == (isOld || mayAsk ? isOld : nil))
        if isOld {
            _ = learned.remove(AdjacencyIndex(rawValue: first.index))
            models[first.index] = nil
        } else if mayAsk {
            models[first.index]?.touched = time
            models[first.index]?.turn = turn
        }
    }
}
