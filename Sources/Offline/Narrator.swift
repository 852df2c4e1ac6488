import Exchange
import Forwarding
import Packets
import TableCompiler
import Tables
import Trace
import Wire

/// Tells what happened to one packet, with the names of the exchange.
///
/// The steps are told in their order. What they only number (sessions, rules, next hops) is looked up by name, and what
/// the conversion wrote is read from the frame that left.
struct Narrator {
    let exchange: ExchangeDescription
    let names: CompiledExchange
    let run: Run
    let trail: Trail

    init(exchange: ExchangeDescription, names: CompiledExchange, run: Run) {
        self.exchange = exchange
        self.names = names
        self.run = run
        trail = Trail(run.steps)
    }

    /// The port that the packet came in by.
    var port: Port { exchange.ports[run.port] }

    var heading: String {
        "\(port.name) (\(medium(port)), \(port.role.rawValue) side): \(Words.bytes(run.packet.count))"
    }

    /// All that there is to say, the outcome last but for what follows from it.
    var lines: [Explanation.Line] {
        var lines: [Explanation.Line] = []
        var headers = trail.headers[...]
        var isAboutQuote = false
        for step in run.steps {
            switch step {
            case .noRuleAdmits, .ruleAdmits, .everythingAdmitted:
                if let line = admission(step, isAboutQuote ? "the quoted packet" : "it") {
                    lines.append(line)
                }
            case .quotedIPv4, .quotedIPv6, .related:
                isAboutQuote = !isRelated(step)
                if let line = error(step) { lines.append(line) }
            case .ipv4, .ipv6:
                if let header = headers.popFirst() {
                    lines.append(line(header, isInnermost: headers.isEmpty))
                }
            case .converted where lines.contains { $0.subject == "conversion" },
                .adjacency where isLeft(lines):
                // A further fragment, which is converted as the first.
                break
            default: if let line = line(step) { lines.append(line) }
            }
        }
        if let line = unparsed { lines.insert(line, at: lines.first?.subject == "frame" ? 1 : 0) }
        return lines + ending
    }

    private func isRelated(_ step: Step) -> Bool { if case .related = step { true } else { false } }
    private func isLeft(_ lines: [Explanation.Line]) -> Bool { lines.contains { $0.subject == "leaves" } }

    private func line(_ step: Step) -> Explanation.Line? {
        switch step {
        case .ethernet, .timeToLiveHandedOn, .policed, .remarked, .segmentSizeLowered, .fragmentLost:
            return step.inNumbers
        case .pathLabel, .userLabel, .transitLabel, .explicitNull, .unboundLabel, .tunnel,
            .outerExtensionHeaders, .datagram:
            return encapsulation(step)
        case .subscriber, .service, .noSession, .session, .path, .hairpin: return membership(step)
        case .congestion(let inner, _, let result): return result == inner ? nil : step.inNumbers
        case .classHandedOn(let before, let after):
            let origin = trail.tunnel == nil ? "of the label's traffic class" : "of the outer header"
            return Explanation.Line(
                subject: "DSCP", text: "\(after), \(origin): written into the packet, instead of \(before)")
        case .converted(let index): return conversion(index)
        case .relabelled(let index): return relabelling(index)
        case .adjacency: return leaving
        case .fragmented(let count):
            return Explanation.Line(
                subject: "fragments", text: "\(count), of at most \(maximumInnerByteCount ?? 0) bytes each")
        case .ipv4, .ipv6, .transport, .servicePort, .messageType, .codePoint, .noRuleAdmits, .ruleAdmits,
            .everythingAdmitted, .quotedIPv4, .quotedIPv6, .related, .punted:
            return nil
        }
    }

    /// What came, where the loop itself didn't parse it.
    private var unparsed: Explanation.Line? {
        guard trail.punt == .arp || trail.punt == .local, trail.headers.isEmpty else { return nil }
        let summary = FrameSummary(run.packet, isEthernet: port.isEthernet)
        return Explanation.Line(subject: "parsed", text: "\(summary)")
    }

    private func line(_ header: Trail.Header, isInnermost: Bool) -> Explanation.Line {
        let isInside = trail.userLabel != nil || trail.tunnel != nil && isInnermost && trail.headers.count > 1
        // Behind extension headers only the rules look for the protocol.
        let spoken = isInnermost ? trail.transport?.protocol ?? header.protocol : header.protocol
        let source = header.source
        return Explanation.Line(
            subject: isInside ? "inside" : "parsed",
            text:
                "IPv\(source.version.rawValue) \(source) → \(header.destination), \(Words.protocol(spoken)), "
                + "\(Words.timeToLive(source)) \(header.timeToLive), \(Words.bytes(header.byteCount))")
    }

    private func encapsulation(_ step: Step) -> Explanation.Line? {
        switch step {
        case .pathLabel(let entry, let tunnel):
            Explanation.Line(
                subject: "path label",
                text: "\(entry.label) of tunnel \(names.tunnels[Int(tunnel.rawValue)]), \(Words.entry(entry))"
            )
        case .userLabel(let entry, let conversion):
            Explanation.Line(
                subject: "user label",
                text: "\(entry.label) of session \(session(conversion).name), \(Words.entry(entry))")
        case .transitLabel, .explicitNull, .outerExtensionHeaders, .unboundLabel, .datagram: step.inNumbers
        case .tunnel(let tunnel):
            Explanation.Line(subject: "tunnel", text: names.tunnels[Int(tunnel.rawValue)])
        default: nil
        }
    }

    private func membership(_ step: Step) -> Explanation.Line? {
        func found(_ result: LookupResult, _ names: [String]) -> String {
            result.isLocal
                ? "none: an address of this node" : result.isIndex ? names[Int(result.index)] : "none"
        }
        return switch step {
        case .subscriber(let result):
            Explanation.Line(subject: "subscriber", text: found(result, names.subscribers))
        case .service(let result): Explanation.Line(subject: "service", text: found(result, names.services))
        case .noSession, .hairpin: step.inNumbers
        case .session(let index):
            Explanation.Line(subject: "session", text: "\(session(index).name), \(index.direction)")
        case .path(let index, let hash):
            Explanation.Line(
                subject: "path",
                text:
                    "\(spelling(leavingLeg(index))), of the several of session \(session(index).name): by the flow's hash "
                    + String(hash.rawValue, radix: 16))
        default: nil
        }
    }

    private func admission(_ step: Step, _ object: String) -> Explanation.Line? {
        let text: String
        switch step {
        case .everythingAdmitted: text = "the whole service: the condition has no rules"
        case .ruleAdmits(let place):
            let rules = rules(trail.session)
            let rule = place < rules.count ? ": \(spelling(rules[place]))" : ""
            text = "rule \(place + 1) of \(rules.count) admits \(object)\(rule)"
        case .noRuleAdmits(let count):
            text =
                count == 1
                ? "the only rule doesn't admit \(object)" : "none of \(count) rules admits \(object)"
        default: return nil
        }
        return Explanation.Line(subject: "admission", text: text)
    }

    /// What an ICMP error is about, and whose it is.
    private func error(_ step: Step) -> Explanation.Line? {
        switch step {
        case .quotedIPv4, .quotedIPv6: return step.inNumbers
        case .related(let index, let isTurnedBack):
            let way =
                isTurnedBack
                ? "from a hop inside the tunnel, turned back to who sent it: goes" : "to who sent it: goes"
            return Explanation.Line(
                subject: "related",
                text: "an error about a packet of session \(session(index).name), \(way) \(index.direction)")
        default: return nil
        }
    }
}
