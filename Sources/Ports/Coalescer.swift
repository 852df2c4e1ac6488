import Glibc
package import Packets
import Wire

/// Finds which packets of a vector may leave as one superframe: neighbours of one flow, of equal length but for the last,
/// whose checksums are right. The inverse of `Superframe`: cut up, a superframe gives the packets that it was made of.
///
/// Packets become *trains*, each of one packet or of several that leave together. Trains stand in the order of their
/// first packets. Flows may overtake each other, packets of one flow never do: what of a flow can't be joined ends its
/// train.
///
/// What may be joined is what Linux joins on receipt (net/ipv4/tcp_offload.c, net/ipv4/udp_offload.c):
/// - TTL, DSCP, ECN, flow label and Ethernet header equal; no IP options, extension headers or fragments.
/// - IPv4's identification rises by one, or is the same in all where DF makes it mean nothing (RFC 6864 §4.1).
/// - TCP in sequence with nothing but ACK, ECE, and these: FIN and PSH on the last (either ends a train), CWR on the
///   first (RFC 3168 §6.1.2). Acknowledgement, window and options equal, the time stamps among them.
/// - UDP with a checksum; or in a header of our own (RFC 7510), which then leaves with one: as part of a superframe it
///   costs nobody anything, and where the kernel must cut that up it can't be done without.
///
/// Nothing is allocated after `init`. Cost: some loads a packet, and for those that are joined their sum.
@safe package final class Coalescer {
    /// Transports whose packets may be joined.
    package struct Transports: OptionSet, Sendable {
        package let rawValue: UInt8
        package init(rawValue: UInt8) { self.rawValue = rawValue }
        package static let tcp = Transports(rawValue: 1)
        package static let udp = Transports(rawValue: 2)

        /// For people.
        var names: [String] { (contains(.tcp) ? ["TCP"] : []) + (contains(.udp) ? ["UDP"] : []) }
    }

    /// Packets that leave together.
    package struct Train {
        /// Indices in the vector; those between are linked by `packet(behind:)`.
        package fileprivate(set) var first: UInt8
        fileprivate var last: UInt8
        package fileprivate(set) var packetCount = 1
        /// Of the first packet.
        fileprivate(set) var segment: FlowSegment
        /// Of all packets.
        fileprivate(set) var payloadByteCount: Int
        /// TCP's, of all packets.
        fileprivate var flags: UInt8 = 0
        /// TCP's sequence number behind the last packet.
        fileprivate var nextSequence: UInt32 = 0
        /// IPv4's, of the last packet, and by how much it rises; nil: not known yet.
        fileprivate var identification: UInt16 = 0
        fileprivate var identificationStep: UInt16?
        /// Whether nothing may be joined to it any more.
        fileprivate var isComplete: Bool
        /// Whether the first packet's checksums have been found right.
        fileprivate var isSound = false
    }

    /// Trains of the last plan: as many as packets at most.
    private let trains: UnsafeMutablePointer<Train>
    /// How many there are. Beside them: as a property of this object, every change of it would be watched for another at
    /// the same time.
    private let counter: UnsafeMutablePointer<Int>
    package var trainCount: Int { unsafe counter.pointee }
    /// The packet that leaves behind each, where there is one.
    private let links: UnsafeMutablePointer<UInt8>
    /// By hash: the last train of a flow, counted from one; 0: none. Flows that fall together end each other's trains.
    private let flows: UnsafeMutablePointer<UInt16>

    private static let flowCount = 64
    private static let packetLimit = 256
    /// What a receiver that Linux joins for would be given at most (UDP_GRO_CNT_MAX).
    private static let datagramLimit = 64
    /// What IPv4's total length can say. Payloads of 64 KiB and IPv6's header are left to those who join jumbograms.
    private static let byteLimit = 65_535
    /// The longest header of a superframe: Ethernet 14, IPv6 40, TCP 60.
    package static let headerByteLimit = 14 + 40 + 60

    package init() {
        unsafe trains = .allocate(capacity: Self.packetLimit)
        unsafe counter = .allocate(capacity: 1)
        unsafe counter.initialize(to: 0)
        unsafe links = .allocate(capacity: Self.packetLimit)
        unsafe links.initialize(repeating: 0, count: Self.packetLimit)
        unsafe flows = .allocate(capacity: Self.flowCount)
        unsafe flows.initialize(repeating: 0, count: Self.flowCount)
    }

    deinit {
        unsafe trains.deallocate()
        unsafe counter.deallocate()
        unsafe links.deallocate()
        unsafe flows.deallocate()
    }

    package func train(_ index: Int) -> Train {
        precondition(index >= 0 && index < trainCount)
        return unsafe trains[index]
    }

    /// The next packet of a train that has one.
    package func packet(behind packet: UInt8) -> UInt8 { unsafe links[Int(packet)] }

    /// Makes trains of the selected packets.
    package func plan(
        _ vector: PacketVector, selection: UnsafeBufferPointer<UInt8>, link: LinkType, joining: Transports
    ) {
        precondition(selection.count <= Self.packetLimit)
        unsafe counter.pointee = 0
        endTrains()
        for order in 0..<selection.count {
            let packet = unsafe selection[order]
            let frame = unsafe UnsafeRawBufferPointer(vector.frame(Int(packet)))
            unsafe place(packet, frame.bytes, vector, link, joining)
        }
    }

    private func endTrains() { unsafe flows.update(repeating: 0, count: Self.flowCount) }

    private func place(
        _ packet: UInt8, _ frame: RawSpan, _ vector: PacketVector, _ link: LinkType, _ joining: Transports
    ) {
        var segment =
            joining.isEmpty
            ? FlowSegment()
            : FlowSegment(frame, link: link, isOwnDatagram: vector[Int(packet)].isOwnDatagram)
        switch segment.kind {
        case .unrelated: return begin(packet, frame, segment)
        case .unclear:
            endTrains()
            return begin(packet, frame, segment)
        case .tcp: segment.mayBeJoined = segment.mayBeJoined && joining.contains(.tcp)
        case .udp: segment.mayBeJoined = segment.mayBeJoined && joining.contains(.udp)
        }
        let flow = Int(truncatingIfNeeded: segment.hash(frame).rawValue) & (Self.flowCount - 1)
        let current = unsafe Int(flows[flow])
        if current > 0, segment.mayBeJoined, join(packet, frame, segment, to: current - 1, vector) { return }
        begin(packet, frame, segment)
        unsafe flows[flow] = UInt16(trainCount)
    }

    private func begin(_ packet: UInt8, _ frame: RawSpan, _ segment: FlowSegment) {
        var train = Train(
            first: packet, last: packet, segment: segment, payloadByteCount: segment.payloadByteCount,
            isComplete: !segment.mayBeJoined)
        if segment.mayBeJoined {
            if segment.isIPv4 {
                train.identification = frame.uint16(at: segment.network + IPv4Field.identification)
            }
            if segment.kind == .tcp {
                train.flags = frame.octet(at: segment.transport + TCPField.flags)
                train.isComplete = train.flags & (TCPFlag.finish | TCPFlag.push) != 0
                train.nextSequence = Self.sequence(behind: segment, frame)
            }
        }
        unsafe (trains + trainCount).initialize(to: train)
        unsafe counter.pointee += 1
    }

    private static func sequence(behind segment: FlowSegment, _ frame: RawSpan) -> UInt32 {
        frame.uint32(at: segment.transport + TCPField.sequence)
            &+ UInt32(truncatingIfNeeded: segment.payloadByteCount)
    }
}

// MARK: - Joining

extension Coalescer {
    /// Joins a packet to a train, if the two fit.
    private func join(
        _ packet: UInt8, _ frame: RawSpan, _ segment: FlowSegment, to index: Int, _ vector: PacketVector
    ) -> Bool {
        var train = unsafe trains[index]
        let head = unsafe UnsafeRawBufferPointer(vector.frame(Int(train.first))).bytes
        guard !train.isComplete, train.segment.kind == segment.kind, train.segment.isIPv4 == segment.isIPv4,
            train.segment.payload == segment.payload,
            segment.payloadByteCount <= train.segment.payloadByteCount,
            train.segment.packetByteCount - train.segment.payloadByteCount + train.payloadByteCount
                + segment.payloadByteCount <= Self.byteLimit,
            Self.isEqual(head, frame, 0..<segment.network),
            segment.isIPv4 ? fitsIPv4(&train, head, frame) : Self.fitsIPv6(head, frame, segment),
            segment.kind == .tcp ? fitsTCP(&train, head, frame, segment) : fitsUDP(train, head, frame)
        else { return false }
        if !train.isSound {
            guard train.segment.isSound(head) else {
                unsafe trains[index].isComplete = true
                return false
            }
            unsafe trains[index].isSound = true
            train.isSound = true
        }
        guard segment.isSound(frame) else { return false }
        if segment.payloadByteCount < train.segment.payloadByteCount { train.isComplete = true }
        train.payloadByteCount += segment.payloadByteCount
        train.packetCount += 1
        unsafe links[Int(train.last)] = packet
        train.last = packet
        unsafe trains[index] = train
        return true
    }

    private static func isEqual(_ a: RawSpan, _ b: RawSpan, _ range: Range<Int>) -> Bool {
        precondition(range.upperBound <= a.byteCount && range.upperBound <= b.byteCount)
        return unsafe a.withUnsafeBytes { a in
            unsafe b.withUnsafeBytes { b in
                guard !range.isEmpty, let a = a.baseAddress, let b = b.baseAddress else { return true }
                return unsafe memcmp(a + range.lowerBound, b + range.lowerBound, range.count) == 0
            }
        }
    }

    private func fitsIPv4(_ train: inout Train, _ head: RawSpan, _ frame: RawSpan) -> Bool {
        let network = train.segment.network
        // Version, header length, DSCP and ECN; DF, TTL and protocol; addresses.
        guard head.uint16(at: network) == frame.uint16(at: network),
            head.uint32(at: network + IPv4Field.flagsAndFragmentOffset)
                == frame.uint32(at: network + IPv4Field.flagsAndFragmentOffset),
            head.uint64(at: network + IPv4Field.source) == frame.uint64(at: network + IPv4Field.source)
        else { return false }
        let identification = frame.uint16(at: network + IPv4Field.identification)
        let step = identification &- train.identification
        if let known = train.identificationStep {
            guard step == known else { return false }
        } else {
            let isAtomic = frame.octet(at: network + IPv4Field.flagsAndFragmentOffset) & 0x40 != 0
            guard step == 1 || step == 0 && isAtomic else { return false }
        }
        train.identificationStep = step
        train.identification = identification
        return true
    }

    private static func fitsIPv6(_ head: RawSpan, _ frame: RawSpan, _ segment: FlowSegment) -> Bool {
        let network = segment.network
        // All but the payload's length.
        return head.uint32(at: network) == frame.uint32(at: network)
            && isEqual(head, frame, network + IPv6Field.nextHeader..<segment.transport)
    }

    private func fitsTCP(
        _ train: inout Train, _ head: RawSpan, _ frame: RawSpan, _ segment: FlowSegment
    ) -> Bool {
        let transport = segment.transport
        let flags = frame.octet(at: transport + TCPField.flags)
        let mayDiffer = TCPFlag.finish | TCPFlag.push | TCPFlag.congestionWindowReduced
        guard frame.uint32(at: transport + TCPField.sequence) == train.nextSequence,
            flags & TCPFlag.congestionWindowReduced == 0, (flags ^ train.flags) & ~mayDiffer == 0,
            // Ports; acknowledgement; length of the header and what is reserved beside it; window; urgent pointer.
            head.uint32(at: transport) == frame.uint32(at: transport),
            Self.isEqual(head, frame, transport + TCPField.acknowledgement..<transport + TCPField.flags),
            head.uint16(at: transport + TCPField.window) == frame.uint16(at: transport + TCPField.window),
            Self.isEqual(head, frame, transport + TCPField.checksum + 2..<segment.payload)
        else { return false }
        train.flags |= flags
        train.nextSequence = Self.sequence(behind: segment, frame)
        if flags & (TCPFlag.finish | TCPFlag.push) != 0 { train.isComplete = true }
        return true
    }

    private func fitsUDP(_ train: Train, _ head: RawSpan, _ frame: RawSpan) -> Bool {
        train.packetCount < Self.datagramLimit
            && head.uint32(at: train.segment.transport) == frame.uint32(at: train.segment.transport)
    }
}

// MARK: - Writing

extension Coalescer {
    /// Writes the virtio header of a train of several packets and the headers that all of them share, as they are on the
    /// superframe. The packets themselves are left as they are.
    /// - Parameter target: room for `OffloadHeader.byteCount + headerByteLimit` bytes.
    /// - Returns: the bytes written; the packets' payloads follow behind them.
    package func writeHeaders(
        of train: Train, _ vector: PacketVector, to target: UnsafeMutableRawPointer
    ) -> Int {
        let segment = train.segment
        let frame = unsafe UnsafeRawBufferPointer(vector.frame(Int(train.first)))
        let headers = unsafe UnsafeMutableRawBufferPointer(
            start: target + OffloadHeader.byteCount, count: segment.payload)
        unsafe headers.copyMemory(from: UnsafeRawBufferPointer(rebasing: frame[..<segment.payload]))
        var written = unsafe headers.mutableBytes
        let transportByteCount = segment.payload - segment.transport + train.payloadByteCount
        if segment.isIPv4 {
            written.store(
                UInt16(IPv4Field.minimumByteCount + transportByteCount),
                at: segment.network + IPv4Field.totalLength)
            written.storeChecksum(
                at: segment.network + IPv4Field.checksum, over: segment.network..<segment.transport)
        } else {
            written.store(UInt16(transportByteCount), at: segment.network + IPv6Field.payloadLength)
        }
        let isTCP = segment.kind == .tcp
        let field = isTCP ? TCPField.checksum : UDPField.checksum
        if isTCP {
            written.store(train.flags, at: segment.transport + TCPField.flags)
        } else {
            written.store(UInt16(transportByteCount), at: segment.transport + UDPField.length)
        }
        // What completes it adds the rest (RFC 1071 §2).
        let pseudoHeader = unsafe segment.pseudoHeaderSum(frame.bytes, byteCount: transportByteCount)
        written.storeBytes(
            of: InternetChecksum.fold(pseudoHeader), toByteOffset: segment.transport + field, as: UInt16.self)
        var offload = OffloadHeader(
            segmentation: isTCP ? segment.isIPv4 ? .tcpIPv4 : .tcpIPv6 : .udp,
            headerByteCount: segment.payload, segmentByteCount: segment.payloadByteCount,
            checksumStart: segment.transport, checksumOffset: field)
        offload.reducesCongestionWindow = isTCP && train.flags & TCPFlag.congestionWindowReduced != 0
        unsafe offload.write(to: target)
        return OffloadHeader.byteCount + segment.payload
    }

    /// Where a packet's payload lies, of a train of several.
    package func payload(
        of packet: UInt8, in train: Train, _ vector: PacketVector
    ) -> UnsafeMutableRawBufferPointer {
        let frame = unsafe vector.frame(Int(packet))
        let begin = train.segment.payload
        let byteCount = packet == train.last ? train.lastByteCount : train.segment.payloadByteCount
        return unsafe UnsafeMutableRawBufferPointer(rebasing: frame[begin..<begin + byteCount])
    }
}

extension Coalescer.Train {
    /// Of a train of several packets.
    var transport: Coalescer.Transports { segment.kind == .tcp ? .tcp : .udp }

    fileprivate var lastByteCount: Int { payloadByteCount - (packetCount - 1) * segment.payloadByteCount }
}
