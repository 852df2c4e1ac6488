import Packets
import Ports

/// The worker's side of a tap: what it keeps of the vector that it is at.
final class Seat {
    let tap: Tap
    /// Packets that are still wanted.
    private var left: UInt64
    /// Of the received packets in the ring: index and position.
    private var received: [(index: Int, position: UInt64)] = []
    /// Whether something is in the ring that stays there whatever becomes of the vector.
    private var mustCommit = false
    private let capture: CaptureRequest?
    private let trace: TraceRequest?

    init(_ tap: Tap) {
        self.tap = tap
        left = tap.wanted
        switch tap.purpose {
        case .capture(let request): (capture, trace) = (request, nil)
        case .trace(let request): (capture, trace) = (nil, request)
        }
    }

    // MARK: Capture

    var takesSent: Bool { capture?.takesSent ?? false }

    func begin(_ vector: PacketVector, _ port: UInt16, _ link: LinkType) {
        guard let capture, capture.takesReceived || capture.takesDropped, !tap.isDone else { return }
        for index in 0..<vector.count {
            let frame = UnsafeRawBufferPointer(vector.frame(index))
            guard capture.takesDropped && !capture.takesReceived || left > 0 else { break }
            guard tap.passes(frame, port: port, link: link) else { continue }
            var header = RecordHeader(kind: .packet)
            header.link = link.rawValue
            header.port = port
            header.frameByteCount = UInt32(frame.count)
            header.timestamp = vector[index].timestamp
            guard let position = append(header, frame, capture) else { continue }
            received.append((index, position))
            if capture.takesReceived { takeOne() }
        }
    }

    /// Takes a packet that has left.
    func takeSent(
        _ frame: UnsafeRawBufferPointer, _ counter: UInt32, _ port: UInt16, _ link: LinkType, _ time: UInt64
    ) {
        var header = RecordHeader(kind: .packet)
        header.role = .sent
        header.port = port
        header.counter = counter
        take(frame, header, link, time)
    }

    /// Takes a fragment that could not be sent.
    func takeLost(
        _ frame: UnsafeRawBufferPointer, _ fragment: Packet, _ link: LinkType, _ time: UInt64
    ) {
        guard let capture, capture.takesDropped else { return }
        var header = RecordHeader(kind: .packet)
        header.role = .dropped
        header.reason = fragment.dropReason.rawValue
        header.port = fragment.egress.rawValue
        header.counter = fragment.counter
        take(frame, header, link, time)
    }

    /// Takes what leaves, or should have, if it is wanted: by the port in its header.
    private func take(
        _ frame: UnsafeRawBufferPointer, _ header: RecordHeader, _ link: LinkType, _ time: UInt64
    ) {
        guard let capture, left > 0, !tap.isDone, tap.passes(frame, port: header.port, link: link) else {
            return
        }
        var header = header
        header.link = link.rawValue
        header.frameByteCount = UInt32(frame.count)
        header.timestamp = time
        guard append(header, frame, capture) != nil else { return }
        takeOne()
    }

    func end(_ vector: PacketVector) {
        guard let capture else { return }
        for (index, position) in received {
            let packet = vector[index]
            let isDropped = packet.disposition == .dropped
            if isDropped, capture.takesDropped, !capture.takesReceived, left > 0 {
                takeOne()
            } else if !capture.takesReceived {
                tap.ring.update(position) { $0.kind = .void }
                continue
            }
            tap.ring.update(position) { header in
                header.counter = packet.counter
                guard isDropped, capture.takesDropped else { return }
                header.role = .dropped
                header.reason = packet.dropReason.rawValue
            }
        }
        received.removeAll(keepingCapacity: true)
        if mustCommit { settle() } else { tap.ring.rollBack() }
        mustCommit = false
    }

    private func append(
        _ header: RecordHeader, _ frame: UnsafeRawBufferPointer, _ capture: CaptureRequest
    ) -> UInt64? {
        let kept = min(frame.count, Int(capture.snapshotByteCount))
        return tap.ring.append(header, UnsafeRawBufferPointer(rebasing: frame[..<kept]))
    }

    private func takeOne() {
        mustCommit = true
        if left != .max { left -= 1 }
    }

    private func settle() {
        tap.ring.commit()
        tap.settle(left)
    }

    // MARK: Trace

    /// The most that a followed packet is expected to take in the ring.
    private static let traceByteCount = 256 << 10

    func wantsTrace(_ frame: UnsafeRawBufferPointer, _ port: UInt16, _ link: LinkType) -> Bool {
        trace != nil && left > 0 && !tap.isDone && tap.passes(frame, port: port, link: link)
            && tap.ring.hasRoom(for: Self.traceByteCount)
    }

    func take(_ packet: TracedPacket) {
        // With several taps a packet may have been followed for another one.
        guard let trace, left > 0, trace.admits(packet), !tap.isDone,
            packet.frame.withUnsafeBytes({ tap.passes($0, port: packet.port, link: packet.link) })
        else { return }
        let isTaken = packet.bytes.withUnsafeBytes { tap.ring.append(RecordHeader(kind: .traced), $0) != nil }
        guard isTaken else { return }
        if left != .max { left -= 1 }
        settle()
    }
}

extension TraceRequest {
    /// Whether what became of the packet is what is looked for.
    func admits(_ packet: TracedPacket) -> Bool {
        if let reason, packet.outcome != .dropped(reason) { return false }
        if let sessions, !packet.sessionSlots.contains(where: sessions.contains) { return false }
        guard let subscriber else { return true }
        return packet.subscriberSlots.contains(subscriber.slot)
            || packet.sessionSlots.contains(where: subscriber.sessions.contains)
    }
}

extension TracedPacket {
    /// The counter slots of the sessions that were found for it.
    var sessionSlots: [UInt32] {
        var slots = conversion.map { [$0.session.rawValue] } ?? []
        for step in steps {
            switch step {
            case .session(let conversion), .userLabel(_, let conversion), .path(let conversion, _),
                .related(let conversion, _), .converted(let conversion):
                slots.append(conversion.session.rawValue)
            case .ethernet, .ipv4, .ipv6, .pathLabel, .transitLabel, .explicitNull, .unboundLabel,
                .outerExtensionHeaders, .datagram, .tunnel, .subscriber, .service, .noSession, .hairpin,
                .congestion,
                .transport, .servicePort, .messageType, .codePoint, .noRuleAdmits, .ruleAdmits,
                .everythingAdmitted, .quotedIPv4, .quotedIPv6, .timeToLiveHandedOn, .classHandedOn, .policed,
                .remarked, .segmentSizeLowered, .relabelled, .adjacency, .punted, .fragmented,
                .fragmentLost:
                break
            }
        }
        return slots
    }

    /// The subscribers that were found for it.
    fileprivate var subscriberSlots: [UInt32] {
        steps.compactMap { step in
            if case .subscriber(let result) = step, result.isIndex { result.index } else { nil }
        }
    }
}
