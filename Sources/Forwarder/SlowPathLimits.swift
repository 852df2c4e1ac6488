import Packets
import Tables
import Wire

/// How much the slow path does for what comes in by one port in one second, so that a flood costs little more than being
/// received. It is asked before anything is read or built, and costs a few nanoseconds.
///
/// Each port has limits of its own, and each kind of packets: a flood of one kind doesn't keep answers of another from
/// being heard, nor does one by another port. Several workers have equal parts of each, so that they keep no common books.
final class SlowPathLimits {
    /// ICMP errors that are sent (RFC 1812 §4.3.2.8, RFC 4443 §2.4(f)); and as many that are heeded.
    static let errorsPerSecond = 1000
    /// Packets of each other kind.
    static let packetsPerSecond = 10_000

    private enum Kind: Int {
        case error
        /// From inside one of our tunnels.
        case tunnelError
        case arpQuestion
        case arpAnswer
        case discoveryQuestion
        case discoveryAnswer
        /// An ICMP error that is addressed to us, whatever it is about.
        case report
        /// Whatever else is addressed to us.
        case local
        /// Whose next hop isn't known.
        case unresolved
    }

    private static var kindCount: Int { Kind.unresolved.rawValue + 1 }
    private let errorsPerSecond: Int
    private let packetsPerSecond: Int
    private let limits = Table<RateLimit>(capacity: ForwardingTables.portCapacity * SlowPathLimits.kindCount)

    /// - Parameter workers: how many have equal parts.
    init(workers: Int = 1) {
        errorsPerSecond = max(1, Self.errorsPerSecond / workers)
        packetsPerSecond = max(1, Self.packetsPerSecond / workers)
    }

    /// Whether one more ICMP error may be sent about what comes in by this port; if so, it counts as sent.
    func allowsError(port: Int, at timestamp: UInt64) -> Bool {
        allows(.error, port, timestamp, errorsPerSecond)
    }

    /// Whether one more ICMP error about a packet in one of our tunnels may be heeded that comes in by this port; if so,
    /// it counts as heeded.
    func allowsTunnelError(port: Int, at timestamp: UInt64) -> Bool {
        allows(.tunnelError, port, timestamp, errorsPerSecond)
    }

    private func allows(_ kind: Kind, _ port: Int, _ timestamp: UInt64, _ perSecond: Int? = nil) -> Bool {
        limits[place(kind, port)].allows(perSecond ?? packetsPerSecond, at: timestamp)
    }

    private func place(_ kind: Kind, _ port: Int) -> Int { port * Self.kindCount + kind.rawValue }

    /// Why a punted packet is dropped that is beyond its port's limit: as if its sender had not been told, or because it
    /// goes unheard; nil if it isn't beyond, and it counts.
    func refusal(_ vector: PacketVector, _ index: Int, from port: PortIndex, at time: UInt64) -> DropReason? {
        let packet = unsafe vector.packets[index]
        let slot = Int(port.rawValue)
        switch packet.punt {
        case .arp:
            let operation = octet(vector, packet, ARPField.operation + 1)
            let isAnswer = operation.map { UInt16($0) } == ARPPacket.Operation.reply.rawValue
            return allows(isAnswer ? .arpAnswer : .arpQuestion, slot, time) ? nil : .requestLimit
        case .local: return allows(localKind(vector, packet), slot, time) ? nil : .requestLimit
        case .resolve: return allows(.unresolved, slot, time) ? nil : .neighbourUnresolved
        case .fragment, .labelTooBig: return nil
        case .ttlExpired, .labelTTLExpired: return isSilenced(slot, time) ? .ttlExpired : nil
        case .tooBig: return isSilenced(slot, time) ? .tooBig : nil
        case .prohibited: return isSilenced(slot, time) ? packet.denial : nil
        }
    }

    private func isSilenced(_ port: Int, _ timestamp: UInt64) -> Bool {
        limits[place(.error, port)].isSpent(errorsPerSecond, at: timestamp)
    }

    private func localKind(_ vector: PacketVector, _ packet: Packet) -> Kind {
        guard let first = octet(vector, packet, 0) else { return .local }
        guard first >> 4 == 6 else {
            guard octet(vector, packet, IPv4Field.protocol) == IPProtocol.icmp.rawValue,
                let type = octet(vector, packet, Int(first & 0xf) * 4)
            else { return .local }
            return ICMPv4Type(rawValue: type).isError ? .report : .local
        }
        guard octet(vector, packet, IPv6Field.nextHeader) == IPProtocol.icmpv6.rawValue,
            let number = octet(vector, packet, IPv6Field.byteCount)
        else { return .local }
        switch ICMPv6Type(rawValue: number) {
        case .neighbourSolicitation: return .discoveryQuestion
        case .neighbourAdvertisement: return .discoveryAnswer
        case let type: return type.isError ? .report : .local
        }
    }

    /// An octet of a packet's network header; nil behind its end.
    private func octet(_ vector: PacketVector, _ packet: Packet, _ offset: Int) -> UInt8? {
        let place = Int(packet.networkOffset) + offset
        let end = Int(packet.offset) + Int(packet.byteCount)
        guard place < Int(packet.byteCount), end <= vector.arenaByteCount else { return nil }
        return unsafe vector.arena.load(fromByteOffset: Int(packet.offset) + place, as: UInt8.self)
    }
}
