import Exchange
import Testbed
import Wire

/// Makes objects and changes out of pools so small that they often refer to one another, collide and depend
/// on one another; most fit what there is, some don't.
struct RandomExchange {
    var random: SeededGenerator

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    // MARK: Changes

    mutating func changes(_ state: State) -> [Change] {
        if random.once(in: 100) { return state.changes(to: shuffled(state.description)) }
        let count = random.once(in: 30) ? random.number(5...30) : random.number(1...3)
        return (0..<count).flatMap { _ in change(state) }
    }

    private mutating func change(_ state: State) -> [Change] {
        if random.once(in: 7), let key = existingKey(state) {
            var changes = [Change(.remove(key), expectedRevision: revision(key, state))]
            // What is renewed within one change.
            if random.once(in: 6), let object = state.object(key)?.object {
                changes.append(Change(.put(object)))
            }
            return changes
        }
        if random.once(in: 40) { return [Change(.remove(object(state).key))] }
        if random.once(in: 12) { return swap(state) }
        if random.once(in: 8) { return rework(state) }
        let object = random.once(in: 15) ? existingKey(state).flatMap { state.object($0)?.object } : nil
        let put = object ?? self.object(state)
        return [Change(.put(put), expectedRevision: revision(put.key, state))]
    }

    private mutating func revision(_ key: ExchangeKey, _ state: State) -> UInt64? {
        guard random.once(in: 5) else { return nil }
        return random.once(in: 4) ? UInt64(random.number(0...9)) : state.object(key)?.revision ?? 0
    }

    /// A session gets a path more or less, or others beside those that stay.
    private mutating func rework(_ state: State) -> [Change] {
        let sessions = state.sessions.all.map(\.entry.object)
        guard !sessions.isEmpty else { return [] }
        var session = random.element(sessions)
        guard case .tunnel = session.network.first else { return [] }
        var legs = session.network.each
        if legs.count > 1, random.once(in: 2) { legs.remove(at: random.number(0...legs.count - 1)) }
        if legs.count < 4 { legs.insert(leg(state), at: random.number(0...legs.count)) }
        session.network = Legs(legs)
        return [Change(.put(.session(session)))]
    }

    /// Two objects exchange what nobody may share.
    private mutating func swap(_ state: State) -> [Change] {
        if random.once(in: 2) {
            guard var one = state.subscribers["u\(random.number(0...3))"], var other = state.subscribers["u4"]
            else {
                return []
            }
            (one.addresses, other.addresses) = (other.addresses, one.addresses)
            return [Change(.put(.subscriber(one))), Change(.put(.subscriber(other)))]
        }
        guard var one = state.sessions["a\(random.number(0...5))"],
            var other = state.sessions["a\(random.number(6...11))"]
        else { return [] }
        (one.access, other.access) = (other.access, one.access)
        (one.network, other.network) = (other.network, one.network)
        return [Change(.put(.session(one))), Change(.put(.session(other)))]
    }

    /// The description with some objects replaced, added, moved or left out.
    private mutating func shuffled(_ description: ExchangeDescription) -> ExchangeDescription {
        var result = description
        result.labels.removeAll { _ in random.once(in: 6) }
        result.sessions.removeAll { _ in random.once(in: 6) }
        result.sessions.shuffle(using: &random)
        if random.once(in: 3) { result.conditions += result.conditions.prefix(2) }
        if !result.lines.isEmpty { result.lines[0].mtu = random.element([1400, 1450, 1500]) }
        return result
    }

    private mutating func existingKey(_ state: State) -> ExchangeKey? {
        let description = state.description
        let keys: [ExchangeKey] =
            switch random.number(0...11) {
            case 0: description.ports.map { .port($0.name) }
            case 1: description.lines.map { .line($0.name) }
            case 2: description.providers.map { .provider($0.name) }
            case 3: description.services.map { .service($0.name) }
            case 4: description.tunnels.map { .tunnel($0.name) }
            case 5: description.subscribers.map { .subscriber($0.name) }
            case 6: description.conditions.map { .condition($0.use) }
            case 7...9: description.sessions.map { .session($0.name) }
            default: description.labels.map { .label($0.in) }
            }
        return keys.isEmpty ? nil : random.element(keys)
    }

    // MARK: Objects

    mutating func object(_ state: State) -> ExchangeObject {
        switch random.number(0...19) {
        case 0...1: .port(port())
        case 2...3: .line(line())
        case 4:
            .provider(
                Provider(name: "v\(random.number(0...2))", title: random.element(["Acme", "Beta", ""])))
        case 5: .service(service())
        case 6...8: .tunnel(tunnel())
        case 9...10: .subscriber(subscriber())
        case 11...12: .condition(condition())
        case 13...17: .session(session(state))
        default: .label(binding())
        }
    }

    private func address(_ text: String) -> IPAddress {
        guard let address = IPAddress(text) else { preconditionFailure(text) }
        return address
    }
    private func prefix(_ text: String) -> IPPrefix {
        guard let prefix = IPPrefix(text) else { preconditionFailure(text) }
        return prefix
    }

    private mutating func port() -> Port {
        let number = random.number(0...5)
        let media: [PortMedium] = [
            .tun(interface: "tun0"), .tap(interface: "tap1"), .packet(interface: "eth2"),
            .packet(interface: "eth3"), .tun(interface: "tun4"), .file(read: "in", write: "out", link: .ip),
        ]
        let isOdd = random.once(in: 12)
        var port = Port(
            name: "p\(number)", medium: isOdd ? random.element(media) : media[number],
            role: (number < 2) != random.once(in: 20) ? .access : .network)
        let addresses = [
            ["10.1.0.1/24", "10.9.3.7/32"], ["10.1.1.1/24"], ["10.0.0.1/24", "2001:db8:f::1/64"],
            ["10.0.1.1/24"],
            [], ["10.0.0.1/24"],
        ]
        port.addresses = addresses[number].prefix(random.number(0...2)).compactMap { InterfaceAddress($0) }
        port.mtu = random.element([nil, nil, nil, 1500, 9000, 1290])
        if random.once(in: 3), (1...3).contains(number) {
            let neighbour = address(["10.1.1.9", "10.0.0.2", "10.0.1.2"][number - 1])
            port.neighbours = [Neighbour(address: neighbour, mac: MACAddress(rawValue: 0x0200_0000_0009))]
        }
        port.sendsErrors = !random.once(in: 5)
        if random.once(in: 5) { port.denied = .prohibited }
        if random.once(in: 5) {
            port.engine = random.element([.automatic, .ioUring, .ring, .mmsg, .readWrite])
        }
        if random.once(in: 5) { port.offload = .off }
        if case .packet(let interface) = port.medium, random.once(in: 4) {
            port.medium = .sharedPacket(interface: interface)
        }
        if random.once(in: 8) { port.routes = .prefixes([prefix("10.5.0.0/16")]) }
        return port
    }

    private mutating func line() -> Line {
        let port = random.element([2, 2, 3, 3, 4, 5, 1])
        let nextHop: IPAddress? = port == 2 ? address("10.0.0.2") : port == 3 ? address("10.0.1.2") : nil
        return Line(
            name: "l\(random.number(0...3))", port: "p\(port)", nextHop: random.once(in: 20) ? nil : nextHop,
            vlan: random.once(in: 6) ? [UInt16(random.number(1...9))] : [],
            mtu: random.element([1500, 1500, 1500, 1400, 1286]),
            capacityBitsPerSecond: random.element([nil, nil, 1_000, 2_000]))
    }

    private mutating func service() -> Service {
        let number = random.number(0...3)
        let own = ["198.51.\(number).0/24", "2001:db8:\(number)::/48", "198.51.\(number).128/25"]
        let other = random.once(in: 8) ? ["198.51.\(random.number(0...3)).0/24"] : []
        return Service(
            name: "s\(number)", provider: "v\(random.number(0...2))",
            prefixes: (own.shuffled(using: &random).prefix(random.number(1...2)) + other).map { prefix($0) })
    }

    private mutating func tunnel() -> Tunnel {
        var encapsulation: Tunnel.Encapsulation
        if random.once(in: 4) {
            encapsulation = .ipip(
                IPIPEncapsulation(
                    local: address(random.element(["10.0.0.1", "10.7.0.1"])),
                    remote: address(
                        random.element(["10.0.0.2", "10.0.1.1", "10.7.0.2", "10.7.0.3", "10.9.2.7"])),
                    ttl: random.element([.fixed(64), .copy, .fixed(1)]),
                    dscp: random.element([.copy, .fixed(46), .map(map(ClassMap.dscpCount))]),
                    ecn: random.element([.normal, .compatibility]), df: random.element([.copy, .set]),
                    innerDSCP: random.element([.keep, .outer])))
            if random.once(in: 4) {
                encapsulation = .ipip(
                    IPIPEncapsulation(
                        local: address("2001:db8:f::1"),
                        remote: address(random.element(["2001:db8:f::2", "2001:db8:9:2::1", "10.0.0.2"])),
                        df: random.once(in: 12) ? .set : .copy))
            }
        } else {
            var mpls = MPLSEncapsulation(
                trafficClass: random.element([.copy, .fixed(5), .map(map(ClassMap.dscpCount))]),
                innerDSCP: random.once(in: 4) ? map(ClassMap.trafficClassCount) : nil)
            mpls.php = random.once(in: 3)
            mpls.receive = mpls.php ? nil : label(16...27)
            if random.once(in: 4) {
                mpls.null = random.element([.implicit, .explicit])
            } else {
                mpls.send = (0..<random.element([1, 1, 1, 2, 7, 8])).map { _ in label(16...99) }
            }
            if random.once(in: 3) { mpls.ttl = .pipe(UInt8(random.number(1...255))) }
            encapsulation = .mpls(mpls)
        }
        if random.once(in: 30) { encapsulation = .mpls(MPLSEncapsulation()) }
        if case .ipip(let outer) = encapsulation, random.once(in: 2) {
            encapsulation = .mplsudp(
                MPLSUDPEncapsulation(
                    outer: outer, send: random.once(in: 2) ? label(16...99) : nil,
                    receive: random.once(in: 2) ? label(15...27) : nil,
                    checksum: random.element([nil, .on, .off])))
        }
        return Tunnel(
            name: "t\(random.number(0...5))", line: "l\(random.number(0...3))", encapsulation: encapsulation,
            capacityBitsPerSecond: random.element([nil, nil, 400, 700, 1_500]),
            clampsMSS: random.once(in: 4), policer: policer())
    }

    private mutating func subscriber() -> Subscriber {
        let number = random.number(0...5)
        let other = random.once(in: 10) ? random.number(0...5) : number
        let own = [
            "10.9.\(number).0/26", "10.9.\(other).64/26", "10.9.\(other).7", "2001:db8:9:\(number)::/64",
            "10.9.\(number).0/24",
        ]
        let addresses = own.shuffled(using: &random).prefix(random.number(1...2)).map { prefix($0) }
        let port: String? = random.element([nil, "p0", "p1"])
        let hasTags = port == "p1" && random.once(in: 2)
        return Subscriber(
            name: "u\(number)", port: port, addresses: addresses,
            vlan: hasTags ? [UInt16(random.number(1...9))] : [],
            nextHop: port == "p1" && random.once(in: 2) ? address("10.1.1.9") : nil)
    }

    private mutating func condition() -> Condition {
        let rules: [Rule]? = random.element([
            nil, [Rule(protocol: .tcp, ports: [80...80, 443...443])],
            [Rule(protocol: .icmp), Rule(protocol: .number(47))],
            [
                Rule(protocol: .icmp, types: [.echo, .tooBig]),
                Rule(protocol: .number(58), types: [.number(135)]),
                Rule(dscps: [46, 10]),
            ],
            [Rule(protocol: .udp, types: random.once(in: 5) ? [.echo] : [])],
        ])
        return Condition(
            subscriber: "u\(random.number(0...5))", service: "s\(random.number(0...3))",
            allow: random.once(in: 25) ? [] : rules)
    }

    private mutating func session(_ state: State) -> Session {
        let uses = state.conditions.all.map(\.entry.key)
        let use =
            uses.isEmpty || random.once(in: 12)
            ? UseOfService(subscriber: "u\(random.number(0...5))", service: "s\(random.number(0...3))")
            : random.element(uses)
        let home = state.subscribers[use.subscriber]?.port ?? random.element(["p0", "p1"])
        return Session(
            name: "a\(random.number(0...11))", subscriber: use.subscriber, service: use.service,
            access: random.once(in: 3)
                ? tunnelled(state) : .plain(port: random.once(in: 15) ? "p1" : home, nextHop: nil),
            network: random.once(in: 4)
                ? .plain(port: random.element(["p2", "p3", "p4", "p0"]), nextHop: nil) : tunnelled(state),
            upPolicer: policer(), downPolicer: policer())
    }

    /// One tunnel, or several, which needn't be different ones.
    private mutating func tunnelled(_ state: State) -> Legs {
        // Few, so that many a change leaves some of them.
        let count = random.element([1, 1, 1, 2, 3])
        return Legs((0..<count).map { _ in leg(state) })
    }

    private mutating func policer() -> Policer? {
        guard random.once(in: 6) else { return nil }
        return Policer(
            committedBitsPerSecond: random.element([0, 8_000, 1_000_000_000_000]),
            peakBitsPerSecond: random.element([nil, nil, 9_000, 1_000_000_000_000]),
            committedBurstByteCount: random.element([nil, 1, 5_000]),
            peakBurstByteCount: random.element([nil, nil, nil, 0, 6_000]),
            green: random.element([.pass, .dscp(46)]), yellow: random.element([.pass, .trafficClass(3)]))
    }

    private mutating func map(_ count: Int) -> ClassMap {
        var map = ClassMap(count: count)
        for _ in 0..<random.number(0...3) { map[random.number(0...count - 1)] = UInt8(random.number(0...8)) }
        return map
    }

    private mutating func leg(_ state: State) -> Leg {
        let names = state.tunnels.all.map(\.entry.key)
        let name = names.isEmpty || random.once(in: 30) ? "t0" : random.element(names)
        if case .ipip = state.tunnels[name]?.encapsulation, !random.once(in: 20) {
            return .tunnel(name: name, send: nil, receive: nil)
        }
        return .tunnel(
            name: name, send: label(16...99), receive: random.once(in: 25) ? nil : label(16...45))
    }

    private mutating func binding() -> LabelBinding {
        let operation: LabelBinding.Operation = random.element([
            .pop, .swap([label(16...99)]), .swap([label(16...99), label(16...99)]),
            .swap((0..<random.number(6...9)).map { _ in label(16...99) }),
        ])
        return LabelBinding(
            in: label(random.once(in: 20) ? 10...20 : 16...35), operation: operation,
            via: random.once(in: 2) ? .line("l\(random.number(0...3))") : .tunnel("t\(random.number(0...5))"))
    }

    private mutating func label(_ range: ClosedRange<Int>) -> Label {
        Label(unchecked: UInt32(random.number(range)))
    }
}
