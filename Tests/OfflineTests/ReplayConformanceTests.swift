import ExchangeFile
import Forwarder
import Offline
import Testbed
import Testing

/// The captures of `Tests/Conformance`, which another implementation made and tshark has judged.
@Suite("Conformance") struct ReplayConformanceTests {
    private static let casesPath = repositoryRoot(#filePath) + "/Tests/Conformance/cases"
    static let cases = folderEntries(casesPath)

    private let folder = ScratchFolder()

    @Test("The cases are where they are looked for")
    func casesAreFound() {
        #expect(Self.cases.count >= 40)
        #expect(Self.cases.contains("mixed"))
    }

    @Test(
        "PX-1 PX-2 PX-3 PX-4 PX-5 CD-3 CD-4 CD-5 CD-6 packets, time stamps and counters are those expected",
        arguments: cases)
    func conforms(_ name: String) throws {
        let (ports, report) = try replay(name)
        let expected = try #require(JSONNumbers(text("\(Self.casesPath)/\(name)/counters.json")))
        let counters = try #require(JSONNumbers(report.json))
        for key in Set(expected.values.keys).union(counters.values.keys).sorted() {
            #expect(counters.values[key] == expected.values[key], "\(key)")
        }
        #expect(report.balances)
        for port in ports {
            let expected = try capture("\(Self.casesPath)/\(name)/\(port).out.pcap")
            let sent = try capture(folder.file("\(port).out.pcap"))
            #expect(sent.link == expected.link)
            #expect(sent.records.count == expected.records.count, "packets sent by \(port)")
            for (number, pair) in zip(sent.records, expected.records).enumerated() {
                #expect(pair.0 == pair.1, "\(port), packet \(number + 1)")
            }
        }
    }

    @Test(
        "The same input gives the same output, octet for octet",
        arguments: ["mixed", "fragment-ipip", "nd-resolution"])
    func isDeterministic(_ name: String) throws {
        let first = try output(name)
        #expect(first.count > 400)
        #expect(try output(name) == first)
    }

    /// Everything that a replay writes.
    private func output(_ name: String) throws -> [UInt8] {
        let (ports, report) = try replay(name)
        return ports.flatMap { fileContents(folder.file("\($0).out.pcap")) ?? [] } + Array(report.json.utf8)
    }

    private func replay(_ name: String) throws -> (ports: [String], report: CountersReport) {
        let path = "\(Self.casesPath)/\(name)"
        let exchange = try ExchangeFile.load(path: "\(path)/exchange.yaml")
        let ports = exchange.ports.map(\.name)
        let present = folderEntries(path)
        var files: [String: Replay.Files] = [:]
        for port in ports {
            let input = "\(port).in.pcap"
            files[port] = Replay.Files(
                input: present.contains(input) ? "\(path)/\(input)" : nil,
                output: folder.file("\(port).out.pcap"))
        }
        return (ports, try Replay(exchange, files: files).run())
    }

    private func text(_ path: String) throws -> String {
        String(decoding: try #require(fileContents(path), "\(path)"), as: UTF8.self)
    }

    private func capture(_ path: String) throws -> Capture {
        let bytes = try #require(fileContents(path), "\(path)")
        return try #require(Capture(bytes), "\(path)")
    }
}
