/// A 128-bit IPv6 address (RFC 4291), as two halves in host byte order.
public struct IPv6Address: Hashable, Comparable, Sendable, BitwiseCopyable {
    /// The first eight octets: the network half of most addresses.
    public var high: UInt64
    /// The last eight octets: the interface half of most addresses.
    public var low: UInt64

    /// The address of two halves.
    @inlinable public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// In the order of the numbers.
    @inlinable public static func < (a: Self, b: Self) -> Bool {
        a.high != b.high ? a.high < b.high : a.low < b.low
    }

    /// ff00::/8.
    @inlinable public var isMulticast: Bool { high >> 56 == 0xff }
    /// fe80::/10.
    @inlinable public var isLinkLocal: Bool { high >> 54 == 0x3fa }
    /// ::
    @inlinable public var isUnspecified: Bool { high == 0 && low == 0 }
    /// ff02::1, all nodes of the link (RFC 4291 §2.7.1).
    @inlinable public static var allNodes: Self { Self(high: 0xff02 << 48, low: 1) }
    /// Whether this can be one node's address on a network: not multicast, `::` or `::1`.
    @inlinable public var identifiesOneNode: Bool { !isMulticast && !(high == 0 && low <= 1) }

    /// The link-local address that an interface with this MAC address forms (RFC 4291, appendix A).
    public init(linkLocalFor mac: MACAddress) {
        let bits = mac.rawValue
        let interface = (bits >> 24 ^ 0x02_0000) << 40 | 0xff_fe00_0000 | bits & 0xff_ffff
        self.init(high: 0xfe80 << 48, low: interface)
    }

    /// The solicited-node multicast address that answers for this address: ff02::1:ffXX:XXXX (RFC 4291
    /// §2.7.1).
    public var solicitedNode: IPv6Address {
        IPv6Address(high: 0xff02 << 48, low: 0x1_ff00_0000 | low & 0xff_ffff)
    }
}

extension IPv6Address: CustomStringConvertible {
    /// Reads the forms of RFC 4291 §2.2: groups, one `::`, an IPv4 tail. No zone. Nil for anything else.
    public init?(_ text: some StringProtocol) {
        let text = String(text)
        guard text.utf8.count <= 45 else { return nil }
        let halves: (String, String?)
        if let range = Self.doubleColon(in: text) {
            halves = (String(text[..<range.lowerBound]), String(text[range.upperBound...]))
        } else {
            halves = (text, nil)
        }
        guard let head = Self.groups(halves.0, mayEndInIPv4: halves.1 == nil),
            let tail = Self.groups(halves.1 ?? "", mayEndInIPv4: true)
        else { return nil }
        let given = head.count + tail.count
        guard halves.1 == nil ? given == 8 : given <= 7 else { return nil }
        let all = head + Array(repeating: 0, count: 8 - given) + tail
        self.init(
            high: all[0..<4].reduce(0) { $0 << 16 | UInt64($1) },
            low: all[4..<8].reduce(0) { $0 << 16 | UInt64($1) })
    }

    private static func doubleColon(in text: String) -> Range<String.Index>? {
        var index = text.startIndex
        while index < text.endIndex {
            let next = text.index(after: index)
            if text[index] == ":", next < text.endIndex, text[next] == ":" {
                return index..<text.index(after: next)
            }
            index = next
        }
        return nil
    }

    private static func groups(_ text: String, mayEndInIPv4: Bool) -> [UInt16]? {
        if text.isEmpty { return [] }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        var groups: [UInt16] = []
        for (position, part) in parts.enumerated() {
            if mayEndInIPv4, position == parts.count - 1, let v4 = IPv4Address(part) {
                groups += [UInt16(v4.rawValue >> 16), UInt16(v4.rawValue & 0xffff)]
            } else {
                guard (1...4).contains(part.utf8.count), part.first != "+",
                    let group = UInt16(part, radix: 16)
                else {
                    return nil
                }
                groups.append(group)
            }
        }
        return groups
    }

    /// The canonical text form (RFC 5952): lower case, the longest run of zero groups (two or more, the first
    /// of equals) written as `::`.
    public var description: String {
        let groups = (0..<8).map {
            UInt16(truncatingIfNeeded: ($0 < 4 ? high : low) >> UInt64(48 - $0 % 4 * 16))
        }
        var best = 0..<0
        var start = 0
        while start < 8 {
            var end = start
            while end < 8, groups[end] == 0 { end += 1 }
            if end - start > max(1, best.count) { best = start..<end }
            start = max(end, start + 1)
        }
        func text(_ range: Range<Int>) -> String {
            groups[range].map { String($0, radix: 16) }.joined(separator: ":")
        }
        return best.isEmpty ? text(0..<8) : text(0..<best.lowerBound) + "::" + text(best.upperBound..<8)
    }
}
