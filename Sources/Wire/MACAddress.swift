/// A 48-bit IEEE 802 address. `rawValue` holds it in the low 48 bits: 02:00:00:00:00:01 is `0x020000000001`.
public struct MACAddress: Hashable, Sendable, BitwiseCopyable {
    /// The first octet in bits 40–47.
    public var rawValue: UInt64

    /// The address in the low 48 bits; higher ones are cut off.
    @inlinable public init(rawValue: UInt64) { self.rawValue = rawValue & 0xffff_ffff_ffff }

    /// ff:ff:ff:ff:ff:ff, all stations of the link.
    @inlinable public static var broadcast: Self { Self(rawValue: 0xffff_ffff_ffff) }

    /// The group bit: multicast and broadcast.
    @inlinable public var isGroup: Bool { rawValue >> 40 & 1 == 1 }

    /// The Ethernet address that carries an IPv6 multicast address: 33:33 and its last four octets (RFC 2464
    /// §7).
    public init(multicast address: IPv6Address) {
        self.init(rawValue: 0x3333 << 32 | address.low & 0xffff_ffff)
    }

    /// Reads six pairs of hex digits with `:` between them. Nil for anything else.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 6 else { return nil }
        var value: UInt64 = 0
        for part in parts {
            guard part.utf8.count == 2, part.first != "+", let octet = UInt8(part, radix: 16) else {
                return nil
            }
            value = value << 8 | UInt64(octet)
        }
        self.init(rawValue: value)
    }
}

extension MACAddress {
    /// The six octets, as they are sent.
    public var octets: [UInt8] { (0..<6).map { UInt8(truncatingIfNeeded: rawValue >> UInt64(40 - 8 * $0)) } }
}

extension MACAddress: CustomStringConvertible {
    /// Six pairs of lower-case hex digits with `:` between them.
    public var description: String {
        (0..<6).map {
            let octet = rawValue >> UInt64(40 - 8 * $0) & 0xff
            return (octet < 16 ? "0" : "") + String(octet, radix: 16)
        }.joined(separator: ":")
    }
}
