/// An IPv6 header as a value (RFC 8200 §3). `IPv6Field` draws the layout.
public struct IPv6Header: Equatable, Sendable {
    /// Differentiated services code point: 0…63.
    public var dscp: UInt8 = 0
    /// Explicit congestion notification.
    public var ecn: ECN = .notECT
    /// 20 bits.
    public var flowLabel: UInt32 = 0
    /// Bytes behind the fixed header: 0…65,535.
    public var payloadByteCount: Int
    /// The first extension header, or what the payload is.
    public var nextHeader: IPProtocol
    /// Hops that are left.
    public var hopLimit: UInt8 = 64
    /// Who sends the packet.
    public var source: IPv6Address
    /// Who the packet is for.
    public var destination: IPv6Address

    /// A header for a packet of ours: hop limit 64, best effort, no flow label.
    public init(nextHeader: IPProtocol, source: IPv6Address, destination: IPv6Address, payloadByteCount: Int)
    {
        self.nextHeader = nextHeader
        self.source = source
        self.destination = destination
        self.payloadByteCount = payloadByteCount
    }

    /// The values in a packet's fixed header.
    public init(_ view: borrowing IPv6View) {
        dscp = view.dscp
        ecn = view.ecn
        flowLabel = view.flowLabel
        payloadByteCount = view.payloadLength
        nextHeader = view.nextHeader
        hopLimit = view.hopLimit
        source = view.source
        destination = view.destination
    }

    /// Fixed header and payload, in bytes.
    public var totalByteCount: Int { IPv6Field.byteCount + payloadByteCount }

    /// Writes the 40 bytes of the header over whatever stood there.
    /// - Parameter start: where in `bytes` the header begins; it must fit.
    /// - Returns: 40, the bytes written.
    @discardableResult
    public func emit(into bytes: inout MutableRawSpan, at start: Int = 0) -> Int {
        precondition(dscp < 64 && flowLabel <= 0xf_ffff)
        let trafficClass = UInt32(dscp << 2 | ecn.rawValue)
        bytes.store(6 << 28 | trafficClass << 20 | flowLabel, at: start + IPv6Field.versionClassAndFlow)
        bytes.store(UInt16(payloadByteCount), at: start + IPv6Field.payloadLength)
        bytes.store(nextHeader.rawValue, at: start + IPv6Field.nextHeader)
        bytes.store(hopLimit, at: start + IPv6Field.hopLimit)
        bytes.store(source, at: start + IPv6Field.source)
        bytes.store(destination, at: start + IPv6Field.destination)
        return IPv6Field.byteCount
    }
}
