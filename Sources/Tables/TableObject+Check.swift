extension TableObject {
    /// What no table could hold, whatever else is in it; nil: nothing.
    var fault: String? {
        switch self {
        case .port: nil
        case .tunnel: nil
        case .subscriber(let subscriber): Self.fault(tags: subscriber.tags)
        case .service: nil
        case .session(let session):
            session.rules.count > 255
                ? "\(session.rules.count) rules; 255 are possible"
                : Self.fault(session.up, "up") ?? Self.fault(session.down, "down")
        case .label(let label):
            if label.labels.count > 3 {
                "\(label.labels.count) labels to send; 3 are possible"
            } else if label.labels.isEmpty && !label.pops {
                "neither popped nor replaced"
            } else {
                Self.fault(tags: label.nextHop.tags)
            }
        }
    }

    private static func fault(_ way: SessionWay, _ direction: String) -> String? {
        if let fault = fault(tags: way.nextHop.tags) { return "\(direction): \(fault)" }
        switch way.push {
        case .nothing: return nil
        case .labels(let labels, _):
            return (1...2).contains(labels.count)
                ? nil : "\(direction): \(labels.count) labels to push; 1 or 2 are possible"
        case .ipv4(_, _, _, let dscp, _):
            return dscp < 64 ? nil : "\(direction): DSCP \(dscp); 63 is the highest"
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
            for way in [session.up, session.down] {
                body(
                    way.arrival.isTunnel
                        ? .tunnel(TunnelIndex(rawValue: way.arrival.index))
                        : .port(UInt16(way.arrival.index)))
                body(.port(way.nextHop.port))
                switch way.userLabel?.context {
                case .tunnel(let tunnel): body(.tunnel(tunnel))
                case .port(let port): body(.port(port))
                case nil: break
                }
            }
        case .label(let label): body(.port(label.nextHop.port))
        }
    }
}
