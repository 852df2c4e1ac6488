import Testbed

/// Some flows of TCP and UDP as they pass a node: mostly full packets in sequence, and now and then everything that can
/// happen to one.
struct FlowStream {
    /// The next packet of each, if nothing happens.
    private var flows: [FlowPacket]
    private let segmentByteCount: Int

    init(_ random: inout SeededGenerator) {
        let segmentByteCount = random.number(1...1400)
        self.segmentByteCount = segmentByteCount
        flows = (0..<random.number(1...6)).map { number in
            var packet = FlowPacket()
            packet.source = random.once(in: 3) ? "2001:db8::\(number + 1)" : "192.0.2.\(number + 1)"
            if packet.source.contains(":") { packet.destination = "2001:db8:a::2" }
            if random.once(in: 3) { packet.transport = .udp(ports: (4000, 5000)) }
            packet.fragmentation = random.once(in: 2) ? 0x4000 : 0
            packet.identification = random.element([0, 0xfff0, 77])
            packet.trafficClass = random.element([0, 1, 2, 0x28])
            packet.payload = random.octets(segmentByteCount)
            return packet
        }
    }

    /// At most so many packets as leave a node, some of them lost, doubled or put out of order.
    mutating func packets(_ count: Int, _ random: inout SeededGenerator) -> [FlowPacket] {
        var packets: [FlowPacket] = []
        for _ in 0..<count {
            let number = random.number(0...flows.count - 1)
            var packet = flows[number]
            if random.once(in: 8) { happen(to: &packet, &random) }
            // An identification that stays, as some senders write it with DF.
            let isFixed = packet.fragmentation == 0x4000 && number % 2 == 0
            var next = packet.next(payload: random.octets(segmentByteCount))
            if isFixed { next.identification = packet.identification }
            next.hasGoodChecksum = true
            next.hasGoodHeaderChecksum = true
            next.fragmentation &= 0x4000
            next.ipOptions = []
            if case .tcp = next.transport { next.tcp.flags = 0x10 }
            flows[number] = next
            if random.once(in: 40) { continue }
            packets.append(packet)
            if random.once(in: 40), packets.count < count { packets.append(packet) }
            if random.once(in: 40), packets.count > 1 { packets.swapAt(packets.count - 1, packets.count - 2) }
        }
        return Array(packets.prefix(count))
    }

    private func happen(to packet: inout FlowPacket, _ random: inout SeededGenerator) {
        switch random.number(0...9) {
        case 0: packet.payload = random.octets(random.number(1...segmentByteCount))
        case 1: packet.hasGoodChecksum = false
        case 2: packet.hasGoodHeaderChecksum = false
        case 3: packet.trafficClass ^= 3
        case 4: packet.ttl -= 1
        case 5: packet.identification &+= 5
        case 6: packet.fragmentation |= 0x2000
        case 7 where packet.source.contains("."): packet.ipOptions = [1, 1, 1, 0]
        default: changeTCP(of: &packet, &random)
        }
    }

    private func changeTCP(of packet: inout FlowPacket, _ random: inout SeededGenerator) {
        guard case .tcp = packet.transport else { return }
        switch random.number(0...6) {
        case 0: packet.tcp.flags |= 0x08
        case 1: packet.tcp.flags |= 0x01
        case 2: packet.tcp.flags |= random.element([0x80, 0x40, 0xc0, 0x20, 0x04, 0x02])
        case 3: packet.tcp.acknowledgement &+= 1
        case 4: packet.tcp.window &+= 1
        case 5: packet.tcp.options[7] &+= 1
        default: packet.payload = []
        }
    }
}
