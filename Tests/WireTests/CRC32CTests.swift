import Testing
import Wire

@Suite("CRC-32C") struct CRC32CTests {
    @Test(
        "Known checks (RFC 9260 and RFC 3720, appendices)",
        arguments: [
            ([], 0), (Array("123456789".utf8), 0xe306_9283), (Array(repeating: 0, count: 32), 0x8a91_36aa),
            (Array(repeating: 0xff, count: 32), 0x62a8_ab43), (Array(0..<32), 0x46dd_794e),
        ] as [([UInt8], UInt32)])
    func known(_ bytes: [UInt8], _ check: UInt32) {
        let crc = unsafe CRC32C.of(bytes.span.bytes)
        #expect(crc == check)
    }
}
