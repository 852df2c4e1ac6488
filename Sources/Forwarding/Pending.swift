public import Tables
public import Wire

/// What the stages have found out about a packet, for those behind them. 48 bytes. Not copyable: the runtime would have to
/// know how to copy one.
@usableFromInline struct Pending: ~Copyable {
    /// Which stages a packet is still to go through. An enumeration would be `Hashable`, which is asked of the runtime.
    @usableFromInline struct Kind: BitwiseCopyable {
        @usableFromInline let rawValue: UInt8
        @inlinable @inline(always) init(rawValue: UInt8) { self.rawValue = rawValue }

        /// None but the rewriting, or not even that: it has been decided what becomes of the packet.
        @inlinable static var nothing: Self { Self(rawValue: 0) }
        /// An IP packet outside any tunnel.
        @inlinable static var plain4: Self { Self(rawValue: 1) }
        @inlinable static var plain6: Self { Self(rawValue: 2) }
        /// What came out of an IP-in-IP tunnel.
        @inlinable static var decapsulated4: Self { Self(rawValue: 3) }
        @inlinable static var decapsulated6: Self { Self(rawValue: 4) }
        /// What stands under a user label: not looked at, and an IP packet.
        @inlinable static var labelled: Self { Self(rawValue: 5) }
        @inlinable static var unlabelled4: Self { Self(rawValue: 6) }
        @inlinable static var unlabelled6: Self { Self(rawValue: 7) }

        @inlinable @inline(always) static func == (a: Self, b: Self) -> Bool { a.rawValue == b.rawValue }
        @inlinable @inline(always) static func != (a: Self, b: Self) -> Bool { a.rawValue != b.rawValue }
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

/// Room for what is pending about a batch of packets: so few that what one stage asks for is still in the nearest cache in
/// the next. Written out, since the runtime would be asked for the type of an array.
@usableFromInline struct PendingBatch: ~Copyable {
    @inlinable static var capacity: Int { 64 }

    /// Zeros: 48 times 64 bytes, for 64 times 48.
    @usableFromInline typealias Line = (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64)
    @usableFromInline typealias Lines = (Line, Line, Line, Line, Line, Line, Line, Line)
    @usableFromInline static var line: Line { (0, 0, 0, 0, 0, 0, 0, 0) }
    @usableFromInline static var lines: Lines { (line, line, line, line, line, line, line, line) }
    @usableFromInline var words = (lines, lines, lines, lines, lines, lines)

    @inlinable @inline(always) init() {}
}
