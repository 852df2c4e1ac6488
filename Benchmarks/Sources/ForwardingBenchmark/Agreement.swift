import Packets

/// A difference between the two loops: the benchmark's figures would mean nothing.
struct Disagreement: Error, CustomStringConvertible {
    let description: String
}

extension Rig {
    /// Holds both loops against each other on packets of which every second is damaged: what one drops, punts or
    /// rewrites, the other must too, for the same reason and to the same bytes.
    func checkAgreement(vectorCount: Int, seed: UInt64) throws(Disagreement) {
        var digests: [Digest] = []
        for engine in scenario.operation.engines {
            var random = SeededGenerator(seed: seed)
            var digest = Digest()
            for _ in 0..<vectorCount {
                fill(&random)
                damage(&random)
                _ = forward(engine)
                digest.add(vector)
            }
            digests.append(digest)
        }
        guard digests.allSatisfy({ $0 == digests[0] }) else {
            throw Disagreement(
                description: "the Swift and the C loop differ on damaged packets (seed \(seed))")
        }
    }

    /// Writes a random byte into the headers of every second packet, and in half of these makes the inner or only IP
    /// checksum right again, so that more than the checksum is put to the test.
    private func damage(_ random: inout SeededGenerator) {
        let frameByteCount = scenario.frame(0).count
        let innerHeader = frameByteCount - Scenario.innerByteCount
        for index in stride(from: 0, to: vector.count, by: 2) {
            let bits = random.next()
            var value = UInt8(truncatingIfNeeded: bits >> 8)
            // The C loop has neither IPv6 nor 6-in-4.
            if value >> 4 == 6 || value == 41 { value ^= 0x80 }
            let frame = vector.frame(index)
            frame[Int(bits >> 16) % (innerHeader + 28)] = value
            guard bits & 1 == 0 else { continue }
            var bytes = Array(frame)
            Scenario.setChecksum(&bytes, at: innerHeader)
            frame.copyBytes(from: bytes)
        }
    }
}
