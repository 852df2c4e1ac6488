import CLinux
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
/// - TTL, DSCP, ECN, flow label, Ethernet header and VLAN tags equal; no IP options, extension headers or fragments.
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
        /// The sum of what is the same in all their pseudo-headers: addresses and protocol.
        fileprivate var pseudoHeaderSum: UInt64 = 0
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
    /// The train that was begun or joined last, of those of flows; -1: none. What follows mostly belongs to it, which is seen
    /// by comparing the two.
    private let latest: UnsafeMutablePointer<Int>

    private static let flowCount = 64
    private static let packetLimit = 256
    /// What a receiver that Linux joins for would be given at most (UDP_GRO_CNT_MAX).
    private static let datagramLimit = 64
    /// What IPv4's total length can say. Payloads of 64 KiB and IPv6's header are left to those who join jumbograms.
    private static let byteLimit = 65_535
    /// The longest header of a superframe: Ethernet 14, two VLAN tags 8, IPv6 40, TCP 60.
    package static let headerByteLimit = 14 + 8 + 40 + 60

    package init() {
        unsafe trains = .allocate(capacity: Self.packetLimit)
        unsafe counter = .allocate(capacity: 1)
        unsafe counter.initialize(to: 0)
        unsafe links = .allocate(capacity: Self.packetLimit)
        unsafe links.initialize(repeating: 0, count: Self.packetLimit)
        unsafe flows = .allocate(capacity: Self.flowCount)
        unsafe flows.initialize(repeating: 0, count: Self.flowCount)
        unsafe latest = .allocate(capacity: 1)
        unsafe latest.initialize(to: -1)
    }

    deinit {
        unsafe trains.deallocate()
        unsafe counter.deallocate()
        unsafe links.deallocate()
        unsafe flows.deallocate()
        unsafe latest.deallocate()
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
            unsafe place(packet, frame, vector, link, joining)
        }
    }

    private func endTrains() {
        unsafe flows.update(repeating: 0, count: Self.flowCount)
        unsafe latest.pointee = -1
    }

    private func place(
        _ packet: UInt8, _ frame: UnsafeRawBufferPointer, _ vector: PacketVector, _ link: LinkType,
        _ joining: Transports
    ) {
        guard !joining.isEmpty else { return unsafe begin(packet, frame.bytes, FlowSegment()) }
        let latest = unsafe self.latest.pointee
        if latest >= 0, unsafe join(packet, frame, to: latest, vector) { return }
        var segment = unsafe FlowSegment(
            frame.bytes, link: link, isOwnDatagram: vector[Int(packet)].isOwnDatagram)
        switch segment.kind {
        case .unrelated: return unsafe begin(packet, frame.bytes, segment)
        case .unclear:
            endTrains()
            return unsafe begin(packet, frame.bytes, segment)
        case .tcp: segment.mayBeJoined = segment.mayBeJoined && joining.contains(.tcp)
        case .udp: segment.mayBeJoined = segment.mayBeJoined && joining.contains(.udp)
        }
        let flow = unsafe Int(truncatingIfNeeded: segment.hash(frame.bytes).rawValue) & (Self.flowCount - 1)
        let current = unsafe Int(flows[flow]) - 1
        if current >= 0, current != latest, unsafe join(packet, frame, to: current, vector) {
            unsafe self.latest.pointee = current
            return
        }
        unsafe self.latest.pointee = trainCount
        unsafe begin(packet, frame.bytes, segment)
        unsafe flows[flow] = UInt16(trainCount)
    }

    private func begin(_ packet: UInt8, _ frame: RawSpan, _ segment: FlowSegment) {
        var train = Train(
            first: packet, last: packet, segment: segment, payloadByteCount: segment.payloadByteCount,
            isComplete: !segment.mayBeJoined)
        if segment.mayBeJoined {
            train.pseudoHeaderSum = segment.pseudoHeaderSum(frame, byteCount: 0)
            if segment.isIPv4 {
                train.identification = frame.uint16(at: segment.network + IPv4Field.identification)
            }
            if segment.kind == .tcp {
                train.flags = frame.octet(at: segment.transport + TCPField.flags)
                train.isComplete = train.flags & (TCPFlag.finish | TCPFlag.push) != 0
                train.nextSequence =
                    frame.uint32(at: segment.transport + TCPField.sequence)
                    &+ UInt32(truncatingIfNeeded: segment.payloadByteCount)
            }
        }
        unsafe (trains + trainCount).initialize(to: train)
        unsafe counter.pointee += 1
    }
}

// MARK: - Joining

extension Coalescer {
    /// Joins a packet to a train, if the two fit: where the headers are those of the train's first packet, the packet is as
    /// fit to be joined as that one, and needn't be taken apart itself.
    private func join(
        _ packet: UInt8, _ frame: UnsafeRawBufferPointer, to index: Int, _ vector: PacketVector
    ) -> Bool {
        let train = unsafe trains + index
        let segment = unsafe train.pointee.segment
        let head = unsafe UnsafeRawBufferPointer(vector.frame(Int(train.pointee.first)))
        guard unsafe !train.pointee.isComplete, frame.count >= segment.payload,
            vector[Int(packet)].isOwnDatagram == segment.isOwnDatagram,
            let a = head.baseAddress, let b = frame.baseAddress,
            unsafe Self.isEqual(a, b, 0, segment.network)
        else { return false }
        // Behind it may be padding.
        let end =
            unsafe segment.isIPv4
            ? Self.endIPv4(a, b, segment.network) : Self.endIPv6(a, b, segment.network)
        guard let end, end > segment.payload, end <= frame.count else { return false }
        let payloadByteCount = end - segment.payload
        guard payloadByteCount <= segment.payloadByteCount,
            unsafe segment.payload - segment.network + train.pointee.payloadByteCount + payloadByteCount
                <= Self.byteLimit
        else { return false }
        let step = unsafe segment.isIPv4 ? Self.identificationStep(train, b) : 0
        guard let step else { return false }
        var flags: UInt8 = 0
        if segment.kind == .tcp {
            guard let found = unsafe Self.flagsTCP(train, a, b) else { return false }
            flags = found
        } else if unsafe !Self.fitsUDP(train, a, b, byteCount: end - segment.transport) {
            return false
        }
        guard unsafe isSound(train, head), unsafe Self.isSound(b, train, end: end) else { return false }

        if segment.isIPv4 {
            unsafe train.pointee.identificationStep = step
            unsafe train.pointee.identification &+= step
        }
        unsafe train.pointee.flags |= flags
        unsafe train.pointee.nextSequence &+= UInt32(truncatingIfNeeded: payloadByteCount)
        if payloadByteCount < segment.payloadByteCount || flags & (TCPFlag.finish | TCPFlag.push) != 0 {
            unsafe train.pointee.isComplete = true
        }
        unsafe train.pointee.payloadByteCount += payloadByteCount
        unsafe train.pointee.packetCount += 1
        unsafe links[Int(train.pointee.last)] = packet
        unsafe train.pointee.last = packet
        return true
    }

    /// Whether two frames have the same bytes there, within both.
    @inline(__always)
    private static func isEqual(
        _ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ begin: Int, _ end: Int
    ) -> Bool {
        var offset = begin
        while offset + 8 <= end {
            if unsafe load(a, offset, UInt64.self) != load(b, offset, UInt64.self) { return false }
            offset += 8
        }
        while offset < end {
            if unsafe load(a, offset, UInt8.self) != load(b, offset, UInt8.self) { return false }
            offset += 1
        }
        return true
    }

    /// As it lies in memory.
    @inline(__always)
    private static func load<Word: BitwiseCopyable>(
        _ start: UnsafeRawPointer, _ offset: Int, _: Word.Type
    ) -> Word { unsafe start.loadUnaligned(fromByteOffset: offset, as: Word.self) }

    /// Where the packet of `b` ends; nil if its header differs from that of `a` in more than length, identification and
    /// checksum.
    @inline(__always)
    private static func endIPv4(_ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ network: Int) -> Int? {
        // Version, header length, DSCP and ECN; DF, TTL and protocol; addresses.
        guard unsafe load(a, network, UInt16.self) == load(b, network, UInt16.self),
            unsafe load(a, network + IPv4Field.flagsAndFragmentOffset, UInt32.self)
                == load(b, network + IPv4Field.flagsAndFragmentOffset, UInt32.self),
            unsafe load(a, network + IPv4Field.source, UInt64.self)
                == load(b, network + IPv4Field.source, UInt64.self)
        else { return nil }
        return unsafe network + Int(UInt16(bigEndian: load(b, network + IPv4Field.totalLength, UInt16.self)))
    }

    /// Where the packet of `b` ends; nil if its header differs from that of `a` in more than the payload's length.
    @inline(__always)
    private static func endIPv6(_ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ network: Int) -> Int? {
        guard unsafe load(a, network, UInt32.self) == load(b, network, UInt32.self),
            unsafe isEqual(a, b, network + IPv6Field.nextHeader, network + IPv6Field.byteCount)
        else { return nil }
        return unsafe network + IPv6Field.byteCount
            + Int(UInt16(bigEndian: load(b, network + IPv6Field.payloadLength, UInt16.self)))
    }

    /// By how much the identification rises; nil: not as it should.
    @inline(__always)
    private static func identificationStep(
        _ train: UnsafeMutablePointer<Train>, _ b: UnsafeRawPointer
    ) -> UInt16? {
        let network = unsafe train.pointee.segment.network
        let identification = unsafe UInt16(
            bigEndian: load(b, network + IPv4Field.identification, UInt16.self))
        let step = unsafe identification &- train.pointee.identification
        if let known = unsafe train.pointee.identificationStep { return step == known ? step : nil }
        let isAtomic = unsafe load(b, network + IPv4Field.flagsAndFragmentOffset, UInt8.self) & 0x40 != 0
        return step == 1 || step == 0 && isAtomic ? step : nil
    }

    /// The flags of a segment that follows; nil: it doesn't, or differs.
    @inline(__always)
    private static func flagsTCP(
        _ train: UnsafeMutablePointer<Train>, _ a: UnsafeRawPointer, _ b: UnsafeRawPointer
    ) -> UInt8? {
        let transport = unsafe train.pointee.segment.transport
        let flags = unsafe load(b, transport + TCPField.flags, UInt8.self)
        let mayDiffer = TCPFlag.finish | TCPFlag.push | TCPFlag.congestionWindowReduced
        guard
            unsafe UInt32(bigEndian: load(b, transport + TCPField.sequence, UInt32.self))
                == train.pointee.nextSequence,
            flags & TCPFlag.congestionWindowReduced == 0,
            unsafe (flags ^ train.pointee.flags) & ~mayDiffer == 0,
            // Ports; acknowledgement; length of the header and what is reserved beside it; window; urgent pointer and
            // options.
            unsafe load(a, transport, UInt32.self) == load(b, transport, UInt32.self),
            unsafe load(a, transport + TCPField.acknowledgement, UInt32.self)
                == load(b, transport + TCPField.acknowledgement, UInt32.self),
            unsafe load(a, transport + TCPField.dataOffset, UInt8.self)
                == load(b, transport + TCPField.dataOffset, UInt8.self),
            unsafe load(a, transport + TCPField.window, UInt16.self)
                == load(b, transport + TCPField.window, UInt16.self),
            unsafe isEqual(a, b, transport + TCPField.checksum + 2, train.pointee.segment.payload)
        else { return nil }
        return flags
    }

    /// - Parameter byteCount: of header and payload, by IP.
    @inline(__always)
    private static func fitsUDP(
        _ train: UnsafeMutablePointer<Train>, _ a: UnsafeRawPointer, _ b: UnsafeRawPointer, byteCount: Int
    ) -> Bool {
        let transport = unsafe train.pointee.segment.transport
        // Without a checksum, the kernel would give each segment one: not to what others have made without.
        return unsafe train.pointee.packetCount < datagramLimit
            && load(a, transport, UInt32.self) == load(b, transport, UInt32.self)
            && Int(UInt16(bigEndian: load(b, transport + UDPField.length, UInt16.self))) == byteCount
            && (train.pointee.segment.isOwnDatagram
                || load(b, transport + UDPField.checksum, UInt16.self) != 0)
    }

    /// Whether the first packet's checksums are right, which is found out once. If not, its train ends.
    private func isSound(_ train: UnsafeMutablePointer<Train>, _ head: UnsafeRawBufferPointer) -> Bool {
        if unsafe train.pointee.isSound { return true }
        let isSound = unsafe head.baseAddress.map {
            unsafe Self.isSound($0, train, end: train.pointee.segment.end)
        }
        unsafe train.pointee.isSound = isSound == true
        unsafe train.pointee.isComplete = isSound != true
        return isSound == true
    }

    /// Whether the checksums of a packet with this train's headers are right. Cost: that of reading it once, unless its
    /// headers are our own.
    @inline(__always)
    private static func isSound(
        _ start: UnsafeRawPointer, _ train: UnsafeMutablePointer<Train>, end: Int
    ) -> Bool {
        let segment = unsafe train.pointee.segment
        if segment.isOwnDatagram { return true }
        if segment.isIPv4 {
            // Without options.
            var sum: UInt64 = 0
            for word in 0..<5 {
                sum &+= unsafe UInt64(load(start, segment.network &+ word &* 4, UInt32.self))
            }
            guard InternetChecksum.isValid(sum) else { return false }
        }
        let byteCount = end - segment.transport
        let sum =
            unsafe wl_sum(start + segment.transport, byteCount) &+ train.pointee.pseudoHeaderSum
            &+ InternetChecksum.sum(UInt16(truncatingIfNeeded: byteCount))
        return InternetChecksum.isValid(sum)
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
