import CReference
import Packets

/// Clock ticks a packet, of one operation at one number of sessions.
struct Measurement {
    struct Ticks {
        var swift = 0.0
        /// Nil where the C loop can't do it.
        var c: Double?
        /// Swift's time in units of C's.
        var ratio: Double? { c.map { swift / $0 } }

        static func + (a: Ticks, b: Ticks) -> Ticks {
            Ticks(swift: a.swift + b.swift, c: a.c.flatMap { c in b.c.map { c + $0 } })
        }
        static func * (ticks: Ticks, unit: Double) -> Ticks {
            Ticks(swift: ticks.swift * unit, c: ticks.c.map { $0 * unit })
        }
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
            let engines = rig.scenario.operation.engines
            for engine in round % 2 == 0 ? engines : engines.reversed() {
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
            guard digests.allSatisfy({ $0 == digests[0] }) else {
                throw Disagreement(description: "\(operation.rawValue): the loops made different packets")
            }
            digest = digest &* 31 &+ digests[0].value
        }
        let packets = Double(rig.vector.capacity)
        func ticks(_ rounds: [Engine: [Double]]) -> Ticks {
            Ticks(swift: median(rounds[.swift]!) / packets, c: rounds[.c].map { median($0) / packets })
        }
        self.forward = ticks(forward)
        self.account = ticks(account)
    }
}

func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
