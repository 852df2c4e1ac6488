import Testbed
import Wire

extension FuzzTarget {
    /// ARP and neighbour discovery, sound in form and wild in content, beside packets that need a neighbour and time
    /// that passes.
    ///
    /// ```
    /// | event | event | …    event: | kind, 1 | port, 1 | addresses, 1 | piece, as the kind needs one |
    /// ```
    static let neighbours = FuzzTarget(name: "neighbours", byteCountLimit: 1024) { bytes throws(Finding) in
        var input = InputReader(bytes)
        var running = Edge.named("subscriber-edge").start(vectorCapacity: 8)
        while !input.isEmpty {
            let kind = input.octet()
            let port = 1 + Int(input.octet() % 3)
            let (low, high) = input.octet().nibbles
            let frames = NeighbourFrames(port: port)
            switch kind % 8 {
            case 0: running.offer(Datagram.udp("10.1.0.5", "10.0.1.\(128 + Int(low))").bytes, port: 0)
            case 1, 2: running.offer(frames.arp(operation: kind % 8, low, high), port: port)
            case 3:
                running.offer(
                    frames.discovery(135, 0, low, high, options: input.piece(atMost: 64)), port: port)
            case 4:
                running.offer(
                    frames.discovery(136, kind & 0xe0, low, high, options: input.piece(atMost: 64)),
                    port: port)
            case 5:
                running.wait(nanoseconds: UInt64(low) * 1_000_000_000 + UInt64(high) * 10_000_000)
                running.confirmNeighbours()
            case 6:
                running.worker.forgetNeighbours(.init(rawValue: UInt16(port)))
                while running.worker.isForgetting { running.worker.forgetSome() }
            default: try running.serve()
            }
        }
        try running.serve()
        try running.finish()
    } seeds: {
        [
            [0, 2, 0x02, 7, 0, 0, 2, 2, 0x02, 0, 2, 0x02],
            [1, 1, 0x12, 3, 1, 0x12, 0, 8, 1, 1, 2, 0, 0, 0, 0, 9, 7, 0, 0],
            [0xe4, 2, 0x11, 0, 8, 2, 1, 2, 0, 0, 0, 0, 9, 5, 0, 0x1f, 6, 2, 0],
        ]
    }
}

extension UInt8 {
    fileprivate var nibbles: (UInt8, UInt8) { (self & 0xf, self >> 4) }
}

/// Frames that neighbours on a port of the subscribers' edge may send.
private struct NeighbourFrames {
    let port: Int
    private var own: MACAddress { [Edges.accessMAC, Edges.subscriberMAC, Edges.subscriberMAC1][port - 1] }
    private var network: UInt32 { [0x0a02_0000, 0x0a00_0000, 0x0a00_0100][port - 1] }

    init(port: Int) { self.port = port }

    private func station(_ number: UInt8) -> MACAddress {
        switch number {
        case 0: .broadcast
        case 1: own
        default: MACAddress(rawValue: 0x0200_0000_aa00 + UInt64(number))
        }
    }

    func arp(operation: UInt8, _ sender: UInt8, _ target: UInt8) -> [UInt8] {
        let senderAddress = network + UInt32(sender & 7) + UInt32(sender & 8) << 4
        var body: [UInt8] = [0, 1, 8, 0, 6, 4, 0, operation]
        body += station(sender).octets + octets(senderAddress)
        body += station(target).octets + octets(network + UInt32(target))
        return Frame(
            to: operation == 1 ? .broadcast : own, from: station(sender), tags: port == 1 ? [100] : [], .arp,
            body
        ).bytes
    }

    func discovery(_ type: UInt8, _ flags: UInt8, _ sender: UInt8, _ target: UInt8, options: [UInt8])
        -> [UInt8]
    {
        let source = address(sender)
        let destination = address(target & 7)
        var message: [UInt8] = [type, 0, 0, 0, flags, 0, 0, 0]
        message += octets(address(target).high) + octets(address(target).low) + options
        let sum = TransportChecksum.pseudoHeaderSum(
            source: source, destination: destination, protocol: .icmpv6, byteCount: message.count)
        let checksum = message.read {
            TransportChecksum.field(sum &+ InternetChecksum.sum($0), protocol: .icmpv6)
        }
        withUnsafeBytes(of: checksum) { message.replaceSubrange(2..<4, with: $0) }
        var packet = Datagram(.v6(source), .v6(destination), .icmpv6, message)
        packet.ttl = 255
        return Frame(to: own, from: station(sender), packet).bytes
    }

    private func address(_ number: UInt8) -> IPv6Address {
        switch number {
        case 0: IPv6Address(high: 0, low: 0)
        case 1: IPv6Address(high: 0x2001_0db8_00ff_0000, low: 1)
        case 2: IPv6Address(linkLocalFor: own)
        case 3: IPv6Address(high: 0xff02_0000_0000_0000, low: 0x0000_0001_ff00_0001)
        case 4: IPv6Address(high: 0xff02_0000_0000_0000, low: 1)
        default: IPv6Address(high: 0x2001_0db8_00ff_0000, low: UInt64(number))
        }
    }
}
