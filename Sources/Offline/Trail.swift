import Forwarding
import Packets
import Tables
import Trace
import Wire

/// What the steps of one packet say, by kind.
struct Trail {
    /// An IP header of either version.
    struct Header {
        let source: IPAddress
        let destination: IPAddress
        let `protocol`: IPProtocol
        let timeToLive: UInt8
        let byteCount: Int
    }
    struct Ethernet {
        let destination: MACAddress
        let source: MACAddress
        let etherType: EtherType
        let tags: UInt32
    }

    private(set) var ethernet: Ethernet?
    /// The outer header first.
    private(set) var headers: [Header] = []
    private(set) var pathLabel: (entry: LabelStackEntry, tunnel: Int)?
    private(set) var userLabel: (entry: LabelStackEntry, conversion: ConversionIndex)?
    private(set) var transitLabel: (entry: LabelStackEntry, nhlfe: NHLFEIndex)?
    private(set) var unboundLabel: LabelStackEntry?
    /// Explicit nulls, the topmost first.
    private(set) var nulls: [LabelStackEntry] = []
    private(set) var tunnel: Int?
    /// The checksum of an outer UDP header, which carries labels.
    private(set) var datagramChecksum: UInt16?
    /// Where what an outer IPv6 header encapsulates begins, in bytes from its first, if extension headers stand between.
    private(set) var outerByteCount: Int?
    private(set) var subscriber: LookupResult?
    private(set) var service: LookupResult?
    private(set) var session: ConversionIndex?
    private(set) var transport: (protocol: IPProtocol, isLaterFragment: Bool)?
    private(set) var servicePort: UInt16?
    private(set) var messageType: UInt8?
    private(set) var codePoint: UInt8?
    /// The ICMP error's session and direction, where it is about a packet of that session.
    private(set) var related: (conversion: ConversionIndex, isTurnedBack: Bool)?
    /// Whose policer looked at the packet last, and what it saw.
    private(set) var policed: (owner: PolicedBy, colour: Policer.Colour)?
    private(set) var punt: Punt?

    init(_ steps: [Step]) {
        // What was looked at a second time counts only if that led to something: otherwise the first refusal stands.
        var first: Trail?
        for step in steps {
            switch step {
            case .hairpin, .quotedIPv4, .quotedIPv6:
                if let first { self = first }
                first = self
                if case .hairpin = step { isAboutQuote = false } else { isAboutQuote = true }
            case .ruleAdmits, .everythingAdmitted: if !isAboutQuote { first = nil }
            case .related(let conversion, let isTurnedBack):
                if let first { self = first }
                first = nil
                isAboutQuote = false
                related = (conversion, isTurnedBack)
                session = conversion
            default: note(step)
            }
        }
        if let first {
            let punt = punt
            self = first
            self.punt = punt
        }
    }

    /// Whether the steps are about the packet that an ICMP error quotes.
    private var isAboutQuote = false

    /// Label stack entries that were taken for understood.
    var labelCount: Int { (pathLabel == nil ? 0 : 1) + (userLabel == nil ? 0 : 1) + nulls.count }
    /// What the stack began with, as far as it was understood.
    var topmostLabel: LabelStackEntry? {
        nulls.first ?? transitLabel?.entry ?? pathLabel?.entry ?? userLabel?.entry
    }

    private mutating func note(_ step: Step) {
        switch step {
        case .ethernet(let destination, let source, let etherType, let tags):
            ethernet = Ethernet(destination: destination, source: source, etherType: etherType, tags: tags)
        case .ipv4(let source, let destination, let `protocol`, let timeToLive, let byteCount):
            headers.append(
                Header(
                    source: .v4(source), destination: .v4(destination), protocol: `protocol`,
                    timeToLive: timeToLive, byteCount: byteCount))
        case .ipv6(let source, let destination, let `protocol`, let timeToLive, let byteCount):
            headers.append(
                Header(
                    source: .v6(source), destination: .v6(destination), protocol: `protocol`,
                    timeToLive: timeToLive, byteCount: byteCount))
        case .pathLabel(let entry, let tunnel): pathLabel = (entry, Int(tunnel.rawValue))
        case .userLabel(let entry, let conversion): userLabel = (entry, conversion)
        case .transitLabel(let entry, let nhlfe): transitLabel = (entry, nhlfe)
        case .unboundLabel(let entry): unboundLabel = entry
        case .explicitNull(let entry): nulls.append(entry)
        case .outerExtensionHeaders(let byteCount): outerByteCount = byteCount
        case .datagram(_, let checksum): datagramChecksum = checksum
        case .tunnel(let tunnel): self.tunnel = Int(tunnel.rawValue)
        case .subscriber(let result): subscriber = result
        case .service(let result): service = result
        case .session(let conversion): session = conversion
        case .transport(let `protocol`, let isLaterFragment): transport = (`protocol`, isLaterFragment)
        case .servicePort(let port): servicePort = port
        case .messageType(let type): messageType = type
        case .codePoint(let number): codePoint = number
        case .policed(let owner, let colour, _): policed = (owner, colour)
        case .punted(let punt): self.punt = punt
        case .noSession, .path, .hairpin, .congestion, .noRuleAdmits, .ruleAdmits, .everythingAdmitted,
            .quotedIPv4, .quotedIPv6, .related, .timeToLiveHandedOn, .classHandedOn, .remarked,
            .segmentSizeLowered, .converted, .relabelled, .adjacency, .fragmented,
            .fragmentLost:
            break
        }
    }
}
