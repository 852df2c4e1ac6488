/// Contenders that do the same work by turns, since the clock of a shared machine drifts.
struct Contest {
    let name: String
    let byteCount: Int
    /// The first is the reference.
    let contenders: [Contender]

    struct Contender {
        let name: String
        /// One round.
        let run: () throws -> Round
    }

    /// What a round has come to.
    struct Round {
        var packets: UInt64
        var seconds: Double
        /// Of one processor, spent on receiving; nil: all of it, or not looked at.
        var share: Double?
        /// Packets that came and were not taken.
        var lost: UInt64 = 0

        var rate: Double { Double(packets) / seconds }
    }

    /// What a contender has come to: the medians of its rounds.
    struct Result {
        var name: String
        var rate: Double
        /// To the reference, round by round.
        var ratio: Double
        var share: Double?
        var lost: UInt64
    }

    func held(rounds: Int) throws -> [Result] {
        // The first round warms up.
        for contender in contenders { _ = try contender.run() }
        let held = try (0..<rounds).map { _ in try contenders.map { try $0.run() } }
        return contenders.indices.map { index in
            let own = held.map { $0[index] }
            let shares = own.compactMap(\.share)
            return Result(
                name: contenders[index].name, rate: Self.median(own.map(\.rate)),
                ratio: Self.median(held.map { $0[index].rate / $0[0].rate }),
                share: shares.isEmpty ? nil : Self.median(shares), lost: own.map(\.lost).reduce(0, +))
        }
    }

    static func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
}
