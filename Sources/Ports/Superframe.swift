import CLinux
import Wire

/// How a frame of up to 64 KiB, which the kernel passed on in one piece, is cut into the frames that it stands
/// for. A value without memory of its own: it is planned once from the frame and then writes any of its segments.
///
/// ```
/// superframe: | Ethernet, VLAN tags, labels | IP … | TCP or UDP | payload 0 | payload 1 | … | rest |
/// segment i:  | the same                    | IP … | TCP or UDP | payload i |
/// ```
/// On an `.ip` link nothing stands before IP.
///
/// What differs from segment to segment: every IP header's length, IPv4 identification (one more each) and
/// checksum; TCP's sequence number, FIN and PSH (last only), CWR (first only, RFC 3168 §6.1.2); UDP's length;
/// the checksum. IP headers in IP headers and MPLS labels are passed over, since a peer in another namespace
/// may have encapsulated before anybody segmented.
package struct Superframe {
    private struct NetworkHeader {
        var offset = 0
        var version = IPVersion.v4
        /// IPv4's, of the first segment.
        var identification: UInt16 = 0
        /// Of what is the same in each segment's IPv4 header: all but length, identification and checksum.
        var sum: UInt64 = 0
    }

    /// Outermost first.
    private var networkHeaders = InlineArray<4, NetworkHeader>(repeating: NetworkHeader())
    private var networkHeaderCount = 0
    private let isTCP: Bool
    private let frameByteCount: Int
    private let transportOffset: Int
    private let checksumField: Int
    /// Everything before the payload.
    private let headerByteCount: Int
    /// Whether it is of datagrams that stand in nothing else: what is written of it has the right checksum.
    var isOfOuterDatagrams: Bool { !isTCP && networkHeaderCount == 1 }
    /// Payload of each segment but the last.
    private let segmentByteCount: Int
    package let segmentCount: Int
    /// TCP's, of the first segment.
    private var sequence: UInt32 = 0
    /// TCP's header length and what is reserved beside it, then its flags, as on the superframe.
    private var lengthAndFlags: UInt16 = 0
    /// Of what is the same under each segment's transport checksum: pseudo-header and header without what differs.
    private var transportSum: UInt64 = 0

    /// Nil if the headers aren't what `offload` says, or can't be cut up: encapsulated in anything but IP and
    /// MPLS, already a fragment, damaged.
    /// - Parameter link: what the frame begins with.
    package init?(_ frame: RawSpan, offload: OffloadHeader, link: LinkType = .ethernet) {
        guard let segmentation = offload.segmentation, offload.needsChecksum, offload.segmentByteCount > 0
        else {
            return nil
        }
        isTCP = segmentation != .udp
        frameByteCount = frame.byteCount
        transportOffset = offload.checksumStart
        checksumField = transportOffset + offload.checksumOffset
        segmentByteCount = offload.segmentByteCount
        guard transportOffset + (isTCP ? 20 : 8) <= frame.byteCount,
            offload.checksumOffset == (isTCP ? 16 : 6)
        else {
            return nil
        }
        let transportByteCount = isTCP ? Int(frame.octet(at: transportOffset + 12) >> 4) * 4 : 8
        headerByteCount = transportOffset + transportByteCount
        guard transportByteCount >= (isTCP ? 20 : 8), headerByteCount <= frame.byteCount else { return nil }
        let payloadByteCount = frame.byteCount - headerByteCount
        segmentCount = max(1, (payloadByteCount + segmentByteCount - 1) / segmentByteCount)
        guard findNetworkHeaders(frame, link) == (isTCP ? .tcp : .udp),
            // What IP can say of the longest segment.
            byteCount(ofSegment: 0) - networkHeaders[0].offset <= 65_535
        else { return nil }
        sumWhatStays(frame)
    }

    package func byteCount(ofSegment index: Int) -> Int {
        headerByteCount + min(segmentByteCount, frameByteCount - headerByteCount - index * segmentByteCount)
    }

    /// Writes segment `index` to the beginning of `slot`, which must be long enough.
    /// - Parameter frame: what this was planned from.
    /// - Returns: the segment's length.
    package func write(
        segment index: Int, of frame: UnsafeRawBufferPointer, into slot: UnsafeMutableRawBufferPointer
    ) -> Int {
        let byteCount = byteCount(ofSegment: index)
        precondition(
            frame.count == frameByteCount && byteCount <= slot.count && index >= 0 && index < segmentCount)
        let payload = headerByteCount + index * segmentByteCount
        guard let from = frame.baseAddress, let to = slot.baseAddress else { return 0 }
        unsafe to.copyMemory(from: from, byteCount: headerByteCount)
        let payloadSum = unsafe wl_copy_and_sum(
            to + headerByteCount, from + payload, byteCount - headerByteCount)
        var segment = unsafe UnsafeMutableRawBufferPointer(rebasing: slot[..<byteCount]).mutableBytes
        for position in 0..<networkHeaderCount {
            patch(networkHeaders[position], of: &segment, index: index)
        }
        patchTransport(of: &segment, index: index, payloadSum: payloadSum)
        return byteCount
    }
}

// MARK: - Writing

extension Superframe {
    @inline(__always)
    private func patch(_ header: NetworkHeader, of segment: inout MutableRawSpan, index: Int) {
        let byteCount = segment.byteCount - header.offset
        switch header.version {
        case .v4:
            let length = UInt16(byteCount)
            let identification = header.identification &+ UInt16(truncatingIfNeeded: index)
            segment.store(length, at: header.offset + IPv4Field.totalLength)
            segment.store(identification, at: header.offset + IPv4Field.identification)
            let sum = header.sum &+ InternetChecksum.sum(length) &+ InternetChecksum.sum(identification)
            segment.storeBytes(
                of: InternetChecksum.field(sum), toByteOffset: header.offset + IPv4Field.checksum,
                as: UInt16.self)
        case .v6:
            segment.store(
                UInt16(byteCount - IPv6Field.byteCount), at: header.offset + IPv6Field.payloadLength)
        }
    }

    @inline(__always)
    private func patchTransport(of segment: inout MutableRawSpan, index: Int, payloadSum: UInt64) {
        let length = UInt16(segment.byteCount - transportOffset)
        var sum = payloadSum &+ transportSum &+ InternetChecksum.sum(length)
        if isTCP {
            let sequence = sequence &+ UInt32(truncatingIfNeeded: index &* segmentByteCount)
            segment.store(sequence, at: transportOffset + TCPField.sequence)
            var word = lengthAndFlags
            if index > 0 { word &= ~UInt16(TCPFlag.congestionWindowReduced) }
            if index < segmentCount - 1 { word &= ~UInt16(TCPFlag.finish | TCPFlag.push) }
            segment.store(word, at: transportOffset + TCPField.dataOffset)
            sum &+= InternetChecksum.sum(sequence) &+ InternetChecksum.sum(word)
        } else {
            segment.store(length, at: transportOffset + UDPField.length)
            sum &+= InternetChecksum.sum(length)
        }
        segment.storeBytes(
            of: OffloadHeader.field(sum, isUDP: !isTCP), toByteOffset: checksumField, as: UInt16.self)
    }
}

// MARK: - Planning

extension Superframe {
    /// Sums once what each segment has under its checksums.
    private mutating func sumWhatStays(_ frame: RawSpan) {
        func sum(_ begin: Int, _ end: Int) -> UInt64 { InternetChecksum.sum(frame.extracting(begin..<end)) }
        for position in 0..<networkHeaderCount where networkHeaders[position].version == .v4 {
            let begin = networkHeaders[position].offset
            let end = begin + Int(frame.octet(at: begin) & 0x0f) * 4
            networkHeaders[position].identification = frame.uint16(at: begin + IPv4Field.identification)
            networkHeaders[position].sum =
                sum(begin, begin + IPv4Field.totalLength)
                &+ sum(begin + IPv4Field.flagsAndFragmentOffset, begin + IPv4Field.checksum)
                &+ sum(begin + IPv4Field.checksum + 2, end)
        }
        // The checksum field holds the pseudo-header's sum with the superframe's length in it, which is taken out.
        let length = InternetChecksum.fold(InternetChecksum.sum(UInt32(frameByteCount - transportOffset)))
        transportSum = UInt64(~length) &+ sum(transportOffset, transportOffset + 4)
        if isTCP {
            sequence = frame.uint32(at: transportOffset + TCPField.sequence)
            lengthAndFlags = frame.uint16(at: transportOffset + TCPField.dataOffset)
            transportSum &+=
                sum(transportOffset + TCPField.acknowledgement, transportOffset + TCPField.dataOffset)
                &+ sum(transportOffset + TCPField.window, headerByteCount)
        } else {
            transportSum &+= sum(checksumField, checksumField + 2)
        }
    }

    /// Finds every IP header before the transport header.
    /// - Returns: what the last one says is behind it; nil if the headers don't lead to `transportOffset`.
    private mutating func findNetworkHeaders(_ frame: RawSpan, _ link: LinkType) -> IPProtocol? {
        let first =
            switch link {
            case .ethernet: networkHeader(behindEthernet: frame)
            case .ip: IPVersion(rawValue: frame.octet(at: 0) >> 4).map { (offset: 0, version: $0) }
            }
        guard var (offset, version) = first else { return nil }
        while networkHeaderCount < networkHeaders.count {
            networkHeaders[networkHeaderCount] = NetworkHeader(offset: offset, version: version)
            networkHeaderCount += 1
            let upper =
                switch version {
                case .v4: upperIPv4(frame, offset)
                case .v6: upperIPv6(frame, offset)
                }
            guard let upper else { return nil }
            if upper.offset == transportOffset { return upper.protocol }
            switch upper.protocol {
            case .ipv4: version = .v4
            case .ipv6: version = .v6
            default: return nil
            }
            offset = upper.offset
        }
        return nil
    }

    private func networkHeader(behindEthernet frame: RawSpan) -> (offset: Int, version: IPVersion)? {
        var offset = 12
        while offset + 6 <= transportOffset {
            let etherType = EtherType(rawValue: frame.uint16(at: offset))
            offset += 2
            switch etherType {
            case .ipv4: return (offset, .v4)
            case .ipv6: return (offset, .v6)
            case .vlan, .serviceVLAN: offset += 2
            case .mpls:
                while offset + 5 <= transportOffset {
                    let isLast = frame.octet(at: offset + 2) & 1 == 1
                    offset += 4
                    if isLast {
                        return IPVersion(rawValue: frame.octet(at: offset) >> 4).map { (offset, $0) }
                    }
                }
                return nil
            default: return nil
            }
        }
        return nil
    }

    private func upperIPv4(_ frame: RawSpan, _ offset: Int) -> (protocol: IPProtocol, offset: Int)? {
        guard offset + IPv4Field.minimumByteCount <= transportOffset else { return nil }
        let byteCount = Int(frame.octet(at: offset) & 0x0f) * 4
        // More fragments, or not the first.
        guard byteCount >= IPv4Field.minimumByteCount, offset + byteCount <= transportOffset,
            frame.uint16(at: offset + IPv4Field.flagsAndFragmentOffset) & 0x3fff == 0
        else { return nil }
        return (IPProtocol(rawValue: frame.octet(at: offset + IPv4Field.protocol)), offset + byteCount)
    }

    private func upperIPv6(_ frame: RawSpan, _ offset: Int) -> (protocol: IPProtocol, offset: Int)? {
        guard offset + IPv6Field.byteCount <= transportOffset else { return nil }
        var next = IPProtocol(rawValue: frame.octet(at: offset + IPv6Field.nextHeader))
        var offset = offset + IPv6Field.byteCount
        while next == .hopByHop || next == .ipv6Routing || next == .ipv6DestinationOptions {
            guard offset + 8 <= transportOffset else { return nil }
            next = IPProtocol(rawValue: frame.octet(at: offset))
            offset += (Int(frame.octet(at: offset + 1)) + 1) * 8
        }
        return offset <= transportOffset ? (next, offset) : nil
    }
}
