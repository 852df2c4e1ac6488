import Exchange
import TableCompiler
import Tables
import Wire

/// What was put before the packet, and where it leaves: read from the frame that left.
extension Narrator {
    /// The network packet of the first frame, whatever it begins with.
    private var converted: [UInt8]? {
        guard let frame = run.frames.first,
            let offset = FrameSummary.linkHeaderByteCount(
                frame.bytes, isEthernet: exchange.ports[frame.port].isEthernet)
        else { return nil }
        return Array(frame.bytes[offset...])
    }

    func conversion(_ index: ConversionIndex) -> Explanation.Line? {
        guard let packet = converted else { return nil }
        let text: String
        switch way(index).push {
        case .nothing: text = "bare IP, " + timeToLive(packet)
        case .labels(let labels, _): text = pushed(packet, labels.count, tunnel(of: leavingLeg(index)))
        case .outer: text = outerHeader(packet, tunnel(of: leavingLeg(index)))
        case .datagram: text = datagram(packet, tunnel(of: leavingLeg(index)))
        }
        return Explanation.Line(subject: "conversion", text: text)
    }

    private func timeToLive(_ packet: [UInt8]) -> String {
        let isIPv4 = packet.first.map { $0 >> 4 == 4 } ?? true
        let field = isIPv4 ? IPv4Field.ttl : IPv6Field.hopLimit
        guard packet.count > field else { return "cut short" }
        return "\(isIPv4 ? "TTL" : "hop limit") \(packet[field])"
    }

    /// Path labels, the top one first, and the user label.
    private func pushed(_ packet: [UInt8], _ count: Int, _ tunnel: Tunnel?) -> String {
        let stack = entries(packet, count)
        guard let tunnel, let top = stack.first, let user = stack.last else { return "" }
        let sent = "TTL \(top.ttl), TC \(top.trafficClass)"
        let path = stack.dropLast().map { "\($0.label)" }.joined(separator: ", ")
        if stack.count == 1 {
            return "push \(top.label) (user) alone: tunnel \(tunnel.name) is `null: implicit`; \(sent)"
        }
        let meaning =
            top.label.isExplicitNull
            ? "explicit null, tunnel \(tunnel.name)" : "path of tunnel \(tunnel.name)"
        return "push \(path) (\(meaning)) and \(user.label) (user), \(sent)"
    }

    private func outerHeader(_ packet: [UInt8], _ tunnel: Tunnel?) -> String {
        let name = "(tunnel \(tunnel?.name ?? ""))"
        do throws(WireError) {
            guard packet.first.map({ $0 >> 4 }) == 4 else {
                let outer = try IPv6View(packet.span.bytes)
                return
                    "into IPv6 \(outer.source) → \(outer.destination) \(name), hop limit \(outer.hopLimit), DSCP "
                    + "\(outer.dscp), \(Words.congestion(outer.ecn.rawValue))"
            }
            let outer = try IPv4View(packet.span.bytes)
            let df = outer.dontFragment ? "DF set" : "DF clear"
            return
                "into IPv4 \(outer.source) → \(outer.destination) \(name), TTL \(outer.ttl), "
                + "DSCP \(outer.dscp), \(Words.congestion(outer.ecn.rawValue)), \(df)"
        } catch {
            return "\(error)"
        }
    }

    /// Labels in UDP in the outer header.
    private func datagram(_ packet: [UInt8], _ tunnel: Tunnel?) -> String {
        let bytes = packet.span.bytes
        guard let offset = MPLSInUDP.stackOffset(in: bytes) else { return "into UDP that is cut short" }
        let overhead = tunnel?.encapsulation.overheadByteCount ?? 0
        let count = (overhead - offset) / LabelStackEntry.byteCount
        let stack = entries(Array(packet[offset...]), count)
        let udp = offset - UDPField.byteCount
        let checksum = bytes.uint16(at: udp + UDPField.checksum)
        let labels = stack.map { "\($0.label)" }
        let sent = stack.first.map { "TTL \($0.ttl), TC \($0.trafficClass)" } ?? ""
        return "push \(Words.list(labels)), \(sent), into UDP \(bytes.uint16(at: udp)) → \(MPLSInUDP.port), "
            + (checksum == 0 ? "no checksum, " : "checksum \(Words.checksum(checksum)), ")
            + outerHeader(packet, tunnel)
    }

    func relabelling(_ index: NHLFEIndex) -> Explanation.Line? {
        guard let packet = converted, let incoming = trail.transitLabel?.entry else { return nil }
        let binding = names.binding(index)
        let count = names.labelObjects[binding.in]?.labels.count ?? 0
        let stack = entries(packet, count)
        let labels = Words.list(stack.map { "\($0.label)" })
        let sent = stack.first.map { "TTL \($0.ttl), TC \($0.trafficClass)" } ?? ""
        var into = ""
        if case .tunnel(let name) = binding.via { into = " (tunnel \(name))" }
        let text: String
        switch binding.operation {
        case .swap: text = "swap \(incoming.label) for \(labels)\(into), \(sent)"
        case .pop where count > 0: text = "pop \(incoming.label) and push \(labels)\(into), \(sent)"
        case .pop:
            text =
                incoming.isBottomOfStack
                ? "pop \(incoming.label), which leaves bare IP"
                : "pop \(incoming.label), which exposes the next label"
        }
        return Explanation.Line(subject: "conversion", text: text)
    }

    private func entries(_ packet: [UInt8], _ count: Int) -> [LabelStackEntry] {
        (0..<count).filter { 4 * $0 + 4 <= packet.count }.map {
            LabelStackEntry(rawValue: packet.span.bytes.uint32(at: 4 * $0))
        }
    }

    /// The output port, the line, the next hop and the length.
    var leaving: Explanation.Line? {
        guard let first = run.frames.first, let adjacency = run.adjacency else { return nil }
        let port = exchange.ports[first.port]
        var text = port.name
        if let line = leavingLine { text += " over line \(line)" }
        if adjacency.state == .direct {
            text += " (\(medium(port)))"
        } else if let assumed = run.assumedNeighbour {
            text += ", next hop \(assumed), which isn't among the file's neighbours: assumed to answer"
        } else if let nextHop = adjacency.nextHop {
            text += ", next hop \(nextHop) (\(adjacency.destination))"
        }
        if adjacency.tags != [] {
            text += ", VLAN \(adjacency.tags.map { "\($0)" }.joined(separator: ", inside it "))"
        }
        let lengths = run.frames.map { "\($0.bytes.count)" }
        text +=
            lengths.count == 1
            ? ", \(lengths[0]) bytes" : ", \(lengths.count) frames of \(Words.list(lengths)) bytes"
        return Explanation.Line(subject: "leaves", text: text)
    }

    private var leavingLine: String? {
        if let transit = trail.transitLabel {
            switch names.binding(transit.nhlfe).via {
            case .line(let name): return name
            case .tunnel(let name): return tunnel(name)?.line
            }
        }
        return conversionIndex.flatMap { tunnel(of: leavingLeg($0)) }?.line
    }
}
