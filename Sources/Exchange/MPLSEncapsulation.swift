public import Wire

/// Label stack entries before the IP header (RFC 3032 §2.1): the tunnel's path label, or several of them, and the
/// session's user label.
///
/// ```
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// |               path label              | TC  |0|      TTL      |  up to seven when sending; absent with
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+  `null: implicit`, or on arrival with `php`
/// |               user label              | TC  |1|      TTL      |
/// +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
/// ```
public struct MPLSEncapsulation: Equatable, Sendable {
    /// The path labels to send with, top first: one, or up to seven of a segment list (RFC 8660). Empty exactly when
    /// `null` is given.
    public var send: [Label]
    /// The path label to receive by. Nil exactly when `php` is set.
    public var receive: Label?
    /// The null label that stands for the path label when sending.
    public var null: Null?
    /// Whether the hop before us pops the path label (penultimate-hop popping, RFC 3031 §3.16), so that the
    /// user label arrives alone.
    public var php: Bool
    /// How the labels' TTL and the packet's go together.
    public var ttl: TTL
    /// The traffic class of all labels.
    public var trafficClass: TrafficClass
    /// From the traffic class of the top label to the inner packet's DSCP on arrival; what isn't given is kept. Nil: all
    /// is, the pipe model (RFC 3270 §2.6.2).
    public var innerDSCP: ClassMap?

    /// Takes every property as it is; `ExchangeDescription.validate()` judges it.
    public init(
        send: [Label] = [], receive: Label? = nil, null: Null? = nil, php: Bool = false, ttl: TTL = .uniform,
        trafficClass: TrafficClass = .copy, innerDSCP: ClassMap? = nil
    ) {
        self.send = send
        self.receive = receive
        self.null = null
        self.php = php
        self.ttl = ttl
        self.trafficClass = trafficClass
        self.innerDSCP = innerDSCP
    }

    /// What is put before a packet, in bytes: four for each path label and for the user label.
    public var overheadByteCount: Int { 4 * (pathLabelCount + 1) }

    /// Labels that are sent above those of whoever uses the tunnel.
    var pathLabelCount: Int { null == .explicit ? 1 : send.count }

    /// The null labels (RFC 3032 §2.1).
    public enum Null: String, CaseIterable, Sendable {
        /// Label 0 is sent as the path label, before IPv6 packets too (RFC 4182).
        case explicit
        /// Label 3: no path label is sent.
        case implicit
    }

    /// How the TTL of the labels and that of the IP header go together (RFC 3443).
    public enum TTL: Equatable, Sendable {
        /// The IP header's is copied to the labels, and the top label's back.
        case uniform
        /// The labels begin with this number, 1…255; the tunnel counts as one hop.
        case pipe(UInt8)

        /// A pipe that begins with the greatest TTL.
        public static let defaultPipe = TTL.pipe(255)
    }

    /// The traffic class of the labels (RFC 5462).
    public enum TrafficClass: Equatable, Sendable {
        /// The top three bits of the packet's DSCP.
        case copy
        /// This number, 0…7.
        case fixed(UInt8)
        /// By the packet's DSCP; those that aren't given are copied, or become `otherwise`.
        case map(ClassMap)
    }
}
