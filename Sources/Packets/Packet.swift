/// A port's place in the exchange file, counted from 0.
public struct PortIndex: RawRepresentable, Hashable, Sendable, BitwiseCopyable {
    public var rawValue: UInt16
    @inlinable public init(rawValue: UInt16) { self.rawValue = rawValue }
}

/// What has been decided about a packet of a vector.
public enum Disposition: UInt8, Sendable, BitwiseCopyable {
    /// Just received.
    case undecided
    /// To be sent out of `Packet.egress`.
    case transmit
    /// Sent.
    case forwarded
    /// For the slow path; `Packet.punt` says what it wants.
    case punt
    /// Kept until its next hop has answered or has not: it has no outcome yet, and is not counted before.
    case waiting
    /// Ours, and dealt with.
    case consumed
    /// Gone, for `Packet.dropReason`.
    case dropped
}

/// What the slow path is asked to do with a packet.
public enum Punt: UInt8, Sendable, BitwiseCopyable {
    /// An ARP packet (RFC 826).
    case arp
    /// An IP packet addressed to this node, or IPv6 neighbour discovery.
    case local
    /// Converted, but the next hop's MAC address is not known: ask for it.
    case resolve
    /// Over-size and must not be fragmented: answer "too big" (RFC 1191, RFC 8201).
    case tooBig
    /// IPv4 over-size that may be fragmented.
    case fragment
    /// TTL or hop limit expired: answer "time exceeded".
    case ttlExpired
    /// The top label's TTL expired: answer "time exceeded" with the label stack (RFC 4950). `networkOffset` is that of the
    /// stack; `counter` is the session's conversion where there is a session, else `adjacency` is the NHLFE.
    case labelTTLExpired
    /// A labelled packet on a transit label is too long for its line (RFC 3032 §3.4); fields as `labelTTLExpired`. It may
    /// be fragmented below its stack even where the port's senders are told of no errors.
    case labelTooBig
    /// Denied on a port that says so: answer "administratively prohibited" (RFC 1812 §5.2.7.1, RFC 4443 §3.1). The drop
    /// reason stands in `denial`.
    case prohibited
}

/// One packet of a vector: where its bytes lie in the arena, and what was decided about it. 40 bytes.
public struct Packet: BitwiseCopyable, Sendable {
    /// The frame's first byte in the arena: the Ethernet header, or the IP header on a TUN.
    public var offset: UInt32
    /// The frame's length in bytes.
    public var byteCount: UInt32
    /// Time of arrival, in nanoseconds since the Unix epoch.
    public var timestamp: UInt64
    /// The counter row, `2 × session + direction`; `Packet.noCounter` for packets of no session.
    public var counter: UInt32
    /// The inner IP packet's total length: what the user is charged for.
    public var meteredByteCount: UInt32
    /// Where the packet leaves.
    public var egress: PortIndex
    public var disposition: Disposition
    /// The raw value of a `DropReason` or `Punt`, as `disposition` says.
    @usableFromInline package var detail: UInt8
    /// The network-layer header's distance from `offset` on arrival, for the slow path.
    public var networkOffset: UInt16
    /// See `arrivalClass` and `givenClass`: 0x100 or 0x200 and the octet, or zero. In the high 2 bits see
    /// `isOwnDatagram` and `hasSoundChecksum`.
    @usableFromInline package var keptClass: UInt16
    /// The adjacency it leaves or would leave by, for the slow path; `UInt32.max` before one is known.
    public var adjacency: UInt32

    @inlinable public static var noCounter: UInt32 { .max }

    @inlinable public init(offset: UInt32, byteCount: UInt32, timestamp: UInt64) {
        self.offset = offset
        self.byteCount = byteCount
        self.timestamp = timestamp
        counter = Self.noCounter
        meteredByteCount = 0
        egress = PortIndex(rawValue: 0)
        disposition = .undecided
        detail = 0
        networkOffset = 0
        keptClass = 0
        adjacency = .max
    }

    /// DSCP and ECN as the inner header had them on arrival, where the first pass has written there what a tunnel has
    /// brought; nil: they stand there still.
    @inlinable @inline(always) public var arrivalClass: UInt8? {
        get { keptClass &>> 8 & 3 == 1 ? UInt8(truncatingIfNeeded: keptClass) : nil }
        set { if let newValue { keptClass = 0x100 | UInt16(newValue) } else { keptClass = 0 } }
    }

    /// The traffic class that a policer gives the labels pushed before the packet. Only of one that has been policed and is
    /// to be cut into fragments, and of these: it takes the place of `arrivalClass`.
    @inlinable @inline(always) public var givenClass: UInt8? {
        get { keptClass &>> 8 & 3 == 2 ? UInt8(truncatingIfNeeded: keptClass) : nil }
        set { if let newValue { keptClass = 0x200 | UInt16(newValue) } else { keptClass = 0 } }
    }

    /// Whether it leaves in a UDP header of our own making (RFC 7510): its checksum, or that it has none, is known to be
    /// right.
    @inlinable @inline(always) public var isOwnDatagram: Bool {
        get { keptClass & 0x8000 != 0 }
        set { keptClass = keptClass & 0x7fff | (newValue ? 0x8000 : 0) }
    }

    /// Whether its checksum was right for certain when it came in: it was made on this host, or a network card has verified
    /// it.
    @inlinable @inline(always) public var hasSoundChecksum: Bool {
        get { keptClass & 0x4000 != 0 }
        set { keptClass = keptClass & 0xbfff | (newValue ? 0x4000 : 0) }
    }

    /// Why it was dropped. Meaningful only when `disposition` is `.dropped`.
    @inlinable public var dropReason: DropReason { DropReason(rawValue: detail) ?? .transmitFailed }
    /// What the slow path should do. Meaningful only when `disposition` is `.punt`.
    @inlinable public var punt: Punt { Punt(rawValue: detail) ?? .local }

    /// Why it was denied. Meaningful only for the punt `.prohibited`.
    @inlinable public var denial: DropReason {
        DropReason(rawValue: UInt8(truncatingIfNeeded: meteredByteCount)) ?? .notAdmitted
    }

    /// Denies the packet, and has its sender told.
    @inlinable public mutating func prohibit(_ reason: DropReason) {
        punt(.prohibited)
        meteredByteCount = UInt32(reason.rawValue)
    }

    @inlinable @inline(always) public mutating func drop(_ reason: DropReason) {
        disposition = .dropped
        detail = reason.rawValue
    }

    @inlinable @inline(always) public mutating func punt(_ punt: Punt) {
        disposition = .punt
        detail = punt.rawValue
    }
}
