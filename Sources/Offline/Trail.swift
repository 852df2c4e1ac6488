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
    private(set) var tunnel: Int?
    private(set) var subscriber: LookupResult?
    private(set) var service: LookupResult?
    private(set) var session: ConversionIndex?
    private(set) var transport: (protocol: IPProtocol, isLaterFragment: Bool)?
    private(set) var servicePort: UInt16?
    private(set) var punt: Punt?

    init(_ steps: [Step]) { for step in steps { note(step) } }

    /// Label stack entries that were taken for understood.
    var labelCount: Int { (pathLabel == nil ? 0 : 1) + (userLabel == nil ? 0 : 1) }

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
        case .tunnel(let tunnel): self.tunnel = Int(tunnel.rawValue)
        case .subscriber(let result): subscriber = result
        case .service(let result): service = result
        case .session(let conversion): session = conversion
        case .transport(let `protocol`, let isLaterFragment): transport = (`protocol`, isLaterFragment)
        case .servicePort(let port): servicePort = port
        case .punted(let punt): self.punt = punt
        case .noSession, .congestion, .noRuleAdmits, .ruleAdmits, .everythingAdmitted, .timeToLiveHandedOn,
            .converted, .relabelled, .adjacency, .fragmented:
            break
        }
    }
}
