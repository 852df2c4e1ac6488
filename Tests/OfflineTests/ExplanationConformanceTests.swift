import Exchange
import ExchangeFile
import Forwarder
import Glibc
import Offline
import Packets
import Testbed
import Testing

/// Explanations beside a replay of the conformance cases.
@Suite struct ExplanationConformanceTests {
    private static let cases = repositoryRoot(#filePath) + "/Tests/Conformance/cases"

    /// Outcomes of many packets. A next hop that a replay waits for is assumed to answer in an explanation, and has
    /// answered in a replay's later packets: such packets count as forwarded in both.
    struct Tally: Equatable {
        var forwarded: UInt64 = 0
        var consumed: UInt64 = 0
        var drops: [DropReason: UInt64] = [:]

        mutating func count(_ outcome: Explanation.Outcome, _ number: UInt64 = 1) {
            switch outcome {
            case .forwarded, .dropped(.neighbourUnresolved): forwarded += number
            case .consumed: consumed += number
            case .dropped(let reason): drops[reason, default: 0] += number
            }
        }
    }

    @Test(
        "PX-5: explained one by one, a case's packets end as its replay does", arguments: folderEntries(cases)
    )
    func replay(name: String) throws {
        let folder = "\(Self.cases)/\(name)"
        let exchange = try ExchangeFile.load(path: "\(folder)/exchange.yaml")
        var files: [String: Replay.Files] = [:]
        var explained = Tally()
        for port in exchange.ports {
            let path = "\(folder)/\(port.name).in.pcap"
            guard access(path, R_OK) == 0 else { continue }
            files[port.name] = Replay.Files(input: path)
            var place = 1
            while let packet = try? CapturedPacket(path: path, index: place, for: port) {
                let explanation = try Explanation(exchange, port: port.name, packet: packet.bytes)
                explained.count(explanation.outcome)
                place += 1
            }
        }
        let report = try Replay(exchange, files: files).run()
        var replayed = Tally()
        replayed.count(.forwarded, report.forwarded)
        replayed.count(.consumed, report.consumed)
        for drop in report.drops { replayed.count(.dropped(drop.reason), drop.count) }
        #expect(explained == replayed)
    }
}
