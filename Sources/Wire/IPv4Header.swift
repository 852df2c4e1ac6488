/// An IPv4 header without options, as a value (RFC 791 §3.1). Lengths and checksum follow from the rest when
/// it is written. `IPv4Field` draws the layout.
public struct IPv4Header: Equatable, Sendable {
    /// Differentiated services code point: 0…63.
    public var dscp: UInt8 = 0
    /// Explicit congestion notification.
    public var ecn: ECN = .notECT
    /// Bytes behind the header: 0…65,515.
    public var payloadByteCount: Int
    /// What the fragments of one packet have in common.
    public var identification: UInt16 = 0
    /// DF: routers may not fragment the packet.
    public var dontFragment = false
    /// MF: this is not the last fragment.
    public var moreFragments = false
    /// In units of eight bytes: 0…8,191.
    public var fragmentOffset: UInt16 = 0
    /// Hops that are left.
    public var ttl: UInt8 = 64
    /// What the payload is.
    public var `protocol`: IPProtocol
    /// Who sends the packet.
    public var source: IPv4Address
    /// Who the packet is for.
    public var destination: IPv4Address

    /// A header for a packet of ours: not fragmented, TTL 64 (RFC 1700), best effort.
    public init(protocol: IPProtocol, source: IPv4Address, destination: IPv4Address, payloadByteCount: Int) {
        self.protocol = `protocol`
        self.source = source
        self.destination = destination
        self.payloadByteCount = payloadByteCount
    }

    /// The values in a packet's header. Options are left behind.
    public init(_ view: borrowing IPv4View) {
        dscp = view.dscp
        ecn = view.ecn
        payloadByteCount = view.totalLength - view.headerByteCount
        identification = view.identification
        dontFragment = view.dontFragment
        moreFragments = view.moreFragments
        fragmentOffset = view.fragmentOffset
        ttl = view.ttl
        self.protocol = view.protocol
        source = view.source
        destination = view.destination
    }

    /// Header and payload, in bytes.
    public var totalLength: Int { IPv4Field.minimumByteCount + payloadByteCount }

    /// Writes the 20 bytes of the header, checksum included, over whatever stood there.
    /// - Parameter start: where in `bytes` the header begins; it must fit.
    /// - Returns: 20, the bytes written.
    @discardableResult
    public func emit(into bytes: inout MutableRawSpan, at start: Int = 0) -> Int {
        precondition(dscp < 64 && fragmentOffset <= IPv4Field.fragmentOffsetMask)
        let flags =
            (dontFragment ? IPv4Field.dontFragmentMask : 0)
            | (moreFragments ? IPv4Field.moreFragmentsMask : 0)
        bytes.store(0x45 as UInt8, at: start + IPv4Field.versionAndHeaderLength)
        bytes.store(dscp << 2 | ecn.rawValue, at: start + IPv4Field.trafficClass)
        bytes.store(UInt16(totalLength), at: start + IPv4Field.totalLength)
        bytes.store(identification, at: start + IPv4Field.identification)
        bytes.store(flags | fragmentOffset, at: start + IPv4Field.flagsAndFragmentOffset)
        bytes.store(ttl, at: start + IPv4Field.ttl)
        bytes.store(self.protocol.rawValue, at: start + IPv4Field.protocol)
        bytes.store(source, at: start + IPv4Field.source)
        bytes.store(destination, at: start + IPv4Field.destination)
        bytes.storeChecksum(
            at: start + IPv4Field.checksum, over: start..<start + IPv4Field.minimumByteCount)
        return IPv4Field.minimumByteCount
    }
}
