import ExchangeFile
import Observation
import Offline

extension TracedPacket {
    /// As `explain --json`, with time, and fields before and after; with steps as texts where names aren't known.
    func document(_ explanation: Explanation?, portName: (UInt16) -> String) -> DocumentValue {
        var document: DocumentValue =
            explanation.flatMap { try? DocumentValue(json: $0.json) } ?? numbered(portName)
        document.set("timestamp", DocumentValue(timestamp))
        let lines = lines(explanation)
        document.set("before", lines.last { $0.subject == "before" }.map { .text($0.text) })
        document.set("after", .list(lines.filter { $0.subject == "after" }.map { .text($0.text) }))
        document.set("hex", .text(Hex.text(frame)))
        return document
    }

    private func numbered(_ portName: (UInt16) -> String) -> DocumentValue {
        var document: DocumentValue = [
            "port": .text(portName(port)),
            "steps": .list(numberedSteps.map { .text("\($0.subject): \($0.text)") }),
        ]
        switch outcome {
        case .forwarded: document.set("outcome", "forwarded")
        case .consumed: document.set("outcome", "consumed")
        case .waiting: document.set("outcome", "waiting")
        case .dropped(let reason):
            document.set("outcome", "dropped")
            document.set("reason", .text("\(reason)"))
            document.set("why", .text(reason.explanation))
        }
        document.set(
            "frames",
            .list(sent.map { ["port": .text(portName($0.port)), "hex": .text(Hex.text($0.bytes))] }))
        return document
    }
}
