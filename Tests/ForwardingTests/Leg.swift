import Forwarding
import Packets
import Tables
import Testbed
import Trace
import Wire

/// One session between a TUN with its subscriber and an Ethernet port, with ways as a test wants them, and the loop with
/// a worker's tables: so that what policers have let through and what is learned of paths stays between vectors.
final class Leg {
    static let access: UInt16 = 0
    static let core: UInt16 = 1
    static let own = IPv4Address(rawValue: 0x0a00_0001)
    static let remote = IPv4Address(rawValue: 0x0a00_0002)
    static let own6 = IPv6Address(high: 0x2001_0db8_00ff_0000, low: 1)
    static let remote6 = IPv6Address(high: 0x2001_0db8_00ff_0000, low: 2)
    static let tunnel = TunnelIndex(rawValue: 0)
    static let hop = NextHop(port: core, address: .v4(remote))
    static let transitLabel: UInt32 = 18000

    let tables: ForwardingTables
    let worker: WorkerTables
    private var state = LoopState()
    private(set) var steps: [Step] = []

    /// - Parameters:
    ///   - push: what goes before packets on the way up.
    ///   - transit: the labels that `transitLabel` becomes.
    ///   - edit: changes the session.
    init(
        _ push: SessionWay.Push = .nothing, limit: UInt16? = 1400, tunnelPolicer: Policer? = nil,
        sendsErrors: Bool = true, transit: [UInt32] = [18001], pops: Bool = false, isResolved: Bool = true,
        edit: (inout SessionObject) -> Void = { _ in }
    ) throws {
        tables = ForwardingTables()
        let (subscriber, service) = (SubscriberIndex(rawValue: 0), ServiceIndex(rawValue: 0))
        var session = SessionObject(
            slot: SessionIndex(rawValue: 0), session: 1, leg: 1, subscriber: subscriber, service: service,
            rules: [],
            up: SessionWay(
                arrival: Arrival(port: Self.access), nextHop: Self.hop, push: push, tunnel: Self.tunnel,
                maximumInnerByteCount: limit),
            down: SessionWay(
                arrival: Arrival(tunnel: Self.tunnel),
                userLabel: .init(context: .tunnel(Self.tunnel), label: Label(unchecked: 200042)),
                nextHop: NextHop(port: Self.access), push: .nothing, maximumInnerByteCount: limit))
        edit(&session)
        let objects: [TableObject] = [
            .port(
                PortObject(
                    slot: Self.access, name: "access0", medium: .tun(interface: "a"), role: .access,
                    sendsErrors: sendsErrors)),
            .port(
                PortObject(
                    slot: Self.core, name: "core0", medium: .tap(interface: "c"), role: .network,
                    mac: Edges.subscriberMAC,
                    neighbours: isResolved
                        ? [StaticNeighbour(address: .v4(Self.remote), mac: Edges.providerMAC)] : [],
                    sendsErrors: sendsErrors)),
            .tunnel(
                TunnelObject(
                    slot: Self.tunnel, port: Self.core,
                    end: .mpls(receive: Label(unchecked: 17001), handsOnTTL: true), policer: tunnelPolicer)),
            .subscriber(
                SubscriberObject(
                    slot: subscriber, port: Self.access, tags: [],
                    prefixes: ["10.1.0.5", "2001:db8:1:5::9", "10.0.0.2", "2001:db8:ff::2"].compactMap {
                        IPAddress($0).map { IPPrefix($0) }
                    })),
            .service(
                ServiceObject(
                    slot: service,
                    prefixes: ["198.51.100.7", "2001:db8:a::7"].compactMap {
                        IPAddress($0).map { IPPrefix($0) }
                    })),
            .session(session),
            .label(
                LabelObject(
                    label: Label(unchecked: Self.transitLabel), labels: transit.map { Label(unchecked: $0) },
                    pops: pops, nextHop: Self.hop, mtu: 1500)),
        ]
        try tables.stage(Transaction(number: 1, changes: objects.map { .set($0) }))
        _ = tables.publish()
        worker = WorkerTables(tables.publication)
    }

    /// A UDP packet on the way up, of either version.
    static func up(_ version: Int = 4, byteCount: Int = 64) -> Datagram {
        version == 4
            ? .udp("10.1.0.5", "198.51.100.7", byteCount: byteCount)
            : .udp("2001:db8:1:5::9", "2001:db8:a::7", byteCount: byteCount)
    }

    /// What becomes of a frame: its descriptor and its bytes. What is looked at on the way stands in `steps`.
    func forward(_ bytes: [UInt8], from port: UInt16 = Leg.access, at time: UInt64 = 0) -> (
        packet: Packet, bytes: [UInt8]
    ) {
        run(bytes, at: time) { vector, recorder in
            Forwarding.forward(
                vector.packets, count: 1, arena: vector.arena, arenaByteCount: vector.arenaByteCount,
                from: PortIndex(rawValue: port), tables: worker.view, state: &state, recorder: &recorder)
        }
    }

    /// What becomes of a packet of our own, a bare IP packet for a conversion, or a bare stack for an NHLFE.
    func originate(_ bytes: [UInt8], _ direction: Direction? = .up) -> (packet: Packet, bytes: [UInt8]) {
        run(bytes, at: 0) { vector, recorder in
            vector[0].disposition = .transmit
            vector[0].networkOffset = 0
            vector[0].meteredByteCount = UInt32(bytes.count)
            if let direction {
                vector[0].counter = ConversionIndex(SessionIndex(rawValue: 0), direction).rawValue
            } else {
                vector[0].adjacency = Self.transitLabel
            }
            Forwarding.convert(
                vector.packets, count: 1, arena: vector.arena, arenaByteCount: vector.arenaByteCount,
                tables: worker.view, isOriginated: true, state: &state, recorder: &recorder)
        }
    }

    private func run(_ bytes: [UInt8], at time: UInt64, _ body: (PacketVector, inout StepList) -> Void) -> (
        packet: Packet, bytes: [UInt8]
    ) {
        let vector = PacketVector(capacity: 1, slotByteCount: 4096)
        bytes.withUnsafeBytes { vector.append($0, timestamp: time) }
        var recorder = StepList()
        body(vector, &recorder)
        steps = recorder.steps
        return (vector[0], Array(vector.frame(0)))
    }

    /// The frame that a packet left in; nil where it didn't leave.
    func sent(_ bytes: [UInt8], from port: UInt16 = Leg.access, at time: UInt64 = 0) -> Frame? {
        let (packet, bytes) = forward(bytes, from: port, at: time)
        return packet.disposition == .transmit ? Frame(bytes) : nil
    }

    /// A frame with a label stack, as it comes by the core port.
    static func labelled(_ labels: [LabelStackEntry], _ payload: [UInt8]) -> [UInt8] {
        Frame(to: Edges.subscriberMAC, from: Edges.providerMAC, .mpls, labels: labels, payload).bytes
    }
}

/// Keeps the steps.
private struct StepList: Recorder {
    var steps: [Step] = []
    mutating func record(_ step: Step) { steps.append(step) }
}
