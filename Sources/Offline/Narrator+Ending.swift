import Exchange
import Packets
import TableCompiler
import Tables
import Wire

/// The outcome, and what follows from it: what is counted, what is answered, and why a packet was dropped.
extension Narrator {
    var ending: [Explanation.Line] {
        switch run.outcome {
        case .forwarded:
            return [counted].compactMap { $0 } + [Explanation.Line(subject: "outcome", text: "forwarded")]
        case .consumed:
            return [Explanation.Line(subject: "outcome", text: Words.consumed)] + answers
        case .waiting:
            return [Explanation.Line(subject: "outcome", text: Words.waiting)] + answers
        case .dropped(let reason):
            let finding = finding(reason)
            var lines = [
                Explanation.Line(subject: "outcome", text: "dropped: \(reason)"),
                Explanation.Line(subject: "why", text: finding.why),
            ]
            if let remedy = finding.remedy { lines.append(Explanation.Line(subject: "remedy", text: remedy)) }
            return lines + answers
        }
    }

    /// What the session is charged for: the inner packets as they crossed.
    private var counted: Explanation.Line? {
        guard let index = conversionIndex, let adjacency = run.adjacency else { return nil }
        let added =
            Int(adjacency.headerByteCount)
            + (tunnel(of: leavingLeg(index))?.encapsulation.overheadByteCount ?? 0)
        let bytes = run.frames.reduce(0) { $0 + $1.bytes.count - added }
        let packets = run.frames.count == 1 ? "1 packet" : "\(run.frames.count) packets"
        return Explanation.Line(
            subject: "counted",
            text: "\(packets), \(Words.bytes(bytes)) of IP, to \(session(index).name), \(index.direction)")
    }

    /// What the slow path sent because of the packet, or why it sent nothing.
    private var answers: [Explanation.Line] {
        guard run.frames.isEmpty else {
            let isAsking = run.outcome == .waiting || run.outcome == .dropped(.neighbourUnresolved)
            let subject = isAsking ? "asks" : "answer"
            return run.frames.map { frame in
                let port = exchange.ports[frame.port]
                let summary = FrameSummary(frame.bytes, isEthernet: port.isEthernet)
                return Explanation.Line(
                    subject: subject, text: "\(port.name): \(summary), \(Words.bytes(frame.bytes.count))")
            }
        }
        return silence.map { [Explanation.Line(subject: "answer", text: "none: \($0)")] } ?? []
    }

    private var silence: String? {
        switch run.outcome {
        case .consumed: "it asks for nothing that port \(port.name) has"
        case .dropped(.ttlExpired), .dropped(.tooBig): silenceAboutError
        case .dropped where trail.punt == .prohibited: silenceAboutError
        case .forwarded, .dropped, .waiting: nil
        }
    }

    private var silenceAboutError: String {
        guard names.ports[run.port].sendsErrors || trail.punt == .prohibited else {
            return "port \(port.name) has `icmpErrors: false`"
        }
        guard trail.punt != .fragment else {
            return "the sender allows fragments, and is told nothing of them"
        }
        guard let header = trail.headers.last else {
            return
                "what stands below the labels is no IP packet whose sender may be told, or the node has no address to "
                + "speak from"
        }
        let version = header.source.version
        guard hasAddress(version) else {
            return
                "the node has no IPv\(version.rawValue) address to speak from; write one into the `addresses` of "
                + "port \(port.name)"
        }
        return
            "there is no ICMP error about another ICMP error, about a later fragment, or to a source that isn't "
            + "one host's address (RFC 1122 §3.2.2, RFC 4443 §2.4)"
    }
}
