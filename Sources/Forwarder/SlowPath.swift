import Packets
import Tables
import Wire

/// What is not forwarding: ARP and neighbour discovery, pings to our addresses, ICMP errors, fragmentation.
///
/// It runs on the worker's thread between the loop and the send, so that it needs no locks; what it sends stands in
/// `originated` until the worker takes it. Time is the packets' own, so that a replay behaves as the live run did.
final class SlowPath {
    /// ICMP errors in one second at most (RFC 1812 §4.3.2.8, RFC 4443 §2.4(f)).
    static let errorsPerSecond = 1000

    let tables: WorkerTables
    private(set) var originated: PacketVector
    private(set) var fragments: PacketVector
    var neighbours: NeighbourResolver
    /// Has the kernel find out where a neighbour is, on the ports that `neighbours` names for that.
    var askKernel: (Int, IPAddress) -> Void = { _, _ in }
    /// The node's own, by port.
    var addresses: [[IPAddress]] { tables.publication.addressesByPort }
    private var errorBudget = RateLimit(perSecond: SlowPath.errorsPerSecond)

    init(tables: WorkerTables, slotByteCount: Int) {
        self.tables = tables
        originated = PacketVector(capacity: 64, slotByteCount: slotByteCount)
        fragments = PacketVector(capacity: 256, slotByteCount: slotByteCount)
        neighbours = NeighbourResolver()
    }

    /// Makes room for longer packets. Nothing may be waiting to be sent.
    func makeVectors(slotByteCount: Int) {
        precondition(originated.count == 0)
        originated = PacketVector(capacity: originated.capacity, slotByteCount: slotByteCount)
        fragments = PacketVector(capacity: fragments.capacity, slotByteCount: slotByteCount)
    }

    /// Whether the next packet might not find room for its answer.
    var isFull: Bool { originated.capacity - originated.count < 2 }

    /// Deals with a punted packet: afterwards it is `.consumed` or `.dropped`.
    func handle(_ vector: PacketVector, _ index: Int, from port: PortIndex) {
        let packet = vector[index]
        let frame = unsafe RawSpan(_unsafeBytes: UnsafeRawBufferPointer(vector.frame(index)))
        let arrived = ArrivedFrame(
            port: Int(port.rawValue), networkOffset: Int(packet.networkOffset), timestamp: packet.timestamp)
        let outcome: DropReason?
        switch packet.punt {
        case .arp: outcome = handleARP(frame, arrived)
        case .local: outcome = handleLocal(frame, arrived)
        case .resolve:
            resolve(
                AdjacencyIndex(rawValue: packet.adjacency),
                frame.extracting(droppingFirst: arrived.networkOffset), packet.timestamp)
            outcome = .neighbourUnresolved
        case .ttlExpired:
            report(.timeExceeded, .timeExceeded, frame, arrived)
            outcome = .ttlExpired
        case .tooBig:
            let mtu = unsafe tables.view.conversion(ConversionIndex(rawValue: packet.counter)).pointee
                .maximumInnerByteCount
            report(.fragmentationNeeded(nextHopMTU: mtu), .packetTooBig(mtu: UInt32(mtu)), frame, arrived)
            outcome = .tooBig
        case .labelTTLExpired: outcome = .ttlExpired
        case .labelTooBig: outcome = .tooBig
        case .prohibited: outcome = packet.denial
        case .fragment: preconditionFailure("fragments are the worker's")
        }
        if let outcome { vector[index].drop(outcome) } else { vector[index].disposition = .consumed }
    }

    /// Writes one packet of our own. `write` is given the frame with the link header in place, and where the network
    /// header belongs; it returns the number of network bytes, or nil to send nothing.
    /// - Returns: whether there is something to send.
    @discardableResult
    func originate(
        port: Int, _ linkHeader: LinkHeader, timestamp: UInt64, write: (inout MutableRawSpan, Int) -> Int?
    ) -> Bool {
        guard !originated.isFull else { return false }
        var frame = unsafe MutableRawSpan(_unsafeBytes: originated.nextFrame)
        for (offset, octet) in linkHeader.octets.enumerated() { frame.store(octet, at: offset) }
        let start = linkHeader.octets.count
        guard let byteCount = write(&frame, start) else { return false }
        originated.append(byteCount: start + byteCount, timestamp: timestamp)
        let index = originated.count - 1
        originated[index].disposition = .transmit
        originated[index].egress = PortIndex(rawValue: UInt16(port))
        return true
    }

    func macAddress(_ port: Int) -> MACAddress { tables.view.port(UInt16(port)).macAddress }

    /// The link header that takes an answer of the same ethertype back to whom the frame came from.
    func replyHeader(to frame: RawSpan, _ arrived: ArrivedFrame) -> LinkHeader {
        LinkHeader((0..<arrived.networkOffset).map { frame.octet(at: $0) }).reply(
            from: macAddress(arrived.port))
    }

    // MARK: Packets to us

    /// IP packets to our addresses, and IPv6 neighbour discovery. Nil: consumed.
    private func handleLocal(_ frame: RawSpan, _ arrived: ArrivedFrame) -> DropReason? {
        let network = frame.extracting(droppingFirst: arrived.networkOffset)
        guard network.byteCount > 0 else { return .notServedHere }
        if network.octet(at: 0) >> 4 == 6 { return handleLocalIPv6(frame, network, arrived) }
        guard isAnswerable(.v4(network.ipv4Address(at: IPv4Field.source)), port: arrived.port) else {
            return .spoofedSource
        }
        let wasPing = originate(
            port: arrived.port, replyHeader(to: frame, arrived), timestamp: arrived.timestamp
        ) {
            $0.store(network, at: $1)
            return EchoReply.replyToIPv4(in: &$0, at: $1)
        }
        return wasPing ? nil : .notServedHere
    }

    private func handleLocalIPv6(_ frame: RawSpan, _ network: RawSpan, _ arrived: ArrivedFrame) -> DropReason?
    {
        do throws(WireError) {
            let packet = try IPv6View(network)
            let destination = packet.destination
            if packet.nextHeader == .icmpv6, packet.payload.byteCount > 0 {
                let type = ICMPv6Type(rawValue: packet.payload.octet(at: 0))
                if type == .neighbourSolicitation || type == .neighbourAdvertisement {
                    return handleDiscovery(frame, network, arrived)
                }
            }
            guard isOurs(.v6(destination), port: arrived.port) else { return .notUnicast }
            guard isAnswerable(.v6(packet.source), port: arrived.port) else { return .spoofedSource }
        } catch {
            return .truncatedIPv6
        }
        let wasPing = originate(
            port: arrived.port, replyHeader(to: frame, arrived), timestamp: arrived.timestamp
        ) {
            $0.store(network, at: $1)
            return EchoReply.replyToIPv6(in: &$0, at: $1)
        }
        return wasPing ? nil : .notServedHere
    }

    /// Whether the address is the port's own, or the link-local one that its MAC address makes: what the port says on
    /// its link that it is.
    func isOnPort(_ address: IPAddress, _ port: Int) -> Bool {
        addresses[port].contains(address) || address == .v6(IPv6Address(linkLocalFor: macAddress(port)))
    }

    /// Whether the node answers to the address when a packet comes in by this port: all ports' addresses count
    /// (RFC 1122 §3.3.4.2, weak model).
    func isOurs(_ address: IPAddress, port: Int) -> Bool {
        isOnPort(address, port) || tables.localAddresses.contains { $0.address == address }
    }

    /// Whether somebody else can be at this source address. Link-local ones are answered on their link.
    private func isAnswerable(_ source: IPAddress, port: Int) -> Bool {
        guard !isOurs(source, port: port) else { return false }
        switch source {
        case .v4(let address):
            return address.isLinkLocal || !tables.view.service(of: address).isConfined
        case .v6(let address):
            return address.isLinkLocal || !tables.view.service(of: address).isConfined
        }
    }

    // MARK: Errors

    /// Tells a packet's sender, out of the port it came by, why it went no further.
    private func report(_ v4: ICMPv4Error, _ v6: ICMPv6Error, _ frame: RawSpan, _ arrived: ArrivedFrame) {
        guard errorBudget.allows(at: arrived.timestamp) else { return }
        let network = frame.extracting(droppingFirst: arrived.networkOffset)
        let header = replyHeader(to: frame, arrived)
        if network.octet(at: 0) >> 4 == 4 {
            guard let source = sourceIPv4(port: arrived.port) else { return }
            originate(port: arrived.port, header, timestamp: arrived.timestamp) {
                v4.emit(about: network, from: source, into: &$0, at: $1)
            }
        } else {
            guard let source = sourceIPv6(port: arrived.port) else { return }
            originate(port: arrived.port, header, timestamp: arrived.timestamp) {
                v6.emit(about: network, from: source, into: &$0, at: $1)
            }
        }
    }

    /// The address that we speak from on a port: its own first, else any of the node's (RFC 1812 §4.3.2.4).
    func sourceIPv4(port: Int) -> IPv4Address? {
        for address in addresses[port] + tables.localAddresses.map(\.address) {
            if case .v4(let address) = address { return address }
        }
        return nil
    }
    func sourceIPv6(port: Int) -> IPv6Address? {
        for address in addresses[port] + tables.localAddresses.map(\.address) {
            if case .v6(let address) = address { return address }
        }
        return nil
    }
}

/// Where and when a frame arrived.
struct ArrivedFrame {
    let port: Int
    /// Bytes of its link header.
    let networkOffset: Int
    let timestamp: UInt64
}

/// So many events in each second of the packets' time.
struct RateLimit {
    let perSecond: Int
    private var second: UInt64 = 0
    private var used = 0

    init(perSecond: Int) { self.perSecond = perSecond }

    /// Counts an event at this time, in nanoseconds, and says whether it is within the limit.
    mutating func allows(at timestamp: UInt64) -> Bool {
        let now = timestamp / 1_000_000_000
        if now != second { (second, used) = (now, 0) }
        used += 1
        return used <= perSecond
    }
}
