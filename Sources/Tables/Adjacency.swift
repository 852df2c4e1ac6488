public import Wire

/// How a packet gets to its next hop: the output port and the Ethernet header that stands before it (RFC 3031 calls
/// the label side of it NHLFE; an adjacency is the link side). 64 bytes.
///
/// The header is prebaked and aligned to its end, so that one fixed-size copy puts it before any packet:
///
/// ```
///  0          24 - headerByteCount                                   22          24
///  | unused   | destination 6 | source 6 | VLAN tags 0, 4 or 8       | ethertype |
/// ```
/// The ethertype is left zero: it depends on what is sent.
public struct Adjacency: BitwiseCopyable, Sendable {
    public enum State: UInt8, Sendable, BitwiseCopyable {
        /// The link has no header: a TUN.
        case direct
        /// The next hop's MAC address is in the header.
        case resolved
        /// The next hop's MAC address is not known yet.
        case incomplete
        /// Every destination on this link is its own next hop: look it up among the neighbours.
        case onLink
    }

    @usableFromInline package var header: (UInt64, UInt64, UInt64) = (0, 0, 0)
    /// The next hop; zero for `.direct` and `.onLink`. An IPv4 address stands in `addressLow`.
    @usableFromInline package var addressHigh: UInt64 = 0
    @usableFromInline package var addressLow: UInt64 = 0
    /// The output port.
    public var port: UInt16
    /// 0 (no link header), 14, 18 or 22.
    public var headerByteCount: UInt8
    public var state: State
    @usableFromInline package var version: UInt8 = 0
    private var padding: (UInt64, UInt64) = (0, 0)

    /// An adjacency on a link without headers.
    public init(directPort port: UInt16) {
        self.port = port
        headerByteCount = 0
        state = .direct
    }

    /// An adjacency on an Ethernet link.
    /// - Parameter nextHop: nil when every destination is its own next hop.
    /// - Parameter tags: up to two VLAN ids, outer first: one is sent as 802.1Q; of two, the outer as 802.1ad.
    public init(
        port: UInt16, source: MACAddress, tags: [UInt16], nextHop: IPAddress?, destination: MACAddress?
    ) {
        precondition(tags.count <= 2)
        self.port = port
        headerByteCount = UInt8(14 + 4 * tags.count)
        state = nextHop == nil ? .onLink : destination == nil ? .incomplete : .resolved
        switch nextHop {
        case .v4(let address):
            addressLow = UInt64(address.rawValue)
            version = 4
        case .v6(let address):
            (addressHigh, addressLow) = (address.high, address.low)
            version = 6
        case nil: break
        }
        var bytes: [UInt8] = (destination ?? MACAddress(rawValue: 0)).octets + source.octets
        for (position, tag) in tags.enumerated() {
            let type: EtherType = tags.count == 2 && position == 0 ? .serviceVLAN : .vlan
            bytes += [
                UInt8(type.rawValue >> 8), UInt8(type.rawValue & 0xff), UInt8(tag >> 8), UInt8(tag & 0xff),
            ]
        }
        setHeader(bytes + [0, 0])
    }

    /// The next hop's address; nil where every destination is its own.
    public var nextHop: IPAddress? {
        switch version {
        case 4: .v4(IPv4Address(rawValue: UInt32(addressLow)))
        case 6: .v6(IPv6Address(high: addressHigh, low: addressLow))
        default: nil
        }
    }

    /// The Ethernet header as it is sent, the ethertype zero.
    public var headerBytes: [UInt8] {
        let all = [header.0, header.1, header.2].flatMap { word in
            (0..<8).map { UInt8(word >> ($0 * 8) & 0xff) }
        }
        return Array(all.suffix(Int(headerByteCount)))
    }

    /// The VLAN ids of the header, outer first.
    public var tags: [UInt16] {
        let bytes = headerBytes
        return stride(from: 14, to: bytes.count, by: 4).map { UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]) }
    }

    /// The next hop's MAC address; zero until resolved.
    public var destination: MACAddress {
        get { MACAddress(rawValue: headerBytes.prefix(6).reduce(0) { $0 << 8 | UInt64($1) }) }
        set {
            guard headerByteCount >= 14 else { return }
            setHeader(newValue.octets + headerBytes.dropFirst(6))
            if state == .incomplete { state = .resolved }
        }
    }

    /// Makes the next hop's MAC address unknown again.
    public mutating func forgetDestination() {
        guard state == .resolved else { return }
        destination = MACAddress(rawValue: 0)
        state = .incomplete
    }

    /// The port's own MAC address.
    public var source: MACAddress {
        get { MACAddress(rawValue: headerBytes.dropFirst(6).prefix(6).reduce(0) { $0 << 8 | UInt64($1) }) }
        set {
            guard headerByteCount >= 14 else { return }
            setHeader(headerBytes.prefix(6) + newValue.octets + headerBytes.dropFirst(12))
        }
    }

    private mutating func setHeader(_ bytes: [UInt8]) {
        let padded = Array(repeating: 0, count: 24 - bytes.count) + bytes
        func word(_ index: Int) -> UInt64 {
            (0..<8).reduce(0) { $0 | UInt64(padded[index * 8 + $1]) << ($1 * 8) }
        }
        header = (word(0), word(1), word(2))
    }
}
