public import Wire

/// An IP packet of either version as plain fields: what tests send, and what they make of what comes out.
///
/// It is written and read here octet by octet, and shares only the checksum with the forwarder, which never
/// sums a header that it rewrites.
public struct Datagram: Equatable, Sendable {
    public var source: IPAddress
    public var destination: IPAddress
    public var `protocol`: IPProtocol
    public var ttl: UInt8 = 64
    /// DSCP in the high six bits, ECN in the low two.
    public var trafficClass: UInt8 = 0
    /// IPv4 only.
    public var identification: UInt16 = 0
    /// IPv4 only: DF 0x4000, MF 0x2000, and the offset in units of 8 bytes.
    public var fragmentation: UInt16 = 0
    /// IPv4 only, a multiple of 4 bytes.
    public var options: [UInt8] = []
    /// IPv6 only.
    public var flowLabel: UInt32 = 0
    public var payload: [UInt8]

    public init(_ source: IPAddress, _ destination: IPAddress, _ protocol: IPProtocol, _ payload: [UInt8]) {
        precondition(source.version == destination.version)
        self.source = source
        self.destination = destination
        self.protocol = `protocol`
        self.payload = payload
    }

    /// A UDP packet between the addresses, which must be good ones.
    public static func udp(
        _ source: String, _ destination: String, ports: (UInt16, UInt16) = (40_000, 5004), byteCount: Int = 64
    ) -> Datagram {
        guard let source = IPAddress(source), let destination = IPAddress(destination) else {
            preconditionFailure("\(source) or \(destination) is no address")
        }
        let data = (0..<byteCount).map { UInt8(truncatingIfNeeded: $0) }
        // No checksum (RFC 768): nothing on the way looks at it.
        let header = octets(ports.0) + octets(ports.1) + octets(UInt16(8 + byteCount)) + [0, 0]
        return Datagram(source, destination, .udp, header + data)
    }

    public var byteCount: Int {
        switch source {
        case .v4: 20 + options.count + payload.count
        case .v6: 40 + payload.count
        }
    }

    public var dontFragment: Bool {
        get { fragmentation & 0x4000 != 0 }
        set { fragmentation = fragmentation & ~0x4000 | (newValue ? 0x4000 : 0) }
    }

    /// The packet as it is on the wire.
    public var bytes: [UInt8] {
        switch (source, destination) {
        case (.v4(let source), .v4(let destination)):
            precondition(options.count % 4 == 0 && options.count <= 40)
            var header = [0x40 | UInt8(5 + options.count / 4), trafficClass] + octets(UInt16(byteCount))
            header += octets(identification) + octets(fragmentation) + [ttl, self.protocol.rawValue, 0, 0]
            header += octets(source.rawValue) + octets(destination.rawValue) + options
            let checksum = ~foldedSum(header)
            (header[10], header[11]) = (UInt8(checksum >> 8), UInt8(checksum & 0xff))
            return header + payload
        case (.v6(let source), .v6(let destination)):
            let first = 6 << 28 | UInt32(trafficClass) << 20 | flowLabel
            let header = octets(first) + octets(UInt16(payload.count)) + [self.protocol.rawValue, ttl]
            let addresses = octets(source.high) + octets(source.low) + octets(destination.high)
            return header + addresses + octets(destination.low) + payload
        default: preconditionFailure("\(source) can't send to \(destination)")
        }
    }

    /// Reads a packet that fills the bytes exactly; nil unless its header is sound, checksum included.
    public init?(_ bytes: some Collection<UInt8>) {
        let bytes = Array(bytes)
        func word(_ offset: Int) -> UInt16 { UInt16(bytes[offset]) << 8 | UInt16(bytes[offset + 1]) }
        func long(_ offset: Int) -> UInt32 { UInt32(word(offset)) << 16 | UInt32(word(offset + 2)) }
        func quad(_ offset: Int) -> UInt64 { UInt64(long(offset)) << 32 | UInt64(long(offset + 4)) }
        guard bytes.count >= 20 else { return nil }
        if bytes[0] >> 4 == 4 {
            let headerByteCount = Int(bytes[0] & 0xf) * 4
            guard headerByteCount >= 20, bytes.count >= headerByteCount, Int(word(2)) == bytes.count,
                InternetChecksum.isValid(
                    InternetChecksum.sum(bytes.span.bytes.extracting(first: headerByteCount)))
            else { return nil }
            source = .v4(IPv4Address(rawValue: long(12)))
            destination = .v4(IPv4Address(rawValue: long(16)))
            self.protocol = IPProtocol(rawValue: bytes[9])
            payload = Array(bytes[headerByteCount...])
            (ttl, trafficClass, identification, fragmentation) = (bytes[8], bytes[1], word(4), word(6))
            options = Array(bytes[20..<headerByteCount])
        } else {
            guard bytes[0] >> 4 == 6, bytes.count >= 40, Int(word(4)) + 40 == bytes.count else { return nil }
            source = .v6(IPv6Address(high: quad(8), low: quad(16)))
            destination = .v6(IPv6Address(high: quad(24), low: quad(32)))
            self.protocol = IPProtocol(rawValue: bytes[6])
            payload = Array(bytes[40...])
            (ttl, trafficClass) = (bytes[7], UInt8(truncatingIfNeeded: word(0) >> 4))
            flowLabel = long(0) & 0xf_ffff
        }
    }
}

/// A number's octets, most significant first.
public func octets<Number: FixedWidthInteger & UnsignedInteger>(_ number: Number) -> [UInt8] {
    stride(from: Number.bitWidth - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: number >> $0) }
}

/// RFC 1071, as its text says it: an even number of octets in big-endian words, carries added back in.
private func foldedSum(_ bytes: [UInt8]) -> UInt16 {
    var sum: UInt32 = 0
    for offset in stride(from: 0, to: bytes.count, by: 2) {
        sum += UInt32(bytes[offset]) << 8 | UInt32(bytes[offset + 1])
    }
    while sum > 0xffff { sum = sum & 0xffff + sum >> 16 }
    return UInt16(sum)
}
