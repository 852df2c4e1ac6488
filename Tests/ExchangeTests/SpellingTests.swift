import Testing

@testable import Exchange

@Suite struct SpellingTests {
    @Test(
        "the edit distance counts letters changed, inserted, removed and swapped",
        arguments: [
            ("", "", 0), ("a", "", 1), ("", "abc", 3), ("mtu", "mtu", 0), ("mtu", "mtuu", 1),
            ("role", "rolle", 1),
            ("tpc", "tcp", 1), ("acess", "access", 1), ("kitten", "sitting", 3), ("flaw", "lawn", 2),
        ])
    func distance(a: String, b: String, distance: Int) {
        #expect(Spelling.editDistance(Array(a.utf8), Array(b.utf8)) == distance)
        #expect(Spelling.editDistance(Array(b.utf8), Array(a.utf8)) == distance)
    }

    @Test("the nearest within a third of its letters is found, the first of equals")
    func nearest() {
        #expect(Spelling.nearest(to: "prot", among: ["port", "prob"]) == "port")
        #expect(Spelling.nearest(to: "NextHop", among: ["port", "nextHop"]) == "nextHop")
        #expect(Spelling.nearest(to: "capacity", among: ["port", "mtu"]) == nil)
        #expect(Spelling.nearest(to: "port", among: ["port"]) == nil)
        #expect(Spelling.nearest(to: "port", among: []) == nil)
    }

    @Test("long words and long lists are not searched") func bounded() {
        #expect(Spelling.nearest(to: "porr", among: Array(repeating: "port", count: 1001)) == nil)
        #expect(
            Spelling.nearest(
                to: String(repeating: "a", count: 65), among: [String(repeating: "a", count: 64)]) == nil)
    }
}
