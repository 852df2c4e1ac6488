import Exchange
import Testing

@Suite struct CapacityTests {
    @Test(
        "a capacity reads as bits a second",
        arguments: [
            ("1", 1), ("64000", 64_000), ("1kbit", 1000), ("100Mbit", 100_000_000), ("1Gbit", 1_000_000_000),
            ("1.5Gbit", 1_500_000_000), ("0.001kbit", 1), ("2Tbit", 2_000_000_000_000),
            ("18446744073709551615", UInt64.max), ("18446744.073709551615Tbit", UInt64.max),
        ] as [(String, UInt64)])
    func reads(text: String, bits: UInt64) {
        #expect(Capacity.bitsPerSecond(text) == bits)
    }

    @Test(
        "what isn't a capacity, carries nothing or doesn't fit is refused",
        arguments: [
            "", "0", "0Gbit", "0.0Gbit", "-1", "+1", "1.5", "1.Gbit", ".5Gbit", "1.2.3Gbit", "1gbit",
            "1 Gbit", "Gbit",
            "1e9", "0x10", "0.0001kbit", "18446744073709551616", "18446744.073709551616Tbit", "99999999Tbit",
            "١Gbit",
        ])
    func refuses(text: String) {
        #expect(Capacity.bitsPerSecond(text) == nil)
    }

    @Test(
        "what is written reads back",
        arguments: [1, 999, 1000, 1001, 1500, 64_000, 1_234_567, 10_000_000_000, .max])
    func roundTrip(bits: UInt64) {
        #expect(Capacity.bitsPerSecond(Capacity.text(bits)) == bits)
    }

    @Test("the largest unit is written") func unit() {
        #expect(Capacity.text(1_500_000_000) == "1.5Gbit")
        #expect(Capacity.text(100_000_000) == "100Mbit")
        #expect(Capacity.text(999) == "999")
    }
}
