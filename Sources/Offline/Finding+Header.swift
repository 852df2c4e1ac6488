import Exchange
import Packets
import TableCompiler
import Tables
import Wire

/// What can be wrong with an IP header, and with a packet's TTL and length.
extension Narrator {
    /// Where the last header that was looked at begins in the packet, as far as that can be told.
    private var headerBytes: ArraySlice<UInt8> {
        let link = FrameSummary.linkHeaderByteCount(run.packet, isEthernet: port.isEthernet) ?? 0
        if trail.datagramChecksum != nil {
            let packet = Array(run.packet[link...])
            let stack = MPLSInUDP.stackOffset(in: packet.span.bytes) ?? packet.count
            return run.packet[min(link + stack + 4 * trail.labelCount, run.packet.count)...]
        }
        var offset = link + 4 * trail.labelCount
        if trail.transitLabel != nil { offset += 4 }
        if trail.tunnel != nil, trail.headers.count == 1, offset < run.packet.count {
            offset +=
                run.packet[offset] >> 4 == 6
                ? trail.outerByteCount ?? IPv6Field.byteCount : Int(run.packet[offset] & 0xf) * 4
        }
        return run.packet[min(offset, run.packet.count)...]
    }

    func headerFinding(_ reason: DropReason) -> Finding {
        switch reason {
        case .ttlExpired: return ttlExpired
        case .notUnicast: return notUnicast
        case .tooBig: return tooBig
        case .truncatedTransport:
            let name = trail.transport.map { Words.protocol($0.protocol) }
            return Finding(
                name.map {
                    "A rule must read the ports or the ICMP type, and the packet ends before those of its \($0) header."
                }
                    ?? "The chain of IPv6 extension headers is broken, or too long to follow.")
        default: return lengthFinding(reason)
        }
    }

    private func lengthFinding(_ reason: DropReason) -> Finding {
        let header = Array(headerBytes)
        let count = header.count
        func word(_ offset: Int) -> Int { Int(header[offset]) << 8 | Int(header[offset + 1]) }
        switch reason {
        case .badIPVersion where count > 0:
            return Finding(
                "\(announcedVersion) is due here, and the header says that it is version \(header[0] >> 4).",
                remedy: ethernetHint)
        case .truncatedIPv4 where count >= 20:
            return Finding(
                "The header says that it has \(Int(header[0] & 0xf) * 4) bytes, and \(count) are left.")
        case .truncatedIPv4:
            return Finding("An IPv4 header has 20 bytes at least, and what is left is \(Words.bytes(count)).")
        case .truncatedIPv6:
            return Finding("An IPv6 header has 40 bytes, and what is left is \(Words.bytes(count)).")
        case .badIPv4HeaderLength where count > 0:
            return Finding("The header says that it has \(Int(header[0] & 0xf) * 4) bytes; the least is 20.")
        case .badIPv4TotalLength where count >= 20:
            return Finding(
                "The header says that the packet has \(Words.bytes(word(2))); the header alone has "
                    + "\(Int(header[0] & 0xf) * 4), and \(count) arrived.")
        case .badIPv4Checksum where count >= 20: return badChecksum(header)
        case .badIPv6PayloadLength where count >= 40:
            return Finding(
                "The header says that \(Words.bytes(word(4))) follow it, and \(count - 40) arrived.")
        default: return Finding(reason.explanation)
        }
    }

    /// What stands before the header says which version it has.
    private var announcedVersion: String {
        if trail.tunnel != nil, trail.datagramChecksum == nil, let outer = trail.headers.first {
            if outer.protocol == .ipv4 { return "IPv4" }
            return outer.protocol == .ipv6 ? "IPv6" : "what the outer header announces"
        }
        guard trail.datagramChecksum == nil, let etherType = trail.ethernet?.etherType, etherType != .mpls
        else { return "IPv4 or IPv6" }
        return Words.etherType(etherType)
    }

    private func badChecksum(_ header: [UInt8]) -> Finding {
        var bytes = Array(header.prefix(Int(header[0] & 0xf) * 4))
        let found = Hex.text(bytes[10...11])
        (bytes[10], bytes[11]) = (0, 0)
        let field = InternetChecksum.field(InternetChecksum.sum(bytes.span.bytes)).bigEndian
        let right = Hex.text([UInt8(field >> 8), UInt8(field & 0xff)])
        return Finding("The checksum field is 0x\(found); over this header it would be 0x\(right).")
    }

    /// An Ethernet frame where a bare IP packet is due.
    private var ethernetHint: String? {
        guard !port.isEthernet, run.packet.count > 14,
            [0x0800, 0x86dd, 0x8847, 0x0806].contains(Int(run.packet[12]) << 8 | Int(run.packet[13]))
        else { return nil }
        return
            "These bytes look like an Ethernet frame, and \(port.name) takes bare IP packets: leave out the first 14."
    }

    private var ttlExpired: Finding {
        if let label = trail.topmostLabel, label.ttl <= 1 {
            return Finding(
                "Label \(label.label) came with TTL \(label.ttl): a router takes one off, and none is left to go on "
                    + "with.",
                remedy: "Send it with a TTL of 2 at least.")
        }
        guard let header = trail.headers.last else { return Finding(DropReason.ttlExpired.explanation) }
        let name = Words.timeToLive(header.source)
        return Finding(
            "The packet came with \(name) \(header.timeToLive): a router takes one off, and none is left to go on "
                + "with.",
            remedy: "Send it with a \(name) of 2 at least.")
    }

    private var notUnicast: Finding {
        if let ethernet = trail.ethernet, ethernet.destination.isGroup {
            return Finding(
                "The frame is addressed to the group \(ethernet.destination); of such frames only ARP and IPv6 "
                    + "neighbour discovery concern an edge.", remedy: bareIPHint)
        }
        guard let destination = trail.headers.last?.destination else {
            return Finding(DropReason.notUnicast.explanation)
        }
        return Finding(
            "\(destination) is no address that a router forwards to: multicast, broadcast, link-local, loopback or "
                + "unspecified; and none of this node's.")
    }

    private var tooBig: Finding {
        if let transit = trail.transitLabel { return tooBigForLabels(transit.nhlfe) }
        guard let index = conversionIndex, let header = trail.headers.last, let limit = maximumInnerByteCount
        else {
            return Finding(DropReason.tooBig.explanation)
        }
        let leg = leavingLeg(index)
        var why = "The packet has \(header.byteCount) bytes, and \(spelling(leg)) takes \(limit)"
        var remedy = "Send at most \(limit) bytes"
        if let tunnel = tunnel(of: leg), let line = line(of: tunnel) {
            let overhead = tunnel.encapsulation.overheadByteCount
            why += " (\(line.mtu) on line \(line.name), less \(overhead) that the tunnel adds)"
            remedy +=
                ", or write `mtu: \(header.byteCount + overhead)` into line \(line.name) if it takes that"
        } else if case .plain(let name, _) = leg {
            remedy += ", or write `mtu: \(header.byteCount)` into port \(name) if its link takes that"
        }
        if trail.punt == .fragment {
            why += "; it can't be split into fragments that fit"
        } else {
            why += header.source.version == .v4 ? "; DF forbids fragments" : "; routers don't fragment IPv6"
        }
        return Finding(why + ".", remedy: remedy + ".")
    }

    private func tooBigForLabels(_ nhlfe: NHLFEIndex) -> Finding {
        guard let entry = names.labelObjects[names.binding(nhlfe).in] else {
            preconditionFailure("a transit label that isn't in the tables")
        }
        let link = FrameSummary.linkHeaderByteCount(run.packet, isEthernet: port.isEthernet) ?? 0
        let byteCount = run.packet.count - link - 4 + 4 * entry.labels.count
        return Finding(
            "With its new labels the packet would have \(byteCount) bytes, and the line takes \(entry.mtu); what "
                + "stands below them is no IPv4 packet that may be fragmented (RFC 3032 §3.4).",
            remedy: "Send less, or write `mtu: \(byteCount)` into the line if it takes that.")
    }
}
