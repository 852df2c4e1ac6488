import Exchange
import Offline
import Testbed
import Testing

/// Explanations of the conformance cases' packets.
@Suite struct ExplanationConformanceTests {
    @Test(
        "PX-5: each packet of a case, explained by itself, ends as is stated for it alone",
        arguments: ConformanceCase.all)
    func explains(_ example: ConformanceCase) throws {
        let exchange = try example.exchange()
        let stated = try example.json("explained.json")
        var count = 0
        for port in exchange.ports.map(\.name) {
            let outcomes = stated.texts(port)
            count += outcomes.count
            #expect(outcomes.isEmpty != example.has("\(port).in.pcap"))
            guard !outcomes.isEmpty else { continue }
            let packets = try example.capture("\(port).in.pcap").records
            #expect(packets.count == outcomes.count)
            for (place, (packet, outcome)) in zip(packets, outcomes).enumerated() {
                let explanation = try Explanation(exchange, port: port, packet: packet.frame)
                #expect(explanation.outcome.name == outcome, "\(port), packet \(place + 1)")
            }
        }
        #expect(count > 0 && count == stated.leaves.count)
    }
}

extension Explanation.Outcome {
    /// `forwarded`, `consumed`, or the drop reason's name.
    fileprivate var name: String {
        switch self {
        case .forwarded: "forwarded"
        case .consumed: "consumed"
        case .waiting: "waiting"
        case .dropped(let reason): "\(reason)"
        }
    }
}
