public import Packets
public import Wire

extension Worker {
    /// Says which ports' neighbours the kernel resolves: those of interfaces that are shared with it. There we neither ask
    /// nor announce ourselves, but under VLAN tags, where the kernel isn't.
    /// - Parameter ask: has the kernel find out where a neighbour on such a port is.
    public func resolveByKernel(_ ports: Set<Int>, ask: @escaping (Int, IPAddress) -> Void) {
        slowPath.neighbours.resolvedByKernel = ports
        slowPath.askKernel = ask
    }

    /// Takes in where the kernel has a neighbour on such a port; nil: it has lost it. A packet that waits for it goes its
    /// way. To be called between vectors.
    public func hear(_ port: PortIndex, _ address: IPAddress, _ mac: MACAddress?, at timestamp: UInt64) {
        slowPath.now = clock?()
        let time = slowPath.time(timestamp)
        slowPath.neighbours.hear(Int(port.rawValue), address, mac, tables, at: time)
        guard mac != nil else { return }
        slowPath.waiting.release(NeighbourResolver.Key(port: Int(port.rawValue), tags: 0, address: address))
        if slowPath.waiting.hasReleased { forwardReleased() }
    }
}
