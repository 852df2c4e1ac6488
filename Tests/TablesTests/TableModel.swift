import Tables
import Wire

/// The objects of a set of tables by key, and whether they can stand side by side: what `ForwardingTables` decides by
/// its tables, decided by going through all objects.
struct TableModel {
    var objects: [TableKey: TableObject] = [:]

    /// The model after a transaction. Nil where the transaction names a key twice.
    func applying(_ transaction: Transaction) -> TableModel? {
        guard Set(transaction.changes.map(\.key)).count == transaction.changes.count else { return nil }
        var model = transaction.isReset ? TableModel() : self
        for change in transaction.changes {
            switch change {
            case .set(let object): model.objects[object.key] = object
            case .remove(let key): model.objects[key] = nil
            }
        }
        return model
    }

    /// Whether every object has what it refers to, and nothing belongs to two.
    var isSound: Bool {
        var labels: [Label] = []
        var userLabels: [SessionWay.UserLabel: Set<[UInt32]>] = [:]
        var heldLabels: [SessionWay.UserLabel] = []
        var admissions: [[UInt32]] = []
        var endpoints: [[IPAddress]] = []
        var datagramEndpoints: [[IPAddress]] = []
        var subscriberPrefixes: [IPPrefix] = []
        var servicePrefixes: [IPPrefix] = []
        func exists(_ keys: TableKey?...) -> Bool {
            keys.allSatisfy { $0.map { objects[$0] != nil } ?? true }
        }
        func areDistinct<Element: Hashable>(_ list: [Element]) -> Bool { Set(list).count == list.count }
        for object in objects.values {
            switch object {
            case .port: break
            case .tunnel(let tunnel):
                guard exists(.port(tunnel.port)) else { return false }
                switch tunnel.end {
                case .mpls(let receive, _): if let receive { labels.append(receive) }
                case .ipip(let remote, let local): endpoints.append([remote, local])
                case .mplsudp(let remote, let local, _, _): datagramEndpoints.append([remote, local])
                }
            case .subscriber(let subscriber):
                guard exists(subscriber.port.map { .port($0) }) else { return false }
                subscriberPrefixes += subscriber.prefixes
            case .service(let service): servicePrefixes += service.prefixes
            case .session(let session):
                guard exists(.subscriber(session.subscriber), .service(session.service)) else { return false }
                if !session.isGrouped {
                    admissions.append([session.subscriber.rawValue, session.service.rawValue])
                }
                for (way, direction) in [(session.up, UInt32(0)), (session.down, 1)] {
                    let arrival: TableKey =
                        way.arrival.isTunnel
                        ? .tunnel(TunnelIndex(rawValue: way.arrival.index)) : .port(UInt16(way.arrival.index))
                    let context: TableKey? =
                        switch way.userLabel?.context {
                        case .tunnel(let tunnel): .tunnel(tunnel)
                        case .port(let port): .port(port)
                        case nil: nil
                        }
                    guard exists(arrival, context, .port(way.nextHop.port), way.tunnel.map { .tunnel($0) })
                    else { return false }
                    guard let label = way.userLabel else { continue }
                    // Paths of one use may share one; anything else has it alone.
                    if session.isGrouped {
                        let use = [session.subscriber.rawValue, session.service.rawValue, direction]
                        if userLabels[label, default: []].insert(use).inserted { heldLabels.append(label) }
                    } else {
                        heldLabels.append(label)
                    }
                }
            case .group(let group):
                guard exists(.subscriber(group.subscriber), .service(group.service)),
                    (2...8).contains(group.sessions.count), areDistinct(group.sessions)
                else { return false }
                admissions.append([group.subscriber.rawValue, group.service.rawValue])
                for path in group.sessions {
                    guard case .session(let session) = objects[.session(path)], session.isGrouped,
                        session.subscriber == group.subscriber, session.service == group.service
                    else { return false }
                }
            case .label(let label):
                guard exists(.port(label.nextHop.port)), label.pops || !label.labels.isEmpty else {
                    return false
                }
                labels.append(label.label)
            }
        }
        return areDistinct(labels) && areDistinct(heldLabels) && areDistinct(admissions)
            && areDistinct(endpoints) && areDistinct(datagramEndpoints) && areDistinct(subscriberPrefixes)
            && areDistinct(servicePrefixes)
    }
}
