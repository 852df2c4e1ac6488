import Testbed
import Testing
import Wire

@Suite struct InternetChecksumTests {
    /// The definition, word by word in network byte order, with every carry brought around at once.
    private func oracle(_ bytes: [UInt8]) -> UInt16 {
        var sum: UInt32 = 0
        for index in stride(from: 0, to: bytes.count, by: 2) {
            let low = index + 1 < bytes.count ? bytes[index + 1] : 0
            sum += UInt32(bytes[index]) << 8 | UInt32(low)
            if sum > 0xffff { sum -= 0xffff }
        }
        return ~UInt16(sum)
    }

    @Test("the example of RFC 1071 §3 sums to ddf2")
    func example() {
        let sum = hex("00 01 f2 03 f4 f5 f6 f7").read { InternetChecksum.fold(InternetChecksum.sum($0)) }
        #expect(UInt16(bigEndian: sum) == 0xddf2)
    }

    @Test("sums of random bytes at every length and alignment agree with the definition")
    func randomBytes() {
        let seed = UInt64.random(in: .min ... .max)
        var generator = SeededGenerator(seed: seed)
        for byteCount in Array(0...200) + [575, 1399, 1500, 9001, 65_535] {
            let start = Int.random(in: 0..<8, using: &generator)
            let storage = (0..<start + byteCount).map { _ in UInt8.random(in: 0...255, using: &generator) }
            let sum = storage.read { InternetChecksum.sum($0.extracting(start..<start + byteCount)) }
            let field = UInt16(bigEndian: InternetChecksum.field(sum))
            #expect(field == oracle(Array(storage[start...])), "\(byteCount) bytes at \(start), seed \(seed)")
        }
    }

    @Test("the largest sums don't overflow", arguments: [65_535, InternetChecksum.maximumByteCount])
    func allOnes(byteCount: Int) {
        let bytes = [UInt8](repeating: 0xff, count: byteCount)
        let sum = bytes.read { InternetChecksum.sum($0) }
        #expect(UInt16(bigEndian: InternetChecksum.field(sum)) == oracle(bytes))
        #expect(InternetChecksum.fold(.max) == 0xffff)
    }

    @Test("numbers sum as the bytes they are written in")
    func numbers() {
        let bytes = hex("0123 456789ab cdef0fedcba98765")
        let whole = bytes.read { InternetChecksum.fold(InternetChecksum.sum($0)) }
        let parts =
            InternetChecksum.sum(0x0123 as UInt16) + InternetChecksum.sum(0x4567_89ab as UInt32)
            + InternetChecksum.sum(0xcdef_0fed_cba9_8765 as UInt64)
        #expect(InternetChecksum.fold(parts) == whole)
    }

    static let corners: [UInt16] = [0, 1, 2, 0x00ff, 0x0100, 0x7fff, 0x8000, 0xff00, 0xfffe, 0xffff]

    @Test("RFC 1624 equation 3 gives what recomputing would, for every 16-bit rest", arguments: corners)
    func update(old: UInt16) {
        for new in Self.corners {
            for rest in UInt16.min ... .max {
                func recomputed(_ word: UInt16) -> UInt16 {
                    // 0x45 as every IPv4 header has: some word under a checksum is never zero.
                    InternetChecksum.field(0x4500 + UInt64(rest) + UInt64(word))
                }
                let updated = InternetChecksum.updated(recomputed(old), from: old, to: new)
                if updated != recomputed(new) {
                    Issue.record("rest \(rest), \(old) to \(new): \(updated), not \(recomputed(new))")
                    return
                }
            }
        }
    }

    @Test("RFC 1624 §4: the example that equation 2 gets wrong")
    func rfc1624Example() {
        #expect(InternetChecksum.updated(0xdd2f, from: 0x5555 as UInt16, to: 0x3285) == 0)
    }

    @Test("a changed 32-bit number updates the checksum as recomputing would")
    func updateOfAddress() {
        let seed = UInt64.random(in: .min ... .max)
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<10_000 {
            let old = UInt32.random(in: .min ... .max, using: &generator)
            let new = UInt32.random(in: .min ... .max, using: &generator)
            let rest = UInt64(UInt32.random(in: 1 ... .max, using: &generator))
            let updated = InternetChecksum.updated(
                InternetChecksum.field(rest + UInt64(old)), from: old, to: new)
            #expect(updated == InternetChecksum.field(rest + UInt64(new)), "seed \(seed)")
        }
    }
}
