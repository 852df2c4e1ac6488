import Testbed
import Testing

@testable import API

@Suite("Times by RFC 3339") struct TimestampTests {
    @Test(
        "Known times",
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("2000-02-29T12:00:00Z", 951_825_600),
            ("2026-11-21T14:45:19Z", 1_795_272_319),
            ("2100-03-01T00:00:00Z", 4_107_542_400), ("2038-01-19T03:14:08Z", 2_147_483_648),
        ] as [(String, UInt64)])
    func known(text: String, seconds: UInt64) {
        #expect(Timestamp(text)?.nanoseconds == seconds * 1_000_000_000)
        #expect(Timestamp(nanoseconds: seconds * 1_000_000_000).description == text)
    }

    @Test("What is written reads back", arguments: SeededGenerator.seeds)
    func roundTrip(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<2000 {
            let time = Timestamp(nanoseconds: random.next() / random.element([1, 2, 1000]))
            #expect(Timestamp(time.description)?.nanoseconds == time.nanoseconds, "\(time)")
        }
    }

    @Test("Offsets and decimals")
    func forms() {
        #expect(
            Timestamp("2026-01-01T01:00:00+01:00")?.nanoseconds
                == Timestamp("2026-01-01T00:00:00Z")?.nanoseconds)
        #expect(
            Timestamp("2025-12-31t19:30:00-04:30")?.nanoseconds
                == Timestamp("2026-01-01T00:00:00Z")?.nanoseconds)
        #expect(Timestamp("1970-01-01T00:00:00.0000000019Z")?.nanoseconds == 1)
        #expect(Timestamp(nanoseconds: 1_500_000_000).description == "1970-01-01T00:00:01.5Z")
    }

    @Test(
        "What is no time",
        arguments: [
            "", "2026", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-01", "2026-01-01T24:00:00Z",
            "2026-01-01T00:00:00", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00Zx", "1969-12-31T23:59:59Z",
            "1970-01-01T00:00:00+01:00", "+026-01-01T00:00:00Z", "9999-01-01T00:00:00Z",
        ])
    func refused(text: String) {
        #expect(Timestamp(text) == nil)
    }
}
