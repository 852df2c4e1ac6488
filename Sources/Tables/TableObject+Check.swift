extension TableObject {
    /// What no table could hold, whatever else is in it; nil: nothing.
    var fault: String? {
        switch self {
        case .port: nil
        case .tunnel(let tunnel): Self.fault(tunnel)
        case .subscriber(let subscriber): Self.fault(tags: subscriber.tags)
        case .service: nil
        case .session(let session):
            session.rules.count > 255
                ? "\(session.rules.count) rules; 255 are possible"
                : Self.fault(session.up, "up") ?? Self.fault(session.down, "down")
        case .group(let group):
            if !(2...PathGroupObject.capacity).contains(group.sessions.count) {
                "\(group.sessions.count) paths; 2 to \(PathGroupObject.capacity) are possible"
            } else {
                Set(group.sessions).count < group.sessions.count ? "a path stands twice" : nil
            }
        case .label(let label):
            if label.labels.count > 8 {
                "\(label.labels.count) labels to send; 8 are possible"
            } else if label.labels.isEmpty && !label.pops {
                "neither popped nor replaced"
            } else {
                Self.fault(tags: label.nextHop.tags)
            }
        }
    }

    private static func fault(_ tunnel: TunnelObject) -> String? {
        if let fault = fault(tags: tunnel.tags) ?? tunnel.policer?.fault { return fault }
        if let (remote, local) = tunnel.end.ends, remote.version != local.version {
            return "ends \(remote) and \(local) of two versions"
        }
        if case .map(let entries) = tunnel.innerClass,
            entries.count != 8 || entries.contains(where: { $0 > 64 })
        {
            return "an inner class map of \(entries.count) entries; it has 8, of at most 64"
        }
        return nil
    }

    private static func fault(_ way: SessionWay, _ direction: String) -> String? {
        if let fault = fault(tags: way.nextHop.tags) ?? way.policer?.fault { return "\(direction): \(fault)" }
        if let map = way.classMap, map.count != 64 || map.contains(where: { $0 > 63 }) {
            return "\(direction): a class map of \(map.count) entries; it has 64, of at most 63"
        }
        return fault(way.push, direction)
    }

    private static func fault(_ push: SessionWay.Push, _ direction: String) -> String? {
        switch push {
        case .nothing: return nil
        case .labels(let labels, _):
            return (1...8).contains(labels.count)
                ? nil : "\(direction): \(labels.count) labels to push; 1 to 8 are possible"
        case .outer(let source, let destination, _, let dscp, _):
            if source.version != destination.version {
                return "\(direction): outer addresses \(source) and \(destination) of two versions"
            }
            return dscp < 64 ? nil : "\(direction): DSCP \(dscp); 63 is the highest"
        case .datagram(let datagram, let flags):
            return fault(
                .outer(
                    source: datagram.source, destination: datagram.destination, ttl: datagram.ttl,
                    dscp: datagram.dscp, flags), direction)
        }
    }

    private static func fault(tags: [UInt16]) -> String? {
        if tags.count > 2 { return "\(tags.count) VLAN tags; 2 are possible" }
        return tags.contains { $0 > 4095 } ? "VLAN ids \(tags); 4,095 is the highest" : nil
    }

    /// Calls `body` with each object that must be there for this one, some more than once.
    func forEachReference(_ body: (TableKey) -> Void) {
        switch self {
        case .port, .service: break
        case .tunnel(let tunnel): body(.port(tunnel.port))
        case .subscriber(let subscriber): if let port = subscriber.port { body(.port(port)) }
        case .session(let session):
            body(.subscriber(session.subscriber))
            body(.service(session.service))
            session.up.forEachReference(body)
            session.down.forEachReference(body)
        case .group(let group):
            body(.subscriber(group.subscriber))
            body(.service(group.service))
            for session in group.sessions { body(.session(session)) }
        case .label(let label): body(.port(label.nextHop.port))
        }
    }
}

extension SessionWay {
    fileprivate func forEachReference(_ body: (TableKey) -> Void) {
        body(
            arrival.isTunnel
                ? .tunnel(TunnelIndex(rawValue: arrival.index)) : .port(UInt16(arrival.index)))
        body(.port(nextHop.port))
        if let tunnel { body(.tunnel(tunnel)) }
        switch userLabel?.context {
        case .tunnel(let tunnel): body(.tunnel(tunnel))
        case .port(let port): body(.port(port))
        case nil: break
        }
    }
}
