import Forwarder
import Offline
import Testbed
import Testing

/// The captures of `Tests/Conformance`, which another implementation made and tshark has judged.
@Suite("Conformance") struct ReplayConformanceTests {
    private let folder = ScratchFolder()

    @Test("The cases are where they are looked for")
    func casesAreFound() {
        #expect(ConformanceCase.all.count >= 120)
        #expect(ConformanceCase.all.contains { $0.name == "mixed" })
    }

    @Test(
        "PX-1 PX-2 PX-3 PX-4 PX-5 CD-3 CD-4 CD-5 CD-6 packets, time stamps and counters are those expected",
        arguments: ConformanceCase.all)
    func conforms(_ example: ConformanceCase) throws {
        let (ports, report) = try example.replay(into: folder)
        let counters = try #require(JSONLeaves(report.json))
        try compare(counters, example.json("counters.json"))
        #expect(report.balances)
        let paths = try example.paths()
        for port in ports {
            let expected = try example.capture("\(port).out.pcap")
            let sent = try Capture(path: folder.file("\(port).out.pcap"))
            if let paths, paths.port == port {
                paths.check(sent, expected)
                continue
            }
            #expect(sent.link == expected.link)
            #expect(sent.records.count == expected.records.count, "packets sent by \(port)")
            for (number, pair) in zip(sent.records, expected.records).enumerated() {
                #expect(pair.0 == pair.1, "\(port), packet \(number + 1)")
            }
        }
    }

    /// Compares all but what a session's single paths have counted, of which the sum must be the session's.
    private func compare(_ counters: JSONLeaves, _ expected: JSONLeaves) {
        var legSums: [String: UInt64] = [:]
        for (path, leaf) in counters.leaves {
            let parts = path.split(separator: "/").map(String.init)
            // sessions/NAME/legs/PLACE/up/bytes
            guard parts.count == 6, parts[2] == "legs", case .number(let number) = leaf else { continue }
            legSums[(parts[..<2] + parts[4...]).joined(separator: "/"), default: 0] += number
        }
        for (path, sum) in legSums { #expect(counters.number(path) == sum, "\(path) and its paths") }
        let whole = counters.filter { !$0.contains("/legs/") }
        for path in Set(expected.leaves.keys).union(whole.keys).sorted() {
            #expect(whole[path] == expected[path], "\(path)")
        }
    }

    @Test(
        "The same input gives the same output, octet for octet",
        arguments: ["mixed", "fragment-ipip", "nd-resolution", "paths"])
    func isDeterministic(_ name: String) throws {
        let first = try output(name)
        #expect(first.count > 400)
        #expect(try output(name) == first)
    }

    /// Everything that a replay writes.
    private func output(_ name: String) throws -> [UInt8] {
        let (ports, report) = try ConformanceCase.named(name).replay(into: folder)
        return ports.flatMap { fileContents(folder.file("\($0).out.pcap")) ?? [] } + Array(report.json.utf8)
    }
}
