public import Wire

/// How a conversion's 40 bytes hold what MPLS-in-UDP puts before a packet (RFC 7510), which is up to 56 bytes: addresses
/// and labels only. All else follows from the packet, or from these.
///
/// ```
///  0              8              16             24             32             40
/// +--------------+--------------+--------------+--------------+--------------+
/// |                    unused           | sum 2 | source, dest.| labels       |  outer IPv4
/// +--------------+--------------+--------------+--------------+--------------+
/// |      outer source           |    outer destination        | labels       |  outer IPv6
/// +--------------+--------------+--------------+--------------+--------------+
/// labels: | path label, 0 if none 20 | 0 | TTL 8 | user label 20 | 0 | S | DSCP 6, 0, checksum 1 |
/// ```
/// Labels have the TTL and the class of the packet, so that in the place of their TTL there is room for the outer header's
/// TTL (zero where it is copied) and DSCP, and for whether UDP has a checksum. `sum` is the folded sum of TTL and addresses.
extension Conversion {
    /// Puts an outer header, UDP and labels before each packet.
    mutating func push(_ datagram: SessionWay.Datagram, _ flags: Flags) {
        let ttl = flags.contains(.copyTTL) ? 0 : UInt32(datagram.ttl)
        let dscp = flags.contains(.copyClass) ? 0 : UInt32(datagram.dscp)
        let path = (datagram.pathLabel?.rawValue ?? 0) << 12 | ttl
        let user = datagram.userLabel.rawValue << 12 | 0x100 | dscp << 2 | (datagram.hasChecksum ? 1 : 0)
        let labelByteCount = datagram.pathLabel == nil ? 4 : 8
        switch (datagram.source, datagram.destination) {
        case (.v4(let source), .v4(let destination)):
            let (source, destination) = (source.rawValue, destination.rawValue)
            var sum = ttl << 8 + source >> 16 + source & 0xffff + destination >> 16 + destination & 0xffff
            while sum > 0xffff { sum = sum & 0xffff + sum >> 16 }
            setHeader(
                [0, 0, 0, 0, 0, sum, source, destination, path, user],
                byteCount: IPv4Field.minimumByteCount + UDPField.byteCount + labelByteCount, .udp, flags)
        case (.v6(let source), .v6(let destination)):
            func words(_ number: UInt64) -> (UInt32, UInt32) {
                (UInt32(number >> 32), UInt32(truncatingIfNeeded: number))
            }
            let (s, t) = (words(source.high), words(source.low))
            let (d, e) = (words(destination.high), words(destination.low))
            setHeader(
                [s.0, s.1, t.0, t.1, d.0, d.1, e.0, e.1, path, user],
                byteCount: IPv6Field.byteCount + UDPField.byteCount + labelByteCount, .udp, flags)
        default: preconditionFailure("outer addresses of two versions were not refused")
        }
    }

    /// What is prebaked of a datagram. Only of a conversion whose encapsulation is `.udp`.
    public struct Datagram: BitwiseCopyable, Sendable {
        @usableFromInline let header: (UInt64, UInt64, UInt64, UInt64, UInt64)
        @usableFromInline let headerByteCount: UInt8

        @inlinable @inline(always) public init(_ conversion: UnsafePointer<Conversion>) {
            unsafe header = conversion.pointee.header
            unsafe headerByteCount = conversion.pointee.headerByteCount
        }

        /// Whether the outer header is IPv6.
        @inlinable @inline(always) public var isIPv6: Bool { headerByteCount > 36 }
        /// Four or eight.
        @inlinable @inline(always) public var labelByteCount: Int {
            Int(headerByteCount) &- (isIPv6 ? 48 : 28)
        }
        /// Two label stack entries as they lie in memory, the second with its bottom-of-stack bit, without class and TTL.
        @inlinable @inline(always) public var labels: UInt64 {
            header.4 & (0xffff_f000_ffff_f100 as UInt64).bigEndian
        }
        /// The outer TTL or hop limit where it isn't copied, else zero.
        @inlinable @inline(always) public var ttl: UInt8 {
            UInt8(truncatingIfNeeded: header.4.bigEndian &>> 32)
        }
        /// The outer DSCP where it isn't copied, in the high 6 bits.
        @inlinable @inline(always) public var serviceOctet: UInt8 {
            UInt8(truncatingIfNeeded: header.4.bigEndian) & 0xfc
        }
        @inlinable @inline(always) public var hasChecksum: Bool { header.4.bigEndian & 1 == 1 }
        /// Outer IPv4: the folded sum of TTL and addresses.
        @inlinable @inline(always) public var prebakedSum: UInt16 {
            UInt16(truncatingIfNeeded: header.2.bigEndian)
        }
        /// Outer IPv4: both addresses, as they lie in memory.
        @inlinable @inline(always) public var addresses4: UInt64 { header.3 }
        /// Outer IPv6: both addresses, as they lie in memory.
        @inlinable @inline(always) public var addresses6: (UInt64, UInt64, UInt64, UInt64) {
            (header.0, header.1, header.2, header.3)
        }
        @inlinable @inline(always) public var destination4: IPv4Address {
            IPv4Address(rawValue: UInt32(truncatingIfNeeded: header.3.bigEndian))
        }
        @inlinable @inline(always) public var destination6: IPv6Address {
            IPv6Address(high: header.2.bigEndian, low: header.3.bigEndian)
        }
    }
}
