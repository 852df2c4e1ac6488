import Packets
import Tables
import Wire

extension SlowPath {
    /// How an IPv4 packet is to be split that is too long for where it goes (RFC 791 §3.2), be it a session's or one under
    /// transit labels (RFC 3032 §3.4). Nil if it may not be split, or can't so that every fragment fits.
    func fragmentPlan(_ vector: PacketVector, _ index: Int) -> FragmentPlan? {
        let packet = vector[index]
        let frame = unsafe RawSpan(_unsafeBytes: UnsafeRawBufferPointer(vector.frame(index)))
        guard let labels = labels(of: packet, frame) else { return nil }
        do throws(WireError) {
            let view = try IPv4View(frame.extracting(droppingFirst: labels.upperBound))
            guard !view.dontFragment else { return nil }
            return FragmentPlan(view, limit: room(for: packet, frame), capacity: fragments.capacity)
        } catch {
            return nil
        }
    }

    /// Splits a packet by its plan. The fragments are ready for the second pass: each stands in `fragments` without a link
    /// header, under the labels that its packet has, counted to the session if there is one.
    /// - Returns: `fragments`.
    func fragment(_ vector: PacketVector, _ index: Int, by plan: FragmentPlan) -> PacketVector {
        let packet = vector[index]
        let frame = unsafe RawSpan(_unsafeBytes: UnsafeRawBufferPointer(vector.frame(index)))
        fragments.removeAll()
        guard let range = labels(of: packet, frame) else { return fragments }
        let (labels, network) = (frame.extracting(range), frame.extracting(droppingFirst: range.upperBound))
        for part in plan.parts {
            var bytes = unsafe MutableRawSpan(_unsafeBytes: fragments.nextFrame)
            bytes.store(labels, at: 0)
            var rest = unsafe MutableRawSpan(
                _unsafeBytes: UnsafeMutableRawBufferPointer(
                    rebasing: fragments.nextFrame[labels.byteCount...]))
            let byteCount = plan.emit(part, of: network, into: &rest)
            fragments.append(byteCount: labels.byteCount + byteCount, timestamp: packet.timestamp)
            let place = fragments.count - 1
            fragments[place].disposition = .transmit
            fragments[place].counter = packet.counter
            fragments[place].adjacency = packet.adjacency
            fragments[place].meteredByteCount = UInt32(byteCount)
            fragments[place].networkOffset = 0
            fragments[place].givenClass = packet.givenClass
        }
        return fragments
    }

    /// Where the transit labels of a packet stand; an empty range before the IP header of a session's. Nil where what
    /// stands under the labels isn't IP.
    private func labels(of packet: Packet, _ frame: RawSpan) -> Range<Int>? {
        let start = Int(packet.networkOffset)
        guard packet.punt == .labelTooBig else { return start..<start }
        guard let path = LabelledPacket(frame, at: start), path.isIP(frame) else { return nil }
        return path.stack
    }
}

/// How an IPv4 packet is split: where each fragment's data lies, and which header it gets.
struct FragmentPlan {
    /// A fragment's data, in bytes from the end of the packet's header.
    struct Part: Equatable {
        let data: Range<Int>
        let isFirst: Bool
        let isLast: Bool
    }

    let parts: [Part]
    private let headerByteCount: Int
    /// Options that later fragments carry too, padded to 32 bits.
    private let copiedOptions: [UInt8]
    private let flagsAndOffset: UInt16

    /// Nil if the limit leaves no room for 8 bytes of data, or there would be more than `capacity` parts, or one would
    /// begin beyond what the 13 bits of the offset can say: the packet is a fragment, of none that can exist.
    init?(_ packet: borrowing IPv4View, limit: Int, capacity: Int) {
        headerByteCount = packet.headerByteCount
        flagsAndOffset = packet.bytes.uint16(at: IPv4Field.flagsAndFragmentOffset)
        copiedOptions = Self.copiedOptions(packet.options)
        let dataByteCount = packet.totalLength - headerByteCount
        var parts: [Part] = []
        var start = 0
        while start < dataByteCount {
            let header = start == 0 ? headerByteCount : IPv4Field.minimumByteCount + copiedOptions.count
            // All but the last carry a multiple of 8 bytes.
            let room = limit - header
            let end = dataByteCount - start <= room ? dataByteCount : start + room & ~7
            guard room >= 8, parts.count < capacity else { return nil }
            let offset = Int(flagsAndOffset & IPv4Field.fragmentOffsetMask) + start / 8
            guard offset <= Int(IPv4Field.fragmentOffsetMask) else { return nil }
            parts.append(Part(data: start..<end, isFirst: start == 0, isLast: end == dataByteCount))
            start = end
        }
        self.parts = parts
    }

    /// Writes one fragment. `network` is the whole packet; `bytes` takes the fragment from its first byte on.
    func emit(_ part: Part, of network: RawSpan, into bytes: inout MutableRawSpan) -> Int {
        let header = part.isFirst ? headerByteCount : IPv4Field.minimumByteCount + copiedOptions.count
        bytes.store(
            network.extracting(0..<(part.isFirst ? headerByteCount : IPv4Field.minimumByteCount)), at: 0)
        if !part.isFirst {
            bytes.store(0x40 | UInt8(header / 4), at: IPv4Field.versionAndHeaderLength)
            for (offset, octet) in copiedOptions.enumerated() {
                bytes.store(octet, at: IPv4Field.options + offset)
            }
        }
        let byteCount = header + part.data.count
        // A fragment of a fragment keeps its place, and "more" where the packet had it.
        let more = part.isLast ? flagsAndOffset & IPv4Field.moreFragmentsMask : IPv4Field.moreFragmentsMask
        let offset = (flagsAndOffset & IPv4Field.fragmentOffsetMask) + UInt16(part.data.lowerBound / 8)
        bytes.store(UInt16(byteCount), at: IPv4Field.totalLength)
        bytes.store(more | offset, at: IPv4Field.flagsAndFragmentOffset)
        bytes.storeChecksum(at: IPv4Field.checksum, over: 0..<header)
        let data = part.data.lowerBound + headerByteCount..<part.data.upperBound + headerByteCount
        bytes.store(network.extracting(data), at: header)
        return byteCount
    }

    /// The options whose copied flag is set (RFC 791 §3.1).
    private static func copiedOptions(_ options: RawSpan) -> [UInt8] {
        var copied: [UInt8] = []
        var offset = 0
        while offset < options.byteCount {
            let type = options.octet(at: offset)
            guard type != 0 else { break }
            guard type != 1 else {
                offset += 1
                continue
            }
            guard offset + 1 < options.byteCount else { break }
            let byteCount = Int(options.octet(at: offset + 1))
            guard byteCount >= 2, offset + byteCount <= options.byteCount else { break }
            if type & 0x80 != 0 { copied += (offset..<offset + byteCount).map { options.octet(at: $0) } }
            offset += byteCount
        }
        while copied.count % 4 != 0 { copied.append(0) }
        return copied
    }
}
