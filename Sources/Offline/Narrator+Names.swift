import Exchange
import TableCompiler
import Tables
import Wire

/// What the tables number, by name.
extension Narrator {
    func session(_ index: ConversionIndex) -> Session { exchange.sessions[Int(index.session.rawValue)] }
    func conversionRecord(_ index: ConversionIndex) -> Conversion {
        names.contents.conversions[Int(index.rawValue)]
    }

    /// The session's conversion, known from the session step or from a user label.
    var conversionIndex: ConversionIndex? { trail.session ?? trail.userLabel?.conversion }

    var maximumInnerByteCount: Int? {
        conversionIndex.map { Int(conversionRecord($0).maximumInnerByteCount) }
    }

    /// The leg that packets of this direction leave by.
    func leavingLeg(_ index: ConversionIndex) -> Leg {
        index.direction == .up ? session(index).network : session(index).access
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
        case .capture(let interface): "capture \(interface)"
        case .file: "file"
        }
    }

    /// The compiled rules of a session: one for each protocol and range of ports.
    func rules(_ index: ConversionIndex?) -> [Tables.Rule] {
        guard let index else { return [] }
        let record = conversionRecord(index)
        return Array(names.contents.rules[record.firstRule..<record.firstRule + record.ruleCount])
    }

    /// `tcp 80`, `udp 5000–5009`, `icmp`, `anything`.
    func spelling(_ rule: Tables.Rule) -> String {
        guard !rule.anyProtocol else { return "anything" }
        let isIPv6 = trail.headers.last?.source.version == .v6
        let name = Words.protocol(isIPv6 ? rule.ipv6Protocol : rule.ipv4Protocol)
        guard rule.hasPorts else { return name }
        let ports =
            rule.lowestPort == rule.highestPort
            ? "\(rule.lowestPort)" : "\(rule.lowestPort)–\(rule.highestPort)"
        return "\(name) \(ports)"
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
        if let port = subscriber.port { return port }
        guard let index = exchange.subscribers.firstIndex(of: subscriber) else { return nil }
        let entry = names.contents.subscribers[index]
        return exchange.ports.indices.first { entry.isOn(port: UInt16($0)) }.map { exchange.ports[$0].name }
    }

    /// The port's own addresses of one version.
    func addresses(_ version: IPVersion) -> [IPAddress] {
        port.addresses.map(\.address).filter { $0.version == version }
    }

    /// Whether the node has any address of this version, to speak from.
    func hasAddress(_ version: IPVersion) -> Bool {
        names.contents.localAddresses.contains { $0.address.version == version }
    }

    /// Whether the node answers to the address on this port.
    func isOwn(_ address: IPAddress) -> Bool {
        names.contents.localAddresses.contains { $0.address == address }
            || address == .v6(IPv6Address(linkLocalFor: macAddress))
    }

    /// The port's MAC address, as it is without interfaces.
    var macAddress: MACAddress { names.contents.ports[run.port].macAddress }
}
