public import Exchange
public import Tables
import Wire

/// Compiles many objects of one state: what the ways over a line or into a tunnel have in common is worked out once, and
/// what a session refers to is found by slots, not by names.
public final class Compilation {
    let state: State
    /// By slot, as far as they have been asked for.
    private var roads: [LineRoad?]
    private var mouths: [TunnelMouth?]
    private var portKinds: [PortKind?]

    /// Costs nothing yet.
    public init(of state: State) {
        self.state = state
        roads = Array(repeating: nil, count: state.lines.slotCount)
        mouths = Array(repeating: nil, count: state.tunnels.slotCount)
        portKinds = Array(repeating: nil, count: state.ports.slotCount)
    }

    /// As `TableCompiler.change`.
    public func change(_ slot: StateSlot) -> Transaction.Change {
        switch slot {
        case .port(let slot):
            guard let port = state.ports.entry(slot)?.object else { return .remove(.port(UInt16(slot))) }
            return .set(.port(TableCompiler.object(port, slot, state)))
        case .tunnel(let slot):
            guard let tunnel = state.tunnels.entry(slot)?.object else {
                return .remove(.tunnel(TunnelIndex(rawValue: UInt32(slot))))
            }
            return .set(.tunnel(TableCompiler.object(tunnel, slot, state)))
        case .subscriber(let slot):
            guard let subscriber = state.subscribers.entry(slot)?.object else {
                return .remove(.subscriber(SubscriberIndex(rawValue: UInt32(slot))))
            }
            return .set(.subscriber(object(subscriber, slot)))
        case .service(let slot):
            let index = ServiceIndex(rawValue: UInt32(slot))
            guard let service = state.services.entry(slot)?.object else { return .remove(.service(index)) }
            return .set(.service(ServiceObject(slot: index, prefixes: service.prefixes)))
        case .leg(let slot):
            guard let leg = state.leg(inSlot: slot), !leg.isDraining,
                let session = state.sessions.slot(leg.sessionName),
                let place = state.sessionRecord(inSlot: session)?.place(ofSlot: slot)
            else { return .remove(.session(SessionIndex(rawValue: UInt32(slot)))) }
            return .set(.session(object(session, path: place, slot, leg.id)))
        case .group(let slot):
            guard let (session, _) = state.path(inSlot: slot),
                let record = state.sessionRecord(session.name), record.groupSlot == slot
            else { return .remove(.group(SessionIndex(rawValue: UInt32(slot)))) }
            return .set(.group(TableCompiler.group(session, record, state)))
        case .label(let label):
            guard let slot = state.labels.slot(label) else { return .remove(.label(label)) }
            return .set(.label(object(label: slot)))
        }
    }

    /// The number of objects that `forEach` comes to.
    public var objectCount: Int {
        var count =
            state.ports.count + state.tunnels.count + state.subscribers.count + state.services.count
            + state.labels.count
        for slot in state.sessions.usedSlots {
            guard let record = state.sessionRecord(inSlot: slot) else { continue }
            count += record.onlyPath != nil ? 1 : record.paths.count + (record.groupSlot == nil ? 0 : 1)
        }
        return count
    }

    /// Calls `body` with every object there is to be, each as a change that sets it. Linear in the state.
    public func forEach(_ body: (Transaction.Change) -> Void) {
        for slot in state.ports.usedSlots { body(change(.port(slot))) }
        for slot in state.tunnels.usedSlots { body(change(.tunnel(slot))) }
        for slot in state.subscribers.usedSlots { body(change(.subscriber(slot))) }
        for slot in state.services.usedSlots { body(change(.service(slot))) }
        for slot in state.sessions.usedSlots {
            guard let record = state.sessionRecord(inSlot: slot) else { continue }
            if let path = record.onlyPath {
                let id = LegID(session: record.number, leg: path.leg)
                body(.set(.session(object(slot, path: 0, path.slot, id))))
                continue
            }
            for path in record.paths { body(change(.leg(path.slot))) }
            if let group = record.groupSlot { body(change(.group(group))) }
        }
        for slot in state.labels.usedSlots { body(.set(.label(object(label: slot)))) }
    }

    func collect() -> [Transaction.Change] {
        var changes: [Transaction.Change] = []
        changes.reserveCapacity(objectCount)
        forEach { changes.append($0) }
        return changes
    }

    // MARK: Subscribers and labels

    private func object(_ subscriber: Subscriber, _ slot: Int) -> SubscriberObject {
        let port = state.port(ofSubscriber: slot).map { UInt16($0) }
        let home =
            port ?? state.accessPort(ofSubscriber: subscriber.name).map { TableCompiler.portSlot($0, state) }
        return SubscriberObject(
            slot: SubscriberIndex(rawValue: UInt32(slot)), port: home, tags: subscriber.vlan,
            prefixes: subscriber.addresses)
    }

    private func object(label slot: Int) -> LabelObject {
        guard let binding = state.labels.entry(slot)?.object else { preconditionFailure("a free slot") }
        var labels: [Label] = []
        if case .swap(let swapped) = binding.operation { labels = swapped }
        let road: LineRoad
        switch state.referent(ofLabel: slot) {
        case (let line?, _): road = self.road(line)
        case (_, let tunnel?):
            let mouth = mouth(tunnel)
            road = mouth.road
            if !mouth.pathLabels.isEmpty { labels = mouth.pathLabels + labels }
        default: preconditionFailure("label \(binding.in) was not indexed")
        }
        return LabelObject(
            label: binding.in, labels: labels, pops: binding.operation == .pop, nextHop: road.nextHop,
            mtu: road.mtu)
    }

    // MARK: Lines, tunnels and ports

    /// What is sent over a line has in common.
    struct LineRoad {
        var nextHop: NextHop
        var mtu: UInt16
    }

    /// What is sent into a tunnel has in common, and what comes out of it.
    struct TunnelMouth {
        var index: TunnelIndex
        var road: LineRoad
        var encapsulation: Tunnel.Encapsulation
        /// Those of MPLS.
        var pathLabels: [Label]
        /// The longest packet that fits into it.
        var innerByteCount: UInt16
        var clampsMSS: Bool
        var classMap: [UInt8]?
        /// Where user labels that arrive by it have their meaning.
        var context: LabelContext
        /// Without labels: complete.
        var push: SessionWay.Push?
    }

    /// What plain legs must know of a port.
    struct PortKind {
        var isEthernet: Bool
        var mtu: Int?
    }

    func road(_ line: Int) -> LineRoad {
        if let road = roads[line] { return road }
        guard let entry = state.lines.entry(line) else { preconditionFailure("line \(line) was not indexed") }
        let road = LineRoad(
            nextHop: TableCompiler.nextHop(of: entry.object, state), mtu: UInt16(clamping: entry.object.mtu))
        roads[line] = road
        return road
    }

    func mouth(_ tunnel: Int) -> TunnelMouth {
        if let mouth = mouths[tunnel] { return mouth }
        guard let entry = state.tunnels.entry(tunnel), let line = state.line(ofTunnel: tunnel) else {
            preconditionFailure("tunnel \(tunnel) was not indexed")
        }
        let object = entry.object
        var mouth = TunnelMouth(
            index: TunnelIndex(rawValue: UInt32(tunnel)), road: road(line),
            encapsulation: object.encapsulation, pathLabels: [],
            innerByteCount: TableCompiler.innerByteCount(object, state), clampsMSS: object.clampsMSS,
            classMap: TableCompiler.classMap(object.encapsulation),
            context: TableCompiler.context(ofTunnel: entry.key, state))
        switch object.encapsulation {
        case .mpls(let mpls): mouth.pathLabels = TableCompiler.pathLabels(mpls)
        case .ipip: mouth.push = TableCompiler.push(object.encapsulation, userLabel: nil)
        case .mplsudp: break
        }
        mouths[tunnel] = mouth
        return mouth
    }

    func portKind(_ port: Int) -> PortKind {
        if let kind = portKinds[port] { return kind }
        guard let object = state.ports.entry(port)?.object else {
            preconditionFailure("port \(port) was not indexed")
        }
        let kind = PortKind(isEthernet: object.isEthernet, mtu: object.mtu)
        portKinds[port] = kind
        return kind
    }
}
