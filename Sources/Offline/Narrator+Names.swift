import Exchange
import TableCompiler
import Tables
import Wire

/// What the tables number, by name.
extension Narrator {
    func session(_ index: ConversionIndex) -> Session {
        exchange.sessions[names.places[Int(index.session.rawValue)].session]
    }
    func way(_ index: ConversionIndex) -> SessionWay {
        let session = names.sessionObjects[Int(index.session.rawValue)]
        return index.direction == .up ? session.up : session.down
    }

    /// The session's conversion, known from the session step or from a user label.
    var conversionIndex: ConversionIndex? { trail.session ?? trail.userLabel?.conversion }

    var maximumInnerByteCount: Int? {
        conversionIndex.map {
            let way = way($0)
            let port = Int(way.nextHop.port)
            let linkMTU = names.facts.mtus[port].map { UInt16(clamping: $0) }
            return Int(way.maximumInnerByteCount ?? names.ports[port].plainByteCount(linkMTU: linkMTU))
        }
    }

    /// The leg that packets of this direction leave by.
    func leavingLeg(_ index: ConversionIndex) -> Leg {
        let path = names.places[Int(index.session.rawValue)].path
        return index.direction == .up ? path.network : path.access
    }

    func tunnel(_ name: String) -> Tunnel? { exchange.tunnels.first { $0.name == name } }
    func line(of tunnel: Tunnel) -> Line? { exchange.lines.first { $0.name == tunnel.line } }

    func tunnel(of leg: Leg) -> Tunnel? {
        if case .tunnel(let name, _, _) = leg { tunnel(name) } else { nil }
    }

    /// `port access0` or `tunnel acme-north`.
    func spelling(_ leg: Leg) -> String {
        switch leg {
        case .plain(let port, _): "port \(port)"
        case .tunnel(let name, _, _): "tunnel \(name)"
        }
    }

    /// How the packet came.
    var arrival: String {
        if let tunnel = trail.tunnel ?? trail.pathLabel?.tunnel { return "tunnel \(names.tunnels[tunnel])" }
        return "port \(port.name)"
    }

    func medium(_ port: Port) -> String {
        switch port.medium {
        case .tun(let interface): "tun \(interface)"
        case .tap(let interface): "tap \(interface)"
        case .packet(let interface): "packet \(interface)"
        case .sharedPacket(let interface): "packet \(interface), shared"
        case .capture(let interface): "capture \(interface)"
        case .file: "file"
        }
    }

    /// Subscriber, or service, as an index into the exchange.
    var subscriber: Subscriber? {
        trail.subscriber.flatMap { $0.isIndex ? exchange.subscribers[Int($0.index)] : nil }
    }
    var service: Service? {
        trail.service.flatMap { $0.isIndex ? exchange.services[Int($0.index)] : nil }
    }

    /// Where a subscriber's packets must come in: the port in the register, else that of a plain access leg.
    func home(of subscriber: Subscriber) -> String? {
        subscriber.port ?? names.state.accessPort(ofSubscriber: subscriber.name)
    }

    /// The port's own addresses of one version.
    func addresses(_ version: IPVersion) -> [IPAddress] {
        port.addresses.map(\.address).filter { $0.version == version }
    }

    /// Whether the node has any address of this version, to speak from.
    func hasAddress(_ version: IPVersion) -> Bool {
        let isOnPort = exchange.ports.contains {
            $0.addresses.contains { $0.address.version == version }
        }
        let isTunnelEnd = exchange.tunnels.contains {
            $0.encapsulation.outer?.local.version == version
        }
        return isOnPort || isTunnelEnd
    }

    /// Whether the node answers to the address on this port.
    func isOwn(_ address: IPAddress) -> Bool {
        let isTunnelEnd = exchange.tunnels.contains {
            $0.encapsulation.outer?.local == address
        }
        return isTunnelEnd || exchange.ports.contains { $0.addresses.contains { $0.address == address } }
            || address == .v6(IPv6Address(linkLocalFor: macAddress))
    }

    /// The port's MAC address, as it is without interfaces.
    var macAddress: MACAddress { names.facts.macAddresses[run.port] ?? MACAddress(rawValue: 0) }
}

extension CompiledExchange {
    /// The label binding that an NHLFE was made from: they are numbered by the incoming label.
    func binding(_ index: NHLFEIndex) -> LabelBinding {
        guard let label = Label(rawValue: index.rawValue), let binding = state.labels[label] else {
            preconditionFailure("NHLFE \(index.rawValue) has no label binding")
        }
        return binding
    }
}
