import Testing
import Wire

@Suite("MPLS label stack (RFC 3032)") struct LabelStackTests {
    @Test("entries are those that scapy built")
    func parse() throws {
        let entries = try Vectors.labelStack.read { bytes throws(WireError) in
            [0, 4].map { LabelStackEntry(rawValue: bytes.uint32(at: $0)) }
        }
        #expect(
            entries == [
                LabelStackEntry(
                    label: Label(rawValue: 16001)!, trafficClass: 5, isBottomOfStack: false, ttl: 62),
                LabelStackEntry(label: Label(rawValue: 0xf_ffff)!, isBottomOfStack: true, ttl: 255),
            ])
        #expect(entries.map(\.description) == ["16001 tc 5 ttl 62", "1048575 tc 0 ttl 255 bottom"])
        var written = dirty(9)
        written.write {
            let count = entries[0].emit(into: &$0)
            entries[1].emit(into: &$0, at: count)
        }
        #expect(written == Vectors.labelStack[..<8] + dirty(1))
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
