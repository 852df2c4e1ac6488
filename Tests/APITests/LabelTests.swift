import APIClient
import Exchange
import ExchangeFile
import Testbed
import Testing
import Wire

@testable import API

@Suite("Label tables as CSV") struct LabelTests {
    private static let table = """
        in,out,line,tunnel
        20001,30001,north,
        20002,30001/30002,,acme-north
        20003,pop,north,

        """

    @Test("CD-7 a table is put in as a whole, and comes out the same")
    func loads() async throws {
        try await Site.run { site in
            try await site.applySubscriberEdge()
            #expect(try await site.ask("DELETE", "/labels?from=16&to=1048575").document["changeCount"] == 5)
            let loaded = try await site.ask("POST", "/labels", Self.table, type: "text/csv; charset=utf-8")
            #expect(loaded.document["changeCount"] == 3, "\(loaded.text)")
            let read = try await site.ask("GET", "/labels", headers: [("Accept", "text/csv")])
            #expect(read.text == Self.table)
            #expect(read.header("Content-Type") == "text/csv")
            #expect(try await site.ask("DELETE", "/labels?from=20002&to=20002").document["changeCount"] == 1)
            #expect(try await site.ask("GET", "/labels/20002").status == 404)
            #expect(try await site.ask("GET", "/labels/20003").document["pop"] == true)
        }
    }

    @Test("CD-7 a faulty table changes nothing; what is only wrong beside others has its line too")
    func faultyTable() async throws {
        try await Site.run { site in
            try await site.applySubscriberEdge()
            // 17001 is what the tunnel acme-north receives by.
            for (row, line) in [
                ("17001,30001,north,", 5), ("20004,30001,nowhere,", 5), ("20004,x,north,", 5),
            ] {
                let refused = try await site.ask("POST", "/labels", Self.table + row + "\n", type: "text/csv")
                #expect(refused.status == 422)
                #expect(
                    refused.document["faults"]?.items.first?["line"] == DocumentValue(line), "\(refused.text)"
                )
            }
            #expect(try await site.ask("GET", "/labels/20001").status == 404)
        }
    }

    @Test(
        "Faults are told by line",
        arguments: [
            ("", 1, "the table is empty"), ("in;out\n", 1, "first line"),
            ("20001,pop,north,\n", 1, "first line"),
            ("in,out,line,tunnel\n20001,pop,north\n", 2, "four fields"),
            ("in,out,line,tunnel\n\n15,pop,north,\n", 3, "`in`"),
            ("in,out,line,tunnel\n1048576,pop,north,\n", 2, "`in`"),
            ("in,out,line,tunnel\n16,-1,north,\n", 2, "`out`"),
            ("in,out,line,tunnel\n16,20/21/22/23/24/25/26/27/28,north,\n", 2, "`out`"),
            ("in,out,line,tunnel\n16,,north,\n", 2, "`out`"),
            ("in,out,line,tunnel\n16,pop,,\n", 2, "name a line"),
            ("in,out,line,tunnel\n16,pop,a,b\n", 2, "not both"),
            ("in,out,line,tunnel\n16,pop,a,\n17,pop,a,\n16,pop,b,", 4, "bound in line 2"),
            ("in,out,line,tunnel\n16,pop," + String(repeating: "a", count: 2000), 2, "longer than"),
        ])
    func faults(text: String, line: Int, message: String) throws {
        var table = LabelCSV()
        table.take(Array(text.utf8))
        table.finish()
        let fault = try #require(table.faults.first)
        #expect(fault.location?.line == line)
        #expect(fault.message.contains(message), "\(fault)")
    }

    @Test(
        "What spreadsheets write is read: a byte order mark, quotes, other line ends",
        arguments: [
            "\u{feff}in,out,line,tunnel\r\n20003,pop,north,\r\n",
            "\u{feff}\"in\",\"out\",\"line\",\"tunnel\"\n\"20003\",\"pop\",\"north\",\"\"\n",
            "in, out ,line,tunnel\n\n 20003, \"pop\" ,north,\n\n",
        ])
    func spreadsheets(text: String) {
        var table = LabelCSV()
        table.take(Array(text.utf8))
        table.finish()
        #expect(table.faults.isEmpty, "\(table.faults)")
        #expect(table.bindings.map(LabelCSV.line) == ["20003,pop,north,\n"])
    }

    @Test("What isn't UTF-8 is refused in its line")
    func notText() {
        var table = LabelCSV()
        table.take(Array("in,out,line,tunnel\n20001,pop,no".utf8) + [0xff] + Array("rth,\n".utf8))
        table.finish()
        #expect(table.faults.map(\.location?.line) == [2])
        #expect(table.faults.first?.message.contains("UTF-8") == true)
    }

    @Test("A line that is too long is one fault, and the lines behind it keep their numbers")
    func longLine() {
        var table = LabelCSV()
        table.take(Array("in,out,line,tunnel\n".utf8))
        for _ in 0..<100 { table.take(Array(repeating: UInt8(ascii: "x"), count: 700)) }
        table.take(Array("\n20001,pop,north,\ny\n".utf8))
        table.finish()
        #expect(table.faults.map(\.location?.line) == [2, 4], "\(table.faults)")
        #expect(table.bindings.count == 1)
    }

    @Test("Of a file that is no label table, the first line alone is told")
    func foreignFile() {
        var table = LabelCSV()
        table.take(Array("in;out;line;tunnel\n20001;pop;north;\n20002;pop;north;\n".utf8))
        table.finish()
        #expect(table.faults.map(\.location?.line) == [1])
    }

    @Test("However the table is cut into pieces, it is read the same", arguments: SeededGenerator.seeds)
    func pieces(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<50 {
            let bindings = (0..<random.number(0...40)).map { index in
                let label = { (number: Int) in Label(unchecked: UInt32(number)) }
                return LabelBinding(
                    in: label(20_000 + index),
                    operation: random.once(in: 3)
                        ? .pop
                        : .swap((0...random.number(0...7)).map { _ in label(random.number(16...0xf_ffff)) }),
                    via: random.once(in: 2) ? .line("north") : .tunnel("acme"))
            }
            let end = random.element(["\n", "\r\n"])
            var rest = Array(
                (LabelCSV.header + "\n" + bindings.map(LabelCSV.line).joined()).replacing("\n", with: end)
                    .utf8)[...]
            var table = LabelCSV()
            while !rest.isEmpty {
                let piece = rest.prefix(random.number(1...60))
                table.take(Array(piece))
                rest = rest.dropFirst(piece.count)
            }
            table.finish()
            #expect(table.faults.isEmpty && table.bindings == bindings, "seed \(seed): \(table.faults)")
        }
    }

    @Test("At most 50 faults are told")
    func manyFaults() {
        var table = LabelCSV()
        table.take(Array(("in,out,line,tunnel\n" + String(repeating: "x\n", count: 1000)).utf8))
        table.finish()
        #expect(table.faults.count == 50)
    }
}
