/// A 32-bit IPv4 address (RFC 791). `rawValue` is in host byte order: 10.0.0.1 is `0x0a000001`.
public struct IPv4Address: Hashable, Comparable, Sendable, BitwiseCopyable {
    /// The first octet in bits 24–31.
    public var rawValue: UInt32

    /// The address with these 32 bits.
    @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Reads dotted decimal: four numbers of 0–255 without leading zeros. Nil for anything else.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var value: UInt32 = 0
        for part in parts {
            guard (1...3).contains(part.utf8.count), part.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                part.utf8.count == 1 || part.first != "0", let octet = UInt8(part)
            else { return nil }
            value = value << 8 | UInt32(octet)
        }
        self.init(rawValue: value)
    }

    /// In the order of the numbers.
    @inlinable public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }

    /// 224.0.0.0/4 (RFC 5771).
    @inlinable public var isMulticast: Bool { rawValue >> 28 == 0xe }
    /// 169.254.0.0/16 (RFC 3927).
    @inlinable public var isLinkLocal: Bool { rawValue >> 16 == 0xa9fe }
    /// 255.255.255.255, all hosts of the link (RFC 919).
    @inlinable public static var broadcast: Self { Self(rawValue: .max) }
    /// Whether this can be one host's address on a network: none of 0.0.0.0/8, 127.0.0.0/8 and 224.0.0.0
    /// upwards (RFC 1122 §3.2.1.3). A subnet's broadcast address can't be told from here.
    @inlinable public var identifiesOneHost: Bool {
        let network = rawValue >> 24
        return network != 0 && network != 127 && network < 224
    }
}

extension IPv4Address: CustomStringConvertible {
    /// Dotted decimal.
    public var description: String {
        "\(rawValue >> 24).\(rawValue >> 16 & 0xff).\(rawValue >> 8 & 0xff).\(rawValue & 0xff)"
    }
}
