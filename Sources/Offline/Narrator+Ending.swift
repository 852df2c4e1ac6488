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
            return [Explanation.Line(subject: "outcome", text: "consumed by this node")] + answers
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
            let subject = run.outcome == .dropped(.neighbourUnresolved) ? "asks" : "answer"
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
        default: nil
        }
    }

    private var silenceAboutError: String {
        guard trail.transitLabel == nil else { return "who sent it can't be known from the labels" }
        guard trail.punt == .ttlExpired || trail.punt == .tooBig, let header = trail.headers.last else {
            return "an ICMP error can't be sent back into the tunnel that it came by"
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
