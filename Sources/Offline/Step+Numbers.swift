import Tables
import Trace
import Wire

extension Step {
    /// The step in the words of `explain`, with numbers where that has names: all that a forwarder knows by itself.
    var inNumbers: Explanation.Line {
        let (subject, text) = words
        return Explanation.Line(subject: subject, text: text)
    }

    private var words: (subject: String, text: String) {
        switch self {
        case .ethernet(let destination, let source, let etherType, let tags):
            let tagged = tags == 0 ? "" : ", \(Words.tags(tags))"
            return ("frame", "\(source) → \(destination)\(tagged), \(Words.etherType(etherType))")
        case .ipv4(let source, let destination, let `protocol`, let timeToLive, let byteCount):
            return (
                "parsed",
                "IPv4 \(source) → \(destination), \(Words.protocol(`protocol`)), TTL \(timeToLive), "
                    + Words.bytes(byteCount)
            )
        case .ipv6(let source, let destination, let `protocol`, let timeToLive, let byteCount):
            return (
                "parsed",
                "IPv6 \(source) → \(destination), \(Words.protocol(`protocol`)), hop limit \(timeToLive), "
                    + Words.bytes(byteCount)
            )
        case .pathLabel(let entry, let tunnel):
            return ("path label", "\(entry.label) of \(Self.tunnel(tunnel)), \(Words.entry(entry))")
        case .userLabel(let entry, let conversion):
            return ("user label", "\(entry.label) of \(Self.session(conversion)), \(Words.entry(entry))")
        case .transitLabel(let entry, _):
            return ("label", "\(entry.label) in the label table, \(Words.entry(entry))")
        case .explicitNull(let entry):
            return ("label", "\(entry.label), explicit null: popped, \(Words.entry(entry))")
        case .unboundLabel(let entry):
            return ("label", "\(entry.label), without a meaning here, \(Words.entry(entry))")
        case .outerExtensionHeaders(let byteCount):
            let text = "\(Words.bytes(byteCount - IPv6Field.byteCount)) of extension headers, followed"
            return ("extensions", text)
        case .datagram(let sourcePort, let checksum):
            let text = "from port \(sourcePort) to \(MPLSInUDP.port), "
            return ("UDP", text + (checksum == 0 ? "no checksum" : "checksum \(Words.checksum(checksum))"))
        case .tunnel(let tunnel): return ("tunnel", Self.tunnel(tunnel))
        case .subscriber(let result): return ("subscriber", Self.found(result))
        case .service(let result): return ("service", Self.found(result))
        case .noSession: return ("session", "none")
        case .session(let index): return ("session", "\(Self.session(index)), \(index.direction)")
        case .path(let index, let hash):
            let hash = String(hash.rawValue, radix: 16)
            return ("path", "\(Self.session(index)), of several: by the flow's hash \(hash)")
        case .hairpin:
            let text = "the sender's address is in a service: is it what another subscriber gets from that?"
            return ("hairpin", text)
        case .congestion(let inner, let outer, let result):
            let after = result.map { "goes on as \(Words.congestion($0))" } ?? "can't be marked"
            return (
                "congestion",
                "\(Words.congestion(outer)) outside: the packet, \(Words.congestion(inner)), \(after)"
            )
        case .transport(let `protocol`, let isLaterFragment):
            return (
                "transport",
                Words.protocol(`protocol`) + (isLaterFragment ? ", a later fragment: without ports" : "")
            )
        case .servicePort(let port): return ("port", "\(port), on the service's side")
        case .messageType(let type): return ("ICMP", "type \(type)")
        case .codePoint(let number): return ("DSCP", "\(number)")
        case .noRuleAdmits(let count):
            return (
                "admission",
                count == 1 ? "the only rule doesn't admit it" : "none of \(count) rules admits it"
            )
        case .ruleAdmits(let place): return ("admission", "rule \(place + 1) admits it")
        case .everythingAdmitted: return ("admission", "the whole service: the condition has no rules")
        case .quotedIPv4(let source, let destination, let `protocol`):
            return ("quotes", "IPv4 \(source) → \(destination), \(Words.protocol(`protocol`))")
        case .quotedIPv6(let source, let destination, let `protocol`):
            return ("quotes", "IPv6 \(source) → \(destination), \(Words.protocol(`protocol`))")
        case .related(let index, let isTurnedBack):
            let way =
                isTurnedBack ? "from a hop inside the tunnel, turned back to who sent it" : "to who sent it"
            return (
                "related",
                "an error about a packet of \(Self.session(index)), \(way): goes \(index.direction)"
            )
        case .timeToLiveHandedOn(let timeToLive, let before):
            let instead = before.map { ", instead of \($0)" } ?? ""
            return ("TTL", "\(timeToLive), of the label: written into what stood below it\(instead)")
        case .classHandedOn(let before, let after):
            return ("DSCP", "\(after), of what was around it: written into the packet, instead of \(before)")
        case .policed(let owner, let colour, let action):
            return ("policer", "of the \(owner): \(colour), \(Words.action(action))")
        case .remarked(let old, let new): return ("DSCP", "\(old), rewritten to \(new)")
        case .segmentSizeLowered(let old, let new):
            return ("MSS", "\(old), lowered to \(new) (RFC 9293 §3.7.1)")
        case .converted(let index): return ("conversion", "for \(Self.session(index)), \(index.direction)")
        case .relabelled: return ("conversion", "by the label table")
        case .adjacency(let index): return ("leaves", "by adjacency \(index.rawValue)")
        case .punted(let cause): return ("slow path", "\(cause)")
        case .fragmented(let count): return ("fragments", "\(count)")
        case .fragmentLost(let reason):
            return ("lost", "a further fragment: \(reason). \(reason.explanation)")
        }
    }

    private static func tunnel(_ index: TunnelIndex) -> String { "tunnel slot \(index.rawValue)" }
    private static func session(_ index: ConversionIndex) -> String {
        "session slot \(index.session.rawValue)"
    }

    private static func found(_ result: LookupResult) -> String {
        if result.isLocal { return "none: an address of this node" }
        return result.isIndex ? "slot \(result.index)" : "none"
    }
}
