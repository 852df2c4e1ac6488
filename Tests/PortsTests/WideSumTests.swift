import CLinux
import Testbed
import Testing
import Wire

@Suite("Sums with wide instructions") struct WideSumTests {
    @Test("Of any length and alignment they are those of single words, and what is copied is the same")
    func sums() {
        var random = SeededGenerator(seed: 1071)
        let bytes = random.octets(2000)
        for count in Array(0...300) + [1400, 1401, 1448, 1960] {
            for offset in [0, 1, 2, 3, 7, 31] {
                let expected = InternetChecksum.sum(bytes.span.bytes.extracting(offset..<offset + count))
                var copy = [UInt8](repeating: 0xa5, count: count + offset + 1)
                let (sum, sumOfCopy) = bytes.withUnsafeBytes { from in
                    copy.withUnsafeMutableBytes { to in
                        (
                            wl_sum(from.baseAddress! + offset, count),
                            wl_copy_and_sum(to.baseAddress! + offset, from.baseAddress! + offset, count)
                        )
                    }
                }
                #expect(sum == expected && sumOfCopy == expected)
                let isCopied = copy[offset..<offset + count] == bytes[offset..<offset + count]
                #expect(isCopied && copy[..<offset].allSatisfy { $0 == 0xa5 } && copy.last == 0xa5)
            }
        }
        let most = [UInt8](repeating: 0xff, count: InternetChecksum.maximumByteCount)
        #expect(most.withUnsafeBytes { wl_sum($0.baseAddress, $0.count) } == 65_535 * UInt64(most.count / 2))
    }
}
