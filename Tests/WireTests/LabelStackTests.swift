import Testing
import Wire

@Suite("MPLS label stack (RFC 3032)") struct LabelStackTests {
    @Test("parses what scapy built")
    func parse() throws {
        let (entries, payload) = try Vectors.labelStack.read { bytes throws(WireError) in
            let view = try LabelStackView(bytes)
            return ((0..<view.count).map { view[$0] }, view.payload.copied)
        }
        #expect(
            entries == [
                LabelStackEntry(
                    label: Label(rawValue: 16001)!, trafficClass: 5, isBottomOfStack: false, ttl: 62),
                LabelStackEntry(label: Label(rawValue: 0xf_ffff)!, isBottomOfStack: true, ttl: 255),
            ])
        #expect(payload == Array("below".utf8))
        #expect(entries.map(\.description) == ["16001 tc 5 ttl 62", "1048575 tc 0 ttl 255 bottom"])
        var written = dirty(9)
        written.write {
            let count = entries[0].emit(into: &$0)
            entries[1].emit(into: &$0, at: count)
        }
        #expect(written == Vectors.labelStack[..<8] + dirty(1))
    }

    @Test("a stack whose bottom isn't there is refused")
    func truncated() {
        let errors = Array(Vectors.labelStack[..<8]).errorsOfPrefixes { bytes throws(WireError) in
            _ = try LabelStackView(bytes)
        }
        #expect(errors == Array(repeating: WireError(.labelStack, .truncated), count: 8))
    }

    @Test("eight labels are followed, nine are not")
    func depth() throws {
        func stack(_ count: Int) -> [UInt8] {
            (1...count).flatMap { hex($0 == count ? "00064140" : "00064040") }
        }
        #expect(try stack(8).read { bytes throws(WireError) in try LabelStackView(bytes).count } == 8)
        #expect(throws: WireError(.labelStack, .tooMany)) {
            try stack(9).read { bytes throws(WireError) in _ = try LabelStackView(bytes) }
        }
    }

    @Test("each field changes alone", arguments: [0 as UInt32, .max, 0x1234_5678])
    func fields(raw: UInt32) {
        var entry = LabelStackEntry(rawValue: raw)
        entry.label = Label(unchecked: 0xabcde)
        #expect(entry.rawValue == 0xabcd_e000 | raw & 0xfff && entry.label.rawValue == 0xabcde)
        entry.trafficClass = 13
        #expect(entry.rawValue == 0xabcd_ea00 | raw & 0x1ff && entry.trafficClass == 5)
        entry.isBottomOfStack.toggle()
        #expect(entry.rawValue == 0xabcd_ea00 | (raw & 0x1ff ^ 0x100))
        entry.ttl = 7
        #expect(entry.ttl == 7 && entry.rawValue & ~0xff == 0xabcd_ea00 | raw & 0x100 ^ 0x100)
    }

    @Test func labelsHaveTwentyBits() {
        #expect(Label(rawValue: 0x10_0000) == nil)
        #expect(Label(rawValue: 0xf_ffff)?.description == "1048575")
        #expect(
            Label.bindable.contains(Label(unchecked: 16)) && !Label.bindable.contains(Label(unchecked: 15)))
    }
}
