import Wire

/// A packet as one of a flow: what decides whether it may be joined to the one before it.
///
/// ```
/// frame: | Ethernet, VLAN tags | IPv4 or IPv6 | TCP or UDP | payload |
///                              ^ network      ^ transport  ^ payload ^ end
/// ```
struct FlowSegment {
    /// What a packet is to the flows that are being joined.
    enum Kind: UInt8, BitwiseCopyable {
        /// Of none of them.
        case unrelated
        /// Perhaps of one, which it doesn't say: a fragment, a packet with options or extension headers. None may
        /// overtake it.
        case unclear
        case tcp
        case udp
    }

    var kind = Kind.unrelated
    /// Whether it may stand in a superframe, for all that it says by itself.
    var mayBeJoined = false
    var isIPv4 = false
    /// Whether its headers were made here, and its checksum is right, or none.
    var isOwnDatagram = false
    var network = 0
    var transport = 0
    var payload = 0
    var end = 0

    var payloadByteCount: Int { end - payload }
    var packetByteCount: Int { end - network }

    /// Of a packet that isn't looked at.
    init() {}

    /// Cost: some loads; the payload isn't touched.
    /// - Parameter isOwnDatagram: whether the UDP header is of our own making.
    init(_ frame: RawSpan, link: LinkType, isOwnDatagram: Bool = false) {
        self.isOwnDatagram = isOwnDatagram
        var etherType: EtherType?
        if link == .ethernet {
            var offset = 12
            repeat {
                guard frame.byteCount >= offset + 2 else { return }
                etherType = EtherType(rawValue: frame.uint16(at: offset))
                offset += etherType == .vlan || etherType == .serviceVLAN ? 4 : 2
            } while (etherType == .vlan || etherType == .serviceVLAN) && offset <= 20
            // No kernel cuts up what is encapsulated.
            guard etherType == .ipv4 || etherType == .ipv6 else { return }
            network = offset
        }
        guard frame.byteCount >= network + IPv4Field.minimumByteCount else { return }
        let version = frame.octet(at: network) >> 4
        switch version {
        case 4 where etherType != .ipv6: readIPv4(frame)
        case 6 where etherType != .ipv4: readIPv6(frame)
        default: return
        }
        switch kind {
        case .tcp: readTCP(frame)
        case .udp: readUDP(frame)
        default: return
        }
    }

    private mutating func readIPv4(_ frame: RawSpan) {
        kind = Self.kind(of: IPProtocol(rawValue: frame.octet(at: network + IPv4Field.protocol)))
        guard kind != .unrelated else { return }
        isIPv4 = true
        transport = network + IPv4Field.minimumByteCount
        end = network + Int(frame.uint16(at: network + IPv4Field.totalLength))
        let isFragment = frame.uint16(at: network + IPv4Field.flagsAndFragmentOffset) & 0x3fff != 0
        if isFragment || frame.octet(at: network) != 0x45 || end > frame.byteCount { kind = .unclear }
    }

    private mutating func readIPv6(_ frame: RawSpan) {
        guard frame.byteCount >= network + IPv6Field.byteCount else { return }
        kind = Self.kind(of: IPProtocol(rawValue: frame.octet(at: network + IPv6Field.nextHeader)))
        guard kind != .unrelated else { return }
        transport = network + IPv6Field.byteCount
        end = transport + Int(frame.uint16(at: network + IPv6Field.payloadLength))
        if end > frame.byteCount { kind = .unclear }
    }

    private static func kind(of protocol: IPProtocol) -> Kind {
        switch `protocol` {
        case .tcp: .tcp
        case .udp: .udp
        case .hopByHop, .ipv6Routing, .ipv6Fragment, .ipv6DestinationOptions: .unclear
        default: .unrelated
        }
    }

    private mutating func readTCP(_ frame: RawSpan) {
        guard transport + TCPField.minimumByteCount <= end else { return kind = .unclear }
        let byteCount = Int(frame.octet(at: transport + TCPField.dataOffset) >> 4) * 4
        payload = transport + byteCount
        guard byteCount >= TCPField.minimumByteCount, payload <= end else { return kind = .unclear }
        let flags = frame.octet(at: transport + TCPField.flags)
        mayBeJoined =
            payload < end && flags & (TCPFlag.synchronize | TCPFlag.reset | TCPFlag.urgent) == 0
            && flags & TCPFlag.acknowledgement != 0
    }

    private mutating func readUDP(_ frame: RawSpan) {
        payload = transport + UDPField.byteCount
        guard payload <= end else { return kind = .unclear }
        // Without a checksum, the kernel would give each segment one: not to what others have made without.
        mayBeJoined =
            payload < end && Int(frame.uint16(at: transport + UDPField.length)) == end - transport
            && (isOwnDatagram || frame.uint16(at: transport + UDPField.checksum) != 0)
    }
}

extension FlowSegment {
    /// What the flow's packets have in common, as a number.
    func hash(_ frame: RawSpan) -> FlowHash {
        let packet = frame.extracting(network..<end)
        return isIPv4 ? FlowHash(ipv4: packet) : FlowHash(ipv6: packet)
    }

    /// The sum of the pseudo-header for so many bytes of transport header and payload.
    func pseudoHeaderSum(_ frame: RawSpan, byteCount: Int) -> UInt64 {
        let `protocol` = kind == .tcp ? IPProtocol.tcp : .udp
        return isIPv4
            ? TransportChecksum.pseudoHeaderSum(
                source: frame.ipv4Address(at: network + IPv4Field.source),
                destination: frame.ipv4Address(at: network + IPv4Field.destination), protocol: `protocol`,
                byteCount: byteCount)
            : TransportChecksum.pseudoHeaderSum(
                source: frame.ipv6Address(at: network + IPv6Field.source),
                destination: frame.ipv6Address(at: network + IPv6Field.destination), protocol: `protocol`,
                byteCount: byteCount)
    }
}

/// The flags of TCP's header, in its octet `TCPField.flags` (RFC 9293 §3.1).
enum TCPFlag {
    static var finish: UInt8 { 0x01 }
    static var synchronize: UInt8 { 0x02 }
    static var reset: UInt8 { 0x04 }
    static var push: UInt8 { 0x08 }
    static var acknowledgement: UInt8 { 0x10 }
    static var urgent: UInt8 { 0x20 }
    static var congestionWindowReduced: UInt8 { 0x80 }
}
