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

    /// Takes in where the kernel has a neighbour on such a port, and tells other workers; nil: it has lost it. A packet that
    /// waits for it goes its way. To be called between vectors.
    public func hear(_ port: PortIndex, _ address: IPAddress, _ mac: MACAddress?, at timestamp: UInt64) {
        slowPath.now = clock?()
        let time = slowPath.time(timestamp)
        slowPath.hear(Int(port.rawValue), address, mac, at: time)
        slowPath.tell(.kernel(port: Int(port.rawValue), address, mac, at: time))
        if slowPath.waiting.hasReleased { forwardReleased() }
    }

    /// Takes in what other workers have found out. Packets that wait for a next hop that another has heard go their way. To
    /// be called between vectors; costs a load where there is none.
    public func takeNews() {
        guard let share = slowPath.share, share.hasNews(for: slowPath.number) else { return }
        slowPath.now = clock?()
        slowPath.takeNews()
        if slowPath.waiting.hasReleased { forwardReleased() }
    }
}
