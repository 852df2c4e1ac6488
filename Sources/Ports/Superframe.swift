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
        guard findNetworkHeaders(frame, link) == (isTCP ? .tcp : .udp) else { return nil }
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
    private func patch(_ header: NetworkHeader, of segment: inout MutableRawSpan, index: Int) {
        let byteCount = segment.byteCount - header.offset
        switch header.version {
        case .v4:
            let old = segment.bytes.uint16(at: header.offset + IPv4Field.identification)
            segment.store(UInt16(byteCount), at: header.offset + IPv4Field.totalLength)
            segment.store(
                old &+ UInt16(truncatingIfNeeded: index), at: header.offset + IPv4Field.identification)
            segment.store(UInt16(0), at: header.offset + IPv4Field.checksum)
            let headerByteCount = Int(segment.bytes.octet(at: header.offset) & 0x0f) * 4
            let sum = InternetChecksum.sum(
                segment.bytes.extracting(header.offset..<header.offset + headerByteCount))
            segment.storeBytes(
                of: InternetChecksum.field(sum), toByteOffset: header.offset + IPv4Field.checksum,
                as: UInt16.self)
        case .v6:
            segment.store(
                UInt16(byteCount - IPv6Field.byteCount), at: header.offset + IPv6Field.payloadLength)
        }
    }

    private func patchTransport(of segment: inout MutableRawSpan, index: Int, payloadSum: UInt64) {
        if isTCP {
            let sequence = segment.bytes.uint32(at: transportOffset + 4)
            segment.store(sequence &+ UInt32(index * segmentByteCount), at: transportOffset + 4)
            var flags = segment.bytes.octet(at: transportOffset + TCPField.flags)
            if index > 0 { flags &= ~TCPFlag.congestionWindowReduced }
            if index < segmentCount - 1 { flags &= ~(TCPFlag.finish | TCPFlag.push) }
            segment.store(flags, at: transportOffset + TCPField.flags)
        } else {
            segment.store(UInt16(segment.byteCount - transportOffset), at: transportOffset + 4)
        }
        // The field still holds the pseudo-header's sum with the superframe's length in it: exchange that for
        // ours.
        let oldLength = InternetChecksum.fold(InternetChecksum.sum(UInt32(frameByteCount - transportOffset)))
        let newLength = InternetChecksum.sum(UInt32(segment.byteCount - transportOffset))
        let sum =
            payloadSum
            &+ InternetChecksum.sum(segment.bytes.extracting(transportOffset..<headerByteCount))
        segment.storeBytes(
            of: OffloadHeader.field(sum &+ UInt64(~oldLength) &+ newLength, isUDP: !isTCP),
            toByteOffset: checksumField,
            as: UInt16.self)
    }
}

// MARK: - Planning

extension Superframe {
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
