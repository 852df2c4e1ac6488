import CReference
import Packets

/// Clock ticks a packet, of one operation at one number of sessions.
struct Measurement {
    struct Ticks {
        var swift = 0.0
        var c = 0.0
        /// Swift's time in units of C's.
        var ratio: Double { swift / c }
    }

    let operation: Operation
    let sessionCount: Int
    var forward = Ticks()
    var account = Ticks()
    var digest: UInt64 = 0

    /// Runs both loops in turns, a round each, over the same packets.
    ///
    /// Only the calls are timed, a vector at a time; the vector is filled from untouched frames between them. A round
    /// counts with its median vector, so that an interrupt doesn't, and the result is the median round.
    init(_ rig: Rig, rounds: Int, vectorsPerRound: Int, seed: UInt64) throws(Disagreement) {
        operation = rig.scenario.operation
        sessionCount = rig.scenario.sessionCount
        var forward: [Engine: [Double]] = [:]
        var account: [Engine: [Double]] = [:]
        for round in 0..<rounds {
            var digests: [Digest] = []
            // Who begins changes from round to round: neither always finds the caches as the other left them.
            for engine in round % 2 == 0 ? [Engine.swift, .c] : [.c, .swift] {
                var random = SeededGenerator(seed: seed &+ UInt64(round))
                var digest = Digest()
                var forwardTicks: [Double] = []
                var accountTicks: [Double] = []
                for _ in 0..<vectorsPerRound {
                    rig.fill(&random)
                    forwardTicks.append(Double(rig.forward(engine)))
                    digest.add(rig.vector)
                    for index in 0..<rig.vector.count where rig.vector[index].disposition != .transmit {
                        let packet = rig.vector[index]
                        throw Disagreement(
                            description: "\(operation.rawValue): not forwarded: \(packet.dropReason)")
                    }
                    accountTicks.append(Double(rig.account(engine)))
                }
                digests.append(digest)
                forward[engine, default: []].append(median(forwardTicks))
                account[engine, default: []].append(median(accountTicks))
            }
            guard digests[0] == digests[1] else {
                throw Disagreement(description: "\(operation.rawValue): the loops made different packets")
            }
            digest = digest &* 31 &+ digests[0].value
        }
        let packets = Double(rig.vector.capacity)
        self.forward = Ticks(swift: median(forward[.swift]!) / packets, c: median(forward[.c]!) / packets)
        self.account = Ticks(swift: median(account[.swift]!) / packets, c: median(account[.c]!) / packets)
    }
}

func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
