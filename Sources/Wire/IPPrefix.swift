/// An address prefix of either IP version (RFC 4632, RFC 4291 §2.3). Bits behind the prefix are zero.
public struct IPPrefix: Hashable, Comparable, Sendable {
    /// The first address of the prefix.
    public let address: IPAddress
    /// Bits that count: 0…32 or 0…128.
    public let bitCount: Int

    /// Nil if the address has a bit set behind the prefix, or the length is out of range.
    public init?(_ address: IPAddress, bitCount: Int) {
        guard (0...address.version.addressBitCount).contains(bitCount) else { return nil }
        self.address = address
        self.bitCount = bitCount
        guard self == Self(covering: address, bitCount: bitCount) else { return nil }
    }

    /// The prefix of `bitCount` bits that holds `address`; bits behind it are cleared.
    public init(covering address: IPAddress, bitCount: Int) {
        precondition((0...address.version.addressBitCount).contains(bitCount))
        self.bitCount = bitCount
        switch address {
        case .v4(let v4): self.address = .v4(IPv4Address(rawValue: v4.rawValue & Self.mask32(bitCount)))
        case .v6(let v6):
            self.address = .v6(
                IPv6Address(
                    high: v6.high & Self.mask64(min(bitCount, 64)),
                    low: v6.low & Self.mask64(max(bitCount - 64, 0))))
        }
    }

    /// The prefix that holds this address alone.
    public init(_ address: IPAddress) {
        self.init(covering: address, bitCount: address.version.addressBitCount)
    }

    /// Reads `address/length`, or an address alone as a prefix of full length. Nil for anything else, and for
    /// an address with a bit set behind the prefix.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = IPAddress(parts[0]) else { return nil }
        guard parts.count == 2 else {
            self.init(address)
            return
        }
        guard (1...3).contains(parts[1].utf8.count), parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let bitCount = Int(parts[1])
        else { return nil }
        self.init(address, bitCount: bitCount)
    }

    /// The version of its addresses.
    public var version: IPVersion { address.version }

    /// Whether every address of `other` lies in this prefix.
    public func contains(_ other: IPPrefix) -> Bool {
        version == other.version && bitCount <= other.bitCount
            && IPPrefix(covering: other.address, bitCount: bitCount) == self
    }

    /// Whether `address` lies in this prefix.
    public func contains(_ address: IPAddress) -> Bool { contains(IPPrefix(address)) }

    /// Whether some address lies in both.
    public func overlaps(_ other: IPPrefix) -> Bool { contains(other) || other.contains(self) }

    /// By address; of equal addresses the shorter prefix first.
    public static func < (a: Self, b: Self) -> Bool { (a.address, a.bitCount) < (b.address, b.bitCount) }

    private static func mask32(_ bits: Int) -> UInt32 { bits == 0 ? 0 : ~0 << UInt32(32 - bits) }
    private static func mask64(_ bits: Int) -> UInt64 { bits == 0 ? 0 : ~0 << UInt64(64 - bits) }
}

extension IPPrefix: CustomStringConvertible {
    /// As in `10.0.0.0/8`.
    public var description: String { "\(address)/\(bitCount)" }
}

/// An interface's address with the length of the prefix on its link, as in `10.0.0.1/30`.
public struct InterfaceAddress: Hashable, Sendable {
    /// The interface's own address.
    public let address: IPAddress
    /// The length of the link's prefix: 0…32 or 0…128.
    public let bitCount: Int

    /// Nil if the length is out of range.
    public init?(_ address: IPAddress, bitCount: Int) {
        guard (0...address.version.addressBitCount).contains(bitCount) else { return nil }
        self.address = address
        self.bitCount = bitCount
    }

    /// Reads `address/length`, or an address alone with full length. Nil for anything else.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = IPAddress(parts[0]) else { return nil }
        guard parts.count == 2 else {
            self.init(address, bitCount: address.version.addressBitCount)
            return
        }
        guard (1...3).contains(parts[1].utf8.count), parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let bitCount = Int(parts[1])
        else { return nil }
        self.init(address, bitCount: bitCount)
    }

    /// The addresses on the same link.
    public var prefix: IPPrefix { IPPrefix(covering: address, bitCount: bitCount) }
}

extension InterfaceAddress: CustomStringConvertible {
    /// As in `10.0.0.1/30`.
    public var description: String { "\(address)/\(bitCount)" }
}
