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
            // An answer to us that we did not ask for makes no new neighbour, as in neighbour discovery; a next hop or
            // neighbour that we have already it may move.
            learn(
                .v4(packet.senderProtocol), packet.senderHardware, frame, arrived,
                isForUs: isForUs && packet.operation == .request)
        }
        if packet.operation == .request, isForUs {
            let reply = ARPPacket(replyTo: packet, at: macAddress(arrived.port))
            originate(port: arrived.port, replyHeader(to: frame, arrived), timestamp: arrived.timestamp) {
                reply.emit(into: &$0, at: $1)
            }
        }
        return nil
    }

    /// Neighbour solicitations and advertisements (RFC 4861 §7.2). Nil: consumed.
    func handleDiscovery(_ frame: RawSpan, _ network: RawSpan, _ arrived: ArrivedFrame) -> DropReason? {
        do throws(WireError) {
            let packet = try IPv6View(network)
            let source = packet.source
            guard !source.isMulticast else { return .spoofedSource }
            if packet.payload.octet(at: 0) == ICMPv6Type.neighbourAdvertisement.rawValue {
                let advertisement = try NeighbourAdvertisement(packet)
                if let mac = advertisement.targetLinkLayerAddress {
                    learn(.v6(advertisement.target), mac, frame, arrived, isForUs: false)
                }
                return nil
            }
            let solicitation = try NeighbourSolicitation(packet)
            guard isOnPort(.v6(solicitation.target), arrived.port) else { return nil }
            // Whoever asks from an address of ours is not to be answered: we would teach the link that we are there.
            guard !isOurs(.v6(source), port: arrived.port) else { return .spoofedSource }
            if let mac = solicitation.sourceLinkLayerAddress {
                learn(.v6(source), mac, frame, arrived, isForUs: true)
            }
            let answer = NeighbourAdvertisement(
                answering: solicitation, from: source, at: macAddress(arrived.port))
            let destination = NeighbourAdvertisement.destination(answering: source)
            var header = replyHeader(to: frame, arrived)
            if destination.isMulticast { header = header.to(MACAddress(multicast: destination), .ipv6) }
            originate(port: arrived.port, header, timestamp: arrived.timestamp) {
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
        let key = NeighbourResolver.Key(port: arrived.port, tags: tags(frame, arrived), address: address)
        // Another worker may have asked what this answers.
        takeNews()
        neighbours.learn(key, mac, tables, isForUs: isForUs, at: arrived.time)
        waiting.release(key)
        tell(.heard(key, mac, isForUs: isForUs, at: arrived.time))
    }

    /// The VLAN ids that a frame came under, packed as in `NeighbourResolver.Key`. A tag with VLAN 0 bears a priority, and
    /// says nothing of the link.
    func tags(_ frame: RawSpan, _ arrived: ArrivedFrame) -> UInt32 {
        var tags: UInt32 = 0
        for offset in stride(from: EthernetField.byteCount, to: arrived.networkOffset, by: 4) {
            let tag = UInt32(frame.uint16(at: offset) & 0xfff)
            if tag != 0 { tags = tags << 16 | tag }
        }
        return tags
    }

    /// Whom a packet waits for that the second pass has punted as `.resolve`: the adjacency's next hop, or the packet's
    /// own destination. Nil where nobody can be asked.
    func nextHop(_ vector: PacketVector, _ index: Int) -> NeighbourResolver.Key? {
        let adjacency = tables.adjacencies[Int(vector[index].adjacency)]
        let frame = unsafe RawSpan(_unsafeBytes: UnsafeRawBufferPointer(vector.frame(index)))
        let network = frame.extracting(droppingFirst: Int(vector[index].networkOffset))
        guard let address = adjacency.nextHop ?? destination(of: network) else { return nil }
        return NeighbourResolver.Key(adjacency, address)
    }

    /// Whether the next hop that a packet has been punted for is known by now.
    func isKnown(_ nextHop: NeighbourResolver.Key, _ packet: Packet) -> Bool {
        switch tables.adjacencies[Int(packet.adjacency)].state {
        case .direct, .resolved: return true
        case .incomplete: return false
        case .onLink:
            let link = AdjacencyIndex(rawValue: packet.adjacency)
            return tables.hasNeighbour(nextHop.address, onLink: link)
        }
    }

    /// Asks for a next hop, or for a neighbour on a link, at most once a second.
    func ask(for nextHop: NeighbourResolver.Key, _ packet: Packet) {
        ask(nextHop, tables.adjacencies[Int(packet.adjacency)], packet.timestamp)
    }

    /// What is due each second of a live run: asks for neighbours (next hops before their first packet, and all others
    /// from time to time), announces our own addresses, forgets old path MTUs.
    /// - Parameter isUp: by port. Behind the others nobody can be asked.
    func confirmNeighbours(at timestamp: UInt64, isUp: [Bool]) {
        let room = originated.capacity - originated.count
        for index in neighbours.due(tables, at: time(timestamp), limit: room) {
            let adjacency = tables.adjacencies[Int(index.rawValue)]
            guard isUp[Int(adjacency.port)], let address = adjacency.nextHop else { continue }
            ask(NeighbourResolver.Key(adjacency, address), adjacency, timestamp)
        }
        // One worker speaks for all.
        if number == 0 { announce(at: timestamp, isUp: isUp) }
        pathMTUs.age(tables, at: time(timestamp))
    }

    /// Broadcasts a question, at most one a second for an address.
    func ask(_ key: NeighbourResolver.Key, _ adjacency: Adjacency, _ timestamp: UInt64) {
        guard neighbours.mayAsk(key, isKnown: adjacency.nextHop != nil, at: time(timestamp)) else { return }
        tell(.asked(key, at: time(timestamp)))
        let port = key.port
        if adjacency.tags.isEmpty, neighbours.resolvedByKernel.contains(port) {
            return askKernel(port, key.address)
        }
        let header = LinkHeader(adjacency)
        switch key.address {
        case .v4(let target):
            var source = sourceIPv4(port: port) ?? IPv4Address(rawValue: 0)
            if case .v4(let own) = own(near: key.address, port: port) { source = own }
            let request = ARPPacket(requestFor: target, from: source, at: adjacency.source)
            originate(port: port, header.to(.broadcast, .arp), timestamp: timestamp) {
                request.emit(into: &$0, at: $1)
            }
        case .v6(let target):
            var source = IPv6Address(linkLocalFor: adjacency.source)
            if case .v6(let own) = own(near: key.address, port: port) { source = own }
            let solicitation = NeighbourSolicitation(target: target, sourceLinkLayerAddress: adjacency.source)
            let group = MACAddress(multicast: target.solicitedNode)
            originate(port: port, header.to(group, .ipv6), timestamp: timestamp) {
                solicitation.emit(from: source, into: &$0, at: $1)
            }
        }
    }

    /// The port's own address on the link of a neighbour, else its first of that version: who is asked from another may not
    /// answer (Linux with `arp_ignore`), or take the question for a stranger's (CVE-2008-2476).
    private func own(near neighbour: IPAddress, port: Int) -> IPAddress? {
        guard let settings = tables.publication.ports[port] else { return nil }
        var first: IPAddress?
        for (address, link) in zip(settings.addresses, settings.links)
        where address.version == neighbour.version {
            if link.contains(neighbour) { return address }
            first = first ?? address
        }
        return first
    }

    private func destination(of network: RawSpan) -> IPAddress? {
        guard network.byteCount >= IPv4Field.minimumByteCount else { return nil }
        if network.octet(at: 0) >> 4 == 4 { return .v4(network.ipv4Address(at: IPv4Field.destination)) }
        guard network.byteCount >= IPv6Field.byteCount else { return nil }
        return .v6(network.ipv6Address(at: IPv6Field.destination))
    }
}
