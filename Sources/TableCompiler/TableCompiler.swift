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
    /// leg only drains. Of many slots, `Compilation` has it faster.
    public static func change(_ slot: StateSlot, in state: State) -> Transaction.Change {
        Compilation(of: state).change(slot)
    }

    /// The transaction that makes the tables what the state says, whatever they are. Linear in the state.
    public static func everything(in state: State, number: UInt64) -> Transaction {
        var transaction = Transaction(number: number, isReset: true, changes: [])
        let compilation = Compilation(of: state)
        transaction.changes = compilation.collect()
        return transaction
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
