import Packets
public import Tables
public import Wire

/// What the stages have found out about a packet, for those behind them. 48 bytes.
@usableFromInline struct Pending: BitwiseCopyable {
    /// Which stages a packet is still to go through.
    @usableFromInline enum Kind: UInt8, BitwiseCopyable {
        /// None but the rewriting, or not even that: it has been decided what becomes of the packet.
        case nothing
        /// An IP packet outside any tunnel.
        case plain4
        case plain6
        /// What came out of an IP-in-IP tunnel.
        case decapsulated4
        case decapsulated6
        /// What stands under a user label: not looked at, and an IP packet.
        case labelled
        case unlabelled4
        case unlabelled6
    }

    @usableFromInline var kind = Kind.nothing
    /// Decapsulated: which way the packet seems to go.
    @usableFromInline var direction = Direction.down
    /// Decapsulated, and labels in a datagram: the outer header's DSCP and ECN.
    @usableFromInline var outerClass: UInt8 = 0
    /// Labelled: whether the labels came in a datagram (RFC 7510).
    @usableFromInline var isDatagram = false
    /// Where the inner or only IP header stands in the arena.
    @usableFromInline var header: UInt32 = 0
    /// The IP packet's total length. Labelled: the bytes under the stack.
    @usableFromInline var byteCount: UInt32 = 0
    /// VLAN ids, outer in the high half.
    @usableFromInline var tags: UInt32 = 0
    /// Whom the addresses belong to.
    @usableFromInline var subscriber = LookupResult.none
    @usableFromInline var service = LookupResult.none
    /// The session and direction that the packet seems to belong to; all ones: none.
    @usableFromInline var conversion = Pending.noConversion
    /// Decapsulated: the tunnel it came by.
    @usableFromInline var tunnel = TunnelIndex(rawValue: 0)
    /// Labelled: the user label, where it has its meaning, and what the frame's stack began with.
    @usableFromInline var user = LabelStackEntry(rawValue: 0)
    @usableFromInline var topmost = LabelStackEntry(rawValue: 0)
    @usableFromInline var context = LabelContext.port(0)

    @inlinable @inline(always) init() {}

    @inlinable static var noConversion: ConversionIndex { ConversionIndex(rawValue: .max) }

    /// The IP header, up to the end of its packet.
    @inlinable @inline(always) var position: Position {
        Position(header: Int(header), end: Int(header) &+ Int(byteCount), tags: tags)
    }
}
