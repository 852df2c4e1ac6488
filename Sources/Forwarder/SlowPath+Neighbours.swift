import Packets
import Tables
import Wire

extension SlowPath {
    /// ARP (RFC 826): learns the sender, answers for our own addresses. Nil: consumed, which every sound ARP packet is.
    func handleARP(_ frame: RawSpan, _ arrived: ArrivedFrame) -> DropReason? {
        let packet: ARPPacket
        do throws(WireError) {
            packet = ARPPacket(try ARPView(frame.extracting(droppingFirst: arrived.networkOffset)))
        } catch {
            return .malformedARP
        }
        let isForUs = isOnPort(.v4(packet.targetProtocol), arrived.port)
        if !isOurs(.v4(packet.senderProtocol), port: arrived.port), packet.senderProtocol.rawValue != 0 {
            // An answer to us that we did not ask for teaches nothing, as in neighbour discovery.
            learn(
                .v4(packet.senderProtocol), packet.senderHardware, frame, arrived,
                isForUs: isForUs && packet.operation == .request)
        }
        if packet.operation == .request, isForUs {
            let reply = ARPPacket(replyTo: packet, at: macAddress(arrived.port))
            originate(
                port: arrived.port, linkHeader: replyHeader(to: frame, arrived, etherType: .arp),
                timestamp: arrived.timestamp
            ) { reply.emit(into: &$0, at: $1) }
        }
        return nil
    }

    /// Neighbour solicitations and advertisements (RFC 4861 §7.2). Nil: consumed.
    func handleDiscovery(_ frame: RawSpan, _ network: RawSpan, _ arrived: ArrivedFrame) -> DropReason? {
        do throws(WireError) {
            let packet = try IPv6View(network)
            let source = packet.source
            if packet.payload.octet(at: 0) == ICMPv6Type.neighbourAdvertisement.rawValue {
                let advertisement = try NeighbourAdvertisement(packet)
                if let mac = advertisement.targetLinkLayerAddress {
                    learn(.v6(advertisement.target), mac, frame, arrived, isForUs: false)
                }
                return nil
            }
            let solicitation = try NeighbourSolicitation(packet)
            guard isOnPort(.v6(solicitation.target), arrived.port) else { return nil }
            if let mac = solicitation.sourceLinkLayerAddress {
                learn(.v6(source), mac, frame, arrived, isForUs: true)
            }
            let answer = NeighbourAdvertisement(
                answering: solicitation, from: source, at: macAddress(arrived.port))
            let destination = NeighbourAdvertisement.destination(answering: source)
            var header = replyHeader(to: frame, arrived)
            if destination.isMulticast {
                header.replaceSubrange(0..<6, with: MACAddress(multicast: destination).octets)
            }
            originate(port: arrived.port, linkHeader: header, timestamp: arrived.timestamp) {
                answer.emit(from: solicitation.target, to: destination, into: &$0, at: $1)
            }
            return nil
        } catch {
            return .malformedNeighbourDiscovery
        }
    }

    private func learn(
        _ address: IPAddress, _ mac: MACAddress, _ frame: RawSpan, _ arrived: ArrivedFrame, isForUs: Bool
    ) {
        guard !mac.isGroup else { return }
        let tags = stride(from: 14, to: arrived.networkOffset, by: 4).map { frame.uint16(at: $0) & 0xfff }
        neighbours.learn(
            NeighbourResolver.Key(port: arrived.port, tags: tags.filter { $0 != 0 }, address: address), mac,
            tables, isForUs: isForUs, at: arrived.timestamp)
    }

    /// Asks for the MAC address of an adjacency's next hop, or of the packet's own destination, at most once a second.
    func resolve(_ index: AdjacencyIndex, _ network: RawSpan, _ timestamp: UInt64) {
        let adjacency = tables.adjacencies[Int(index.rawValue)]
        guard let address = adjacency.nextHop ?? destination(of: network) else { return }
        ask(for: address, adjacency, timestamp)
    }

    /// Asks for the neighbours that are due: next hops before their first packet, and all others from time to time.
    /// - Parameter isUp: by port. Behind the others nobody can be asked.
    func confirmNeighbours(at timestamp: UInt64, isUp: [Bool]) {
        for index in neighbours.due(tables, at: timestamp, limit: originated.capacity - originated.count) {
            let adjacency = tables.adjacencies[Int(index.rawValue)]
            guard isUp[Int(adjacency.port)], let address = adjacency.nextHop else { continue }
            ask(for: address, adjacency, timestamp)
        }
    }

    /// Broadcasts a question, at most one a second for an address.
    private func ask(for address: IPAddress, _ adjacency: Adjacency, _ timestamp: UInt64) {
        let port = Int(adjacency.port)
        let key = NeighbourResolver.Key(port: port, tags: adjacency.tags, address: address)
        guard neighbours.mayAsk(key, at: timestamp) else { return }
        var header = adjacency.headerBytes
        switch address {
        case .v4(let target):
            self.address(&header, to: .broadcast, .arp)
            let request = ARPPacket(
                requestFor: target, from: sourceIPv4(port: port) ?? IPv4Address(rawValue: 0),
                at: adjacency.source)
            originate(port: port, linkHeader: header, timestamp: timestamp) {
                request.emit(into: &$0, at: $1)
            }
        case .v6(let target):
            self.address(&header, to: MACAddress(multicast: target.solicitedNode), .ipv6)
            let source = onLinkIPv6(port: port) ?? IPv6Address(linkLocalFor: adjacency.source)
            let solicitation = NeighbourSolicitation(target: target, sourceLinkLayerAddress: adjacency.source)
            originate(port: port, linkHeader: header, timestamp: timestamp) {
                solicitation.emit(from: source, into: &$0, at: $1)
            }
        }
    }

    private func address(_ header: inout [UInt8], to mac: MACAddress, _ etherType: EtherType) {
        header.replaceSubrange(0..<6, with: mac.octets)
        header.replaceSubrange(
            (header.count - 2)..., with: [UInt8(etherType.rawValue >> 8), UInt8(etherType.rawValue & 0xff)])
    }

    private func onLinkIPv6(port: Int) -> IPv6Address? {
        for address in addresses[port] { if case .v6(let address) = address { return address } }
        return nil
    }

    private func destination(of network: RawSpan) -> IPAddress? {
        guard network.byteCount >= IPv4Field.minimumByteCount else { return nil }
        if network.octet(at: 0) >> 4 == 4 { return .v4(network.ipv4Address(at: IPv4Field.destination)) }
        guard network.byteCount >= IPv6Field.byteCount else { return nil }
        return .v6(network.ipv6Address(at: IPv6Field.destination))
    }
}
