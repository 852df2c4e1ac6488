import Packets
import Tables
import Wire

/// What is not forwarding: ARP and neighbour discovery, pings to our addresses, ICMP errors, fragmentation.
///
/// It runs on the worker's thread between the loop and the send, so that it needs no locks; what it sends stands in
/// `originated` and `derived` until the worker takes it. In a replay the time is the packets' own, so that it behaves as the
/// live run did; in a live run that of a clock that nobody sets.
final class SlowPath {
    let tables: WorkerTables
    /// Frames of our own, ready to be sent.
    private(set) var originated: PacketVector
    /// Packets of our own, without link headers, that are yet to go through the second pass: by a session's conversion or
    /// a transit label's entry.
    private(set) var derived: PacketVector
    private(set) var fragments: PacketVector
    var neighbours: NeighbourResolver
    var waiting: WaitingPackets
    var pathMTUs = PathMTUs()
    var announcements = Announcements()
    /// Has the kernel find out where a neighbour is, on the ports that `neighbours` names for that.
    var askKernel: (Int, IPAddress) -> Void = { _, _ in }
    /// The node's own, by port.
    var addresses: [[IPAddress]] { tables.publication.addressesByPort }
    let limits: SlowPathLimits
    /// Nil where there is one worker.
    let share: WorkerShare?
    /// The worker's, among those that share.
    let number: Int
    /// What `time` goes by: nanoseconds by a clock that never goes back; nil: the packets' stamps.
    var now: UInt64?

    /// - Parameter share: what there is between several workers.
    /// - Parameter number: the worker's among them.
    init(tables: WorkerTables, slotByteCount: Int, share: WorkerShare? = nil, number: Int = 0) {
        self.tables = tables
        self.share = share
        self.number = number
        limits = SlowPathLimits(workers: share?.count ?? 1)
        originated = PacketVector(capacity: 64, slotByteCount: slotByteCount)
        derived = PacketVector(capacity: 64, slotByteCount: slotByteCount)
        fragments = PacketVector(capacity: 256, slotByteCount: slotByteCount)
        neighbours = NeighbourResolver()
        waiting = WaitingPackets(slotByteCount: slotByteCount)
    }

    /// The time by which things grow old, and are counted in a second, of a packet stamped so. A stamp tells the time of
    /// day, which may be set back or forward.
    func time(_ timestamp: UInt64) -> UInt64 { now ?? timestamp }

    /// Makes room for longer packets. Nothing may be waiting, neither to be sent nor for a next hop.
    func makeVectors(slotByteCount: Int) {
        precondition(originated.count == 0 && derived.count == 0)
        originated = PacketVector(capacity: originated.capacity, slotByteCount: slotByteCount)
        derived = PacketVector(capacity: derived.capacity, slotByteCount: slotByteCount)
        fragments = PacketVector(capacity: fragments.capacity, slotByteCount: slotByteCount)
        waiting.makeFrames(slotByteCount: slotByteCount)
    }

    /// Whether the next packet might not find room for its answer.
    var isFull: Bool { originated.capacity - originated.count < 2 || derived.isFull }

    /// Deals with a punted packet: afterwards it is `.consumed` or `.dropped`. Fragments and packets whose next hop isn't
    /// known are the worker's to see to, as far as there is something to be done.
    func handle(_ vector: PacketVector, _ index: Int, from port: PortIndex) {
        let packet = vector[index]
        let frame = unsafe RawSpan(_unsafeBytes: UnsafeRawBufferPointer(vector.frame(index)))
        let arrived = ArrivedFrame(
            port: Int(port.rawValue), networkOffset: Int(packet.networkOffset), timestamp: packet.timestamp,
            time: time(packet.timestamp))
        let outcome: DropReason?
        switch packet.punt {
        case .arp: outcome = handleARP(frame, arrived)
        case .local: outcome = handleLocal(frame, arrived)
        case .resolve: outcome = .neighbourUnresolved
        case .fragment: outcome = .tooBig
        case .ttlExpired, .labelTTLExpired:
            if mayReport(packet, arrived) { report(.timeExceeded, packet, frame, arrived) }
            outcome = .ttlExpired
        case .tooBig, .labelTooBig:
            if mayReport(packet, arrived) {
                report(.tooBig(byteCount: room(for: packet, frame)), packet, frame, arrived)
            }
            outcome = .tooBig
        case .prohibited:
            if mayReport(packet, arrived) { report(.prohibited, packet, frame, arrived) }
            outcome = packet.denial
        }
        if let outcome { vector[index].drop(outcome) } else { vector[index].disposition = .consumed }
    }

    /// Whether a packet's sender may be told of it: as its port says, and as often as an error may be sent. Whether the
    /// denied are told is for their port to say by itself.
    private func mayReport(_ packet: Packet, _ arrived: ArrivedFrame) -> Bool {
        guard packet.punt == .prohibited || tables.view.port(UInt16(arrived.port)).sendsErrors else {
            return false
        }
        return limits.allowsError(port: arrived.port, at: arrived.time)
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
        linkHeader.emit(into: &frame)
        let start = linkHeader.byteCount
        guard let byteCount = write(&frame, start) else { return false }
        originated.append(byteCount: start + byteCount, timestamp: timestamp)
        let index = originated.count - 1
        originated[index].disposition = .transmit
        originated[index].egress = PortIndex(rawValue: UInt16(port))
        return true
    }

    /// By which way of others a packet of our own leaves.
    enum Way {
        /// As those of a session in one direction do.
        case session(ConversionIndex)
        /// Under a transit label: the packet begins with the stack as it would have come in.
        case path(NHLFEIndex)
    }

    /// Writes one packet of our own that leaves by a way of others. `write` returns its length, or nil to send nothing.
    func derive(_ way: Way, timestamp: UInt64, write: (inout MutableRawSpan) -> Int?) {
        guard !derived.isFull else { return }
        var packet = unsafe MutableRawSpan(_unsafeBytes: derived.nextFrame)
        guard let byteCount = write(&packet) else { return }
        derived.append(byteCount: byteCount, timestamp: timestamp)
        let index = derived.count - 1
        derived[index].disposition = .transmit
        derived[index].meteredByteCount = UInt32(byteCount)
        switch way {
        case .session(let conversion): derived[index].counter = conversion.rawValue
        case .path(let nhlfe): derived[index].adjacency = nhlfe.rawValue
        }
    }

    func macAddress(_ port: Int) -> MACAddress { tables.view.port(UInt16(port)).macAddress }

    /// The link header that takes an answer of the same ethertype back to whom the frame came from.
    func replyHeader(to frame: RawSpan, _ arrived: ArrivedFrame) -> LinkHeader {
        LinkHeader(frame, byteCount: arrived.networkOffset).reply(from: macAddress(arrived.port))
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
        return wasPing ? nil : heed(network, under: tags(frame, arrived), arrived)
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
                // Who looks for a router to send everything to is not served: our ports advertise nothing.
                if type == .routerSolicitation { return .notServedHere }
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
        return wasPing ? nil : heed(network, under: tags(frame, arrived), arrived)
    }

    /// Whether the address is the port's own, or the link-local one that its MAC address makes: what the port says on
    /// its link that it is. Cost: linear in the port's addresses for one of the node's, else constant.
    func isOnPort(_ address: IPAddress, _ port: Int) -> Bool {
        isLinkLocal(address, port) || isNodes(address) && addresses[port].contains(address)
    }

    private func isLinkLocal(_ address: IPAddress, _ port: Int) -> Bool {
        address == .v6(IPv6Address(linkLocalFor: macAddress(port)))
    }

    /// Whether a port has the address, or it is our end of a tunnel: no prefix is longer, so one look-up says so.
    private func isNodes(_ address: IPAddress) -> Bool { tables.view.service(of: address).isLocal }

    /// Whether the node answers to the address when a packet comes in by this port: all ports' addresses count
    /// (RFC 1122 §3.3.4.2, weak model). Cost: constant, however many addresses there are.
    func isOurs(_ address: IPAddress, port: Int) -> Bool { isLinkLocal(address, port) || isNodes(address) }

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

    // MARK: Where we speak from

    /// The address that we speak from on a port: its own first, else any of the node's (RFC 1812 §4.3.2.4).
    func sourceIPv4(port: Int) -> IPv4Address? {
        for address in addresses[port] { if case .v4(let address) = address { return address } }
        for local in tables.localAddresses { if case .v4(let address) = local.address { return address } }
        return nil
    }
    func sourceIPv6(port: Int) -> IPv6Address? {
        for address in addresses[port] { if case .v6(let address) = address { return address } }
        for local in tables.localAddresses { if case .v6(let address) = local.address { return address } }
        return nil
    }
}

/// Where and when a frame arrived.
struct ArrivedFrame {
    let port: Int
    /// Bytes of its link header.
    let networkOffset: Int
    /// Nanoseconds since the Unix epoch.
    let timestamp: UInt64
    /// As `SlowPath.time` has it.
    let time: UInt64
}
