public import Wire

/// What is done to a session's packets in one direction: by which leg they must arrive, which packets are admitted,
/// and what the leg they leave by puts before them. 64 bytes, one cache line.
///
/// The header is prebaked and aligned to its end, as in `Adjacency`: MPLS puts path and user label in the last 8 bytes,
/// further path labels before them, IP-in-IP the outer IPv4 header in the last 20, the outer IPv6 header in all 40.
/// MPLS-in-UDP has its own way (`DatagramConversion`).
/// Fields that follow the inner packet (TTL, traffic class, DSCP, ECN, DF, length, identification) are zero or preset,
/// and `Flags` says which. What else packets meet, which most sessions have nothing of, is the `Treatment`.
public struct Conversion: BitwiseCopyable, Sendable {
    /// What the leg that packets leave by puts before them.
    public enum Encapsulation: UInt8, Sendable, BitwiseCopyable {
        /// Nothing: a plain leg.
        case plain
        /// A label stack.
        case mpls
        /// An outer IPv4 header.
        case ipv4
        /// An outer IPv6 header.
        case ipv6
        /// An outer header of either version, UDP, and one or two labels (RFC 7510).
        case udp
    }

    /// How header fields are derived from the inner packet, and how the arrival tunnel hands its TTL on.
    public struct Flags: OptionSet, BitwiseCopyable, Sendable {
        public let rawValue: UInt8
        @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }
        /// The inner TTL, as it goes on, goes into the labels (RFC 3443 uniform model) or the outer header; else the
        /// prebaked one.
        @inlinable public static var copyTTL: Self { Self(rawValue: 1) }
        /// MPLS: the top three DSCP bits go into the traffic class; IP-in-IP: the DSCP into the outer header.
        @inlinable public static var copyClass: Self { Self(rawValue: 2) }
        /// IP-in-IP over IPv4: the inner DF bit goes into the outer header; else the outer one is set.
        @inlinable public static var copyDontFragment: Self { Self(rawValue: 4) }
        /// IP-in-IP: the outer header is not ECN-capable (RFC 6040 §4.1, compatibility mode); else it has the inner ECN.
        @inlinable public static var compatibleECN: Self { Self(rawValue: 8) }
    }

    /// 40 bytes.
    @usableFromInline package var header: (UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0)
    /// Where packets of this direction arrive.
    public var arrival: Arrival
    public var adjacency: AdjacencyIndex
    public var subscriber: SubscriberIndex
    public var service: ServiceIndex
    /// Rules, policers and whatever else packets of this direction meet.
    public var treatment: TreatmentIndex
    /// The longest inner packet that the leg takes.
    public var maximumInnerByteCount: UInt16
    /// Bytes that are put before the packet: 0; 4 to 32 of labels; 20 or 40; 32, 36, 52 or 56 in UDP.
    public var headerByteCount: UInt8 = 0
    /// Encapsulation in the low 2 bits and bit 6, flags in the 4 between, in the highest whether it is one of several
    /// paths.
    @usableFromInline package var kind: UInt8 = 0

    public init(
        arrival: Arrival, adjacency: AdjacencyIndex, subscriber: SubscriberIndex, service: ServiceIndex,
        treatment: TreatmentIndex = .none, maximumInnerByteCount: Int
    ) {
        self.arrival = arrival
        self.adjacency = adjacency
        self.subscriber = subscriber
        self.service = service
        self.treatment = treatment
        self.maximumInnerByteCount = UInt16(clamping: maximumInnerByteCount)
    }

    /// - Parameters:
    ///   - words: 40 bytes, as numbers that are written in network order; the header last.
    mutating func setHeader(
        _ words: InlineArray<10, UInt32>, byteCount: Int, _ encapsulation: Encapsulation, _ flags: Flags
    ) {
        func pair(_ first: Int) -> UInt64 {
            UInt64(words[first].byteSwapped) | UInt64(words[first + 1].byteSwapped) << 32
        }
        header = (pair(0), pair(2), pair(4), pair(6), pair(8))
        headerByteCount = UInt8(byteCount)
        kind =
            kind & 0x80 | encapsulation.rawValue & 3 | (encapsulation.rawValue & 4) << 4 | flags.rawValue << 2
    }

    /// Puts one to eight label stack entries before each packet, top first. The bottom-of-stack bit is set on the last
    /// only, and what `flags` copy is zero, whatever the entries say.
    public mutating func push(_ labels: [LabelStackEntry], _ flags: Flags) {
        precondition((1...8).contains(labels.count))
        var kept: UInt32 = 0xffff_f000
        if !flags.contains(.copyTTL) { kept |= 0xff }
        if !flags.contains(.copyClass) { kept |= 0xe00 }
        var words = InlineArray<10, UInt32>(repeating: 0)
        for (place, label) in labels.enumerated() {
            words[words.count - labels.count + place] = label.rawValue & kept
        }
        words[words.count - 1] |= 0x100
        setHeader(words, byteCount: 4 * labels.count, .mpls, flags)
    }

    /// Puts an outer IPv4 header before each packet.
    /// - Parameters:
    ///   - ttl: used where `flags` don't copy the inner one.
    ///   - dscp: 0…63, likewise.
    public mutating func push(
        outerSource: IPv4Address, outerDestination: IPv4Address, ttl: UInt8, dscp: UInt8, _ flags: Flags
    ) {
        let ttl = flags.contains(.copyTTL) ? 0 : UInt32(ttl)
        let (source, destination) = (outerSource.rawValue, outerDestination.rawValue)
        var sum =
            ttl << 8 + source >> 16 + source & 0xffff + destination >> 16 + destination & 0xffff
        while sum > 0xffff { sum = sum & 0xffff + sum >> 16 }
        let first = 0x4500_0000 | UInt32(dscp) << 18
        setHeader(
            [0, 0, 0, 0, 0, first, 0, ttl << 24 | sum, source, destination], byteCount: 20, .ipv4, flags)
    }

    /// Puts an outer IPv6 header before each packet, with flow label 0.
    /// - Parameters:
    ///   - hopLimit: used where `flags` don't copy the inner one.
    ///   - dscp: 0…63, likewise.
    public mutating func push(
        outerSource: IPv6Address, outerDestination: IPv6Address, hopLimit: UInt8, dscp: UInt8, _ flags: Flags
    ) {
        func words(_ number: UInt64) -> (UInt32, UInt32) {
            (UInt32(number >> 32), UInt32(truncatingIfNeeded: number))
        }
        let source = (words(outerSource.high), words(outerSource.low))
        let destination = (words(outerDestination.high), words(outerDestination.low))
        setHeader(
            [
                6 << 28 | UInt32(dscp) << 22, flags.contains(.copyTTL) ? 0 : UInt32(hopLimit),
                source.0.0, source.0.1, source.1.0, source.1.1,
                destination.0.0, destination.0.1, destination.1.0, destination.1.1,
            ], byteCount: 40, .ipv6, flags)
    }

    @inlinable @inline(always) public var encapsulation: Encapsulation {
        if kind & 0x40 != 0 { return .udp }
        return switch kind & 3 {
        case 0: .plain
        case 1: .mpls
        case 2: .ipv4
        default: .ipv6
        }
    }
    /// The last two label stack entries, as they lie in memory.
    @inlinable @inline(always) public var labels: UInt64 { header.4 }
    /// The DSCP that an outer IPv4 header is given when it isn't copied, in the high 6 bits.
    @inlinable @inline(always) public var serviceOctet: UInt8 {
        UInt8(truncatingIfNeeded: header.2.littleEndian &>> 40)
    }
    /// The same of an outer IPv6 header.
    @inlinable @inline(always) public var trafficClassOctet: UInt8 {
        UInt8(truncatingIfNeeded: header.0.bigEndian &>> 52)
    }
    /// Where an outer IPv4 header goes.
    @inlinable @inline(always) public var outerDestination4: IPv4Address {
        IPv4Address(rawValue: UInt32(truncatingIfNeeded: header.4.bigEndian))
    }
    /// Where an outer IPv6 header goes.
    @inlinable @inline(always) public var outerDestination6: IPv6Address {
        IPv6Address(high: header.3.bigEndian, low: header.4.bigEndian)
    }
    /// The folded sum over an outer IPv4 header's TTL and addresses, which stands in its checksum field.
    @inlinable @inline(always) public var prebakedSum: UInt16 {
        UInt16(truncatingIfNeeded: header.3.bigEndian)
    }
    @inlinable @inline(always) public var flags: Flags { Flags(rawValue: kind &>> 2 & 0xf) }
    /// Whether it is one of several paths. What arrives by a leg that they share goes on by its flow's.
    @inlinable @inline(always) public internal(set) var isGrouped: Bool {
        get { kind &>> 7 == 1 }
        set { kind = kind & 0x7f | (newValue ? 0x80 : 0) }
    }
}

/// The leg that a packet arrives by: a plain port, or a tunnel.
public struct Arrival: Hashable, Sendable, BitwiseCopyable {
    /// The tunnel index with the high bit set, or the port index.
    @usableFromInline let rawValue: UInt32

    @inlinable public init(port: UInt16) { rawValue = UInt32(port) }
    @inlinable public init(tunnel: TunnelIndex) { rawValue = tunnel.rawValue | 1 &<< 31 }
    /// The tunnel or port index.
    @inlinable @inline(always) public var index: UInt32 { rawValue & 0x7fff_ffff }
    @inlinable @inline(always) public var isTunnel: Bool { rawValue &>> 31 == 1 }
}
