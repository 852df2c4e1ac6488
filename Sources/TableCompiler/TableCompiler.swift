public import Exchange
public import Tables
import Wire

/// From the control plane's state to the forwarder's tables: each object of the state that packets meet becomes one table
/// object, in the same slot. Pure: what comes out depends on the state alone.
///
/// What an object says of others (a tunnel of its line, a session of its tunnels) is looked up by name; the state has been
/// validated, so a name that leads nowhere is our own mistake.
public enum TableCompiler {
    /// What is to become of a slot's table object: set as the state has it, or removed where the slot is free, or its
    /// leg only drains.
    public static func change(_ slot: StateSlot, in state: State) -> Transaction.Change {
        switch slot {
        case .port(let slot):
            guard let port = state.ports.entry(slot)?.object else { return .remove(.port(UInt16(slot))) }
            return .set(.port(object(port, slot, state)))
        case .tunnel(let slot):
            guard let tunnel = state.tunnels.entry(slot)?.object else {
                return .remove(.tunnel(TunnelIndex(rawValue: UInt32(slot))))
            }
            return .set(.tunnel(object(tunnel, slot, state)))
        case .subscriber(let slot):
            guard let subscriber = state.subscribers.entry(slot)?.object else {
                return .remove(.subscriber(SubscriberIndex(rawValue: UInt32(slot))))
            }
            return .set(.subscriber(object(subscriber, slot, state)))
        case .service(let slot):
            let index = ServiceIndex(rawValue: UInt32(slot))
            guard let service = state.services.entry(slot)?.object else { return .remove(.service(index)) }
            return .set(.service(ServiceObject(slot: index, prefixes: service.prefixes)))
        case .leg(let slot):
            guard let leg = state.leg(inSlot: slot), let (session, place) = state.path(inSlot: slot) else {
                return .remove(.session(SessionIndex(rawValue: UInt32(slot))))
            }
            return .set(.session(object(session, path: place, slot, leg.id, state)))
        case .group(let slot):
            guard let (session, _) = state.path(inSlot: slot),
                let record = state.sessionRecord(session.name), record.groupSlot == slot
            else { return .remove(.group(SessionIndex(rawValue: UInt32(slot)))) }
            return .set(.group(group(session, record, state)))
        case .label(let label):
            guard let binding = state.labels[label] else { return .remove(.label(label)) }
            return .set(.label(object(binding, state)))
        }
    }

    /// The transaction that makes the tables what the state says, whatever they are. Linear in the state.
    public static func everything(in state: State, number: UInt64) -> Transaction {
        var changes: [Transaction.Change] = []
        for (slot, _) in state.ports.all { changes.append(change(.port(slot), in: state)) }
        for (slot, _) in state.tunnels.all { changes.append(change(.tunnel(slot), in: state)) }
        for (slot, _) in state.subscribers.all { changes.append(change(.subscriber(slot), in: state)) }
        for (slot, _) in state.services.all { changes.append(change(.service(slot), in: state)) }
        for (_, entry) in state.sessions.all {
            let record = found(state.sessionRecord(entry.key), entry.key)
            for path in record.paths { changes.append(change(.leg(path.slot), in: state)) }
            if let group = record.groupSlot { changes.append(change(.group(group), in: state)) }
        }
        for (_, entry) in state.labels.all { changes.append(change(.label(entry.key), in: state)) }
        return Transaction(number: number, isReset: true, changes: changes)
    }

    // MARK: Names

    /// What a name that validation has seen leads to.
    private static func found<Value>(_ value: Value?, _ name: String) -> Value {
        guard let value else { preconditionFailure("'\(name)' was not validated") }
        return value
    }
    static func port(_ name: String, _ state: State) -> Port { found(state.ports[name], name) }
    static func portSlot(_ name: String, _ state: State) -> UInt16 {
        UInt16(found(state.ports.slot(name), name))
    }
    static func line(_ name: String, _ state: State) -> Line { found(state.lines[name], name) }
    static func tunnel(_ name: String, _ state: State) -> Tunnel { found(state.tunnels[name], name) }
    static func tunnelIndex(_ name: String, _ state: State) -> TunnelIndex {
        TunnelIndex(rawValue: UInt32(found(state.tunnels.slot(name), name)))
    }
    static func subscriberIndex(_ name: String, _ state: State) -> SubscriberIndex {
        SubscriberIndex(rawValue: UInt32(found(state.subscribers.slot(name), name)))
    }
    static func serviceIndex(_ name: String, _ state: State) -> ServiceIndex {
        ServiceIndex(rawValue: UInt32(found(state.services.slot(name), name)))
    }

    // MARK: Next hops

    /// A next hop on a port; where frames have no link header, there is only one.
    static func nextHop(on name: String, tags: [UInt16] = [], _ address: IPAddress?, _ state: State)
        -> NextHop
    {
        let isEthernet = port(name, state).isEthernet
        return NextHop(
            port: portSlot(name, state), tags: isEthernet ? tags : [], address: isEthernet ? address : nil)
    }

    static func nextHop(of line: Line, _ state: State) -> NextHop {
        nextHop(on: line.port, tags: line.vlan, line.nextHop, state)
    }
}
