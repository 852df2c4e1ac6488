import Exchange
import Packets
import TableCompiler
import Tables
import Wire

/// What can be wrong with a label stack.
extension Narrator {
    func labelFinding(_ reason: DropReason) -> Finding {
        switch reason {
        case .unknownLabel:
            guard let label = trail.unboundLabel?.label else { return Finding(reason.explanation) }
            return Finding(
                "Label \(label) is bound to nothing: it is no tunnel's path label, no session's user label, and not "
                    + "in the label table.",
                remedy: "Bind it as `receive` of a tunnel or of a session's leg, or in `labels`.")
        case .reservedLabel: return reservedLabel
        case .labelOutOfContext: return labelOutOfContext
        case .missingUserLabel where trail.nulls.last?.isBottomOfStack == true:
            return Finding(
                "An explicit null is the bottom of the stack: no user label says whose packet stands below it, and bare "
                    + "packets out of a label stack are not routed here.",
                remedy: "Send a session's user label below it.")
        case .missingUserLabel:
            guard let path = trail.pathLabel else { return Finding(reason.explanation) }
            return Finding(
                "\(path.entry.label) is the path label of tunnel \(names.tunnels[path.tunnel]) and ends here, and it "
                    + "is marked as the bottom of the stack: no user label says whose packet it is.",
                remedy: "Send a session's user label below it.")
        case .missingBottomOfStack:
            guard let user = trail.userLabel else { return Finding(reason.explanation) }
            return Finding(
                "User label \(user.entry.label) of session \(session(user.conversion).name) is not marked as the "
                    + "bottom of the stack, and an IP packet must follow it.",
                remedy: "Send it with the S bit set.")
        case .earlyBottomOfStack:
            guard let transit = trail.transitLabel else { return Finding(reason.explanation) }
            return Finding(
                "Label \(transit.entry.label) is popped and another tunnel's path label pushed, which needs a label "
                    + "to stand on; \(transit.entry.label) is the bottom of the stack.",
                remedy: "Send a user label below it, or swap instead of popping.")
        case .labelStackTooDeep:
            return Finding(
                "The first eight labels of the stack say nothing of whose packet it is (\(trail.nulls.count) are explicit "
                    + "nulls), and no more are followed.",
                remedy: "Send at most eight: the tunnel's path label and the user label are enough.")
        case .associatedChannel:
            let of =
                trail.userLabel.map { "session \(session($0.conversion).name)" }
                ?? trail.pathLabel.map { "tunnel \(names.tunnels[$0.tunnel])" } ?? "port \(port.name)"
            return Finding(
                "Label 13 announces a message of the associated channel of \(of) (RFC 5586), such as a continuity check; "
                    + "nobody here listens to it.")
        case .truncatedLabelStack:
            return Finding("The frame ends inside the label stack; an entry has 4 bytes.")
        default: return Finding(reason.explanation)
        }
    }

    private var reservedLabel: Finding {
        guard let label = trail.unboundLabel?.label else {
            return Finding(DropReason.reservedLabel.explanation)
        }
        let meaning =
            switch label.rawValue {
            case 1: " (router alert)"
            case 3: " (implicit null, which is never sent)"
            case 7: " (entropy label indicator)"
            case 14: " (OAM alert)"
            case 15: " (extension)"
            default: ""
            }
        return Finding(
            "Label \(label)\(meaning) has a special purpose, and is not served here; what is below it is not looked "
                + "at.",
            remedy: "Have it sent with a label that is bound, or popped before (`php: true` on the tunnel).")
    }

    private var labelOutOfContext: Finding {
        if let path = trail.pathLabel, trail.unboundLabel == nil {
            let tunnel = exchange.tunnels[path.tunnel]
            let line = line(of: tunnel)
            return Finding(
                "\(path.entry.label) is the path label of tunnel \(tunnel.name), which arrives by port "
                    + "\(line?.port ?? "") (line \(tunnel.line)); this packet came in by port \(port.name).",
                remedy: port.role == .access
                    ? "Send it there."
                    : "Send it there, or put tunnel \(tunnel.name) on a line of port \(port.name).")
        }
        if let transit = trail.transitLabel {
            return Finding(
                "Label \(transit.entry.label) is in the label table, which is for network ports; \(port.name) is an "
                    + "access port.")
        }
        guard let label = trail.unboundLabel?.label else {
            return Finding(DropReason.labelOutOfContext.explanation)
        }
        let homes = names.sessionObjects.flatMap { session in
            [session.up.userLabel, session.down.userLabel].compactMap { $0 }.filter { $0.label == label }
                .map { "\(spelling($0.context)) (session \(names.sessions[Int(session.slot.rawValue)]))" }
        }
        let came = trail.pathLabel.map { "under path label \($0.entry.label)" } ?? "on top of the stack"
        return Finding(
            "User label \(label) is bound \(Words.list(homes)); here it stands \(came), on port \(port.name)."
        )
    }

    private func spelling(_ context: LabelContext) -> String {
        switch context {
        case .tunnel(let tunnel):
            let tunnel = exchange.tunnels[Int(tunnel.rawValue)]
            let path: Label?
            switch tunnel.encapsulation {
            case .mpls(let mpls): path = mpls.receive
            case .mplsudp(let mplsudp): path = mplsudp.receive
            case .ipip: path = nil
            }
            guard let path else { return tunnel.name }
            return "under path label \(path) of tunnel \(tunnel.name)"
        case .port(let index): return "alone on port \(exchange.ports[Int(index)].name)"
        }
    }
}
