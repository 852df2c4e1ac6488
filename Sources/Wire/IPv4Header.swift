/// An IPv4 header without options, as a value (RFC 791 §3.1). Lengths and checksum follow from the rest when it is
/// written. `IPv4Field` draws the layout.
public struct IPv4Header: Equatable, Sendable {
    /// Differentiated services code point: 0…63.
    public var dscp: UInt8 = 0
    public var ecn: ECN = .notECT
    /// Bytes behind the header: 0…65,515.
    public var payloadByteCount: Int
    public var identification: UInt16 = 0
    public var dontFragment = false
    public var moreFragments = false
    /// In units of eight bytes: 0…8,191.
    public var fragmentOffset: UInt16 = 0
    public var ttl: UInt8 = 64
    public var `protocol`: IPProtocol
    public var source: IPv4Address
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

extension MutableRawSpan {
    /// Sets the checksum field at `field` for the bytes of `range`, in which it lies at an even distance, and for
    /// what `sum` has already counted, such as a pseudo-header.
    @inlinable
    public mutating func storeChecksum(at field: Int, over range: Range<Int>, adding sum: UInt64 = 0) {
        store(0 as UInt16, at: field)
        let total = sum &+ InternetChecksum.sum(bytes.extracting(range))
        storeBytes(of: InternetChecksum.field(total), toByteOffset: field, as: UInt16.self)
    }
}
