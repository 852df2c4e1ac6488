import Ports
import Tables
import Wire

/// What the tables make ours on the ports that share their interfaces with the kernel: kept up from transaction to
/// transaction, so that nobody goes through a million sessions for each.
///
/// Cost: linear in a transaction's changes, and none where no port is shared. When another port is, all is looked at once.
struct SharedPorts {
    /// Something that makes frames on a port ours.
    private enum Reason: Hashable {
        case end(IPAddress)
        case datagramEnd(IPAddress)
        case tag(UInt16)
        /// A subscriber, or a leg of a session that no tunnel has.
        case plain
    }

    private struct Use: Hashable {
        let port: UInt16
        let reason: Reason
    }

    /// By slot.
    private var ports: Set<UInt16> = []
    /// What each object adds.
    private var uses: [TableKey: [Use]] = [:]
    private var counts: [Use: Int] = [:]

    /// Takes in what has changed.
    /// - Parameters:
    ///   - transaction: has been staged.
    ///   - ports: those that are shared now.
    /// - Returns: those of which something else is ours than before, or that are new.
    mutating func take(
        _ transaction: Transaction, ports: Set<UInt16>, _ tables: ForwardingTables
    ) -> Set<UInt16> {
        guard !ports.isEmpty || !self.ports.isEmpty else { return [] }
        let before = self.ports.reduce(into: [:]) { $0[$1] = selection(of: $1) }
        if ports != self.ports || transaction.isReset {
            self = SharedPorts()
            self.ports = ports
            for change in tables.contents.changes { take(change) }
        } else {
            for change in transaction.changes { take(change) }
        }
        return ports.filter { before[$0] != selection(of: $0) }
    }

    /// What is ours on a port.
    func selection(of port: UInt16) -> SharedSelection {
        var selection = SharedSelection()
        for use in counts.keys where use.port == port {
            switch use.reason {
            case .end(let address): selection.ends.insert(address)
            case .datagramEnd(let address): selection.datagramEnds.insert(address)
            case .tag(let tag): selection.tags.insert(tag)
            case .plain: selection.takesForwarded = true
            }
        }
        return selection
    }

    private mutating func take(_ change: Transaction.Change) {
        switch change {
        case .set(let object): replace(object.key, by: uses(of: object).filter { ports.contains($0.port) })
        case .remove(let key): replace(key, by: [])
        }
    }

    private mutating func replace(_ key: TableKey, by new: [Use]) {
        for use in uses[key] ?? [] {
            let count = (counts[use] ?? 0) - 1
            counts[use] = count > 0 ? count : nil
        }
        for use in new { counts[use, default: 0] += 1 }
        uses[key] = new.isEmpty ? nil : new
    }

    private func uses(of object: TableObject) -> [Use] {
        switch object {
        case .port, .service, .group: []
        case .tunnel(let tunnel):
            if let tag = tunnel.tags.first {
                [Use(port: tunnel.port, reason: .tag(tag))]
            } else {
                switch tunnel.end {
                case .mpls: []
                case .ipip(_, let local): [Use(port: tunnel.port, reason: .end(local))]
                case .mplsudp(_, let local, _, _): [Use(port: tunnel.port, reason: .datagramEnd(local))]
                }
            }
        case .subscriber(let subscriber):
            subscriber.port.map { [plain(on: $0, subscriber.tags)] } ?? []
        case .session(let session):
            [session.up, session.down].filter { $0.tunnel == nil }.map {
                plain(on: $0.nextHop.port, $0.nextHop.tags)
            }
        case .label(let label):
            label.nextHop.tags.first.map { [Use(port: label.nextHop.port, reason: .tag($0))] } ?? []
        }
    }

    private func plain(on port: UInt16, _ tags: [UInt16]) -> Use {
        Use(port: port, reason: tags.first.map { .tag($0) } ?? .plain)
    }
}
