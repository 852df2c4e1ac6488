import Tables
import Testbed
import Wire

/// Table objects at random, from few slots, labels and addresses, so that they meet often.
struct RandomObjects {
    var generator: SeededGenerator

    static let portCount = 4
    static let tunnelCount = 5
    static let subscriberCount = 6
    static let serviceCount = 4
    static let sessionCount = 8
    static let labels = (16..<30).map { Label(unchecked: $0) }
    static let addresses4 = (1...6).map { IPv4Address(rawValue: 0x0a00_0000 + $0) }
    static let addresses6 = (1...4).map { IPv6Address(high: 0x2001_0db8 << 32, low: $0) }
    static let prefixes: [IPPrefix] =
        addresses4.map { IPPrefix(.v4($0)) } + addresses6.map { IPPrefix(.v6($0)) }
        + [0, 8, 24, 30, 31].map { IPPrefix(covering: .v4(addresses4[2]), bitCount: $0) }
        + [0, 32, 64, 126].map { IPPrefix(covering: .v6(addresses6[2]), bitCount: $0) }

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    mutating func key() -> TableKey {
        switch generator.number(0...13) {
        case 0: .port(UInt16(generator.number(0...Self.portCount - 1)))
        case 1, 2: .tunnel(tunnel())
        case 3, 4: .subscriber(subscriber())
        case 5: .service(service())
        case 6...9: .session(SessionIndex(rawValue: UInt32(generator.number(0...Self.sessionCount - 1))))
        case 10, 11: .group(SessionIndex(rawValue: UInt32(generator.number(0...Self.sessionCount - 1))))
        default: .label(generator.element(Self.labels))
        }
    }

    mutating func object(_ key: TableKey) -> TableObject {
        switch key {
        case .port(let slot): .port(port(slot))
        case .tunnel(let slot):
            .tunnel(
                TunnelObject(
                    slot: slot, port: portSlot(), tags: tags(), end: end(), innerClass: innerClass(),
                    policer: policer()))
        case .subscriber(let slot):
            .subscriber(
                SubscriberObject(
                    slot: slot, port: generator.once(in: 3) ? nil : portSlot(), tags: tags(),
                    prefixes: prefixes()))
        case .service(let slot): .service(ServiceObject(slot: slot, prefixes: prefixes()))
        case .session(let slot): .session(session(slot))
        case .group(let slot): .group(group(slot))
        case .label(let label): .label(transit(label))
        }
    }

    mutating func change() -> Transaction.Change {
        let key = key()
        return generator.once(in: 3) ? .remove(key) : .set(object(key))
    }

    private mutating func portSlot() -> UInt16 { UInt16(generator.number(0...Self.portCount - 1)) }
    private mutating func tunnel() -> TunnelIndex {
        TunnelIndex(rawValue: UInt32(generator.number(0...Self.tunnelCount - 1)))
    }
    private mutating func subscriber() -> SubscriberIndex {
        SubscriberIndex(rawValue: UInt32(generator.number(0...Self.subscriberCount - 1)))
    }
    private mutating func service() -> ServiceIndex {
        ServiceIndex(rawValue: UInt32(generator.number(0...Self.serviceCount - 1)))
    }
    private mutating func mac() -> MACAddress { MACAddress(rawValue: generator.next()) }
    private mutating func tags() -> [UInt16] {
        (0..<generator.number(0...2)).map { _ in UInt16(generator.number(1...3)) }
    }
    private mutating func address() -> IPAddress {
        generator.once(in: 2)
            ? .v4(generator.element(Self.addresses4)) : .v6(generator.element(Self.addresses6))
    }
    private mutating func prefixes() -> [IPPrefix] {
        (0..<generator.number(0...2)).map { _ in generator.element(Self.prefixes) }
    }

    private mutating func port(_ slot: UInt16) -> PortObject {
        let media: [PortMedium] = [
            .tun(interface: "t"), .tap(interface: "t"), .packet(interface: "p"), .capture(interface: "c"),
            .file(read: nil, write: "/out", isEthernet: true),
            .file(read: "/in", write: nil, isEthernet: false),
        ]
        let routes: [PortRoutes] = [.none, .services, .subscribers, .prefixes(prefixes())]
        var port = PortObject(
            slot: slot, name: "port\(slot)", medium: generator.element(media),
            role: generator.once(in: 2) ? .access : .network)
        port.addresses = (0..<generator.number(0...2)).compactMap { _ in
            let address = address()
            return InterfaceAddress(address, bitCount: generator.number(0...32))
        }
        port.answersDenied = generator.once(in: 2)
        port.sendsErrors = generator.once(in: 2)
        port.mac = generator.once(in: 2) ? mac() : nil
        port.mtu = generator.once(in: 2) ? UInt16(generator.number(1300...1500)) : nil
        port.routes = generator.element(routes)
        port.neighbours = (0..<generator.number(0...2)).map { _ in
            StaticNeighbour(address: address(), mac: mac())
        }
        return port
    }

    private mutating func end() -> TunnelObject.End {
        switch generator.number(0...5) {
        case 0: .mpls(receive: nil, handsOnTTL: generator.once(in: 2))
        case 1: .mpls(receive: generator.element(Self.labels), handsOnTTL: generator.once(in: 2))
        case 2:
            .mplsudp(
                remote: .v4(generator.element(Self.addresses4)),
                local: .v4(generator.element(Self.addresses4)),
                receive: generator.once(in: 2) ? generator.element(Self.labels) : nil,
                needsChecksum: generator.once(in: 2))
        case 3:
            .mplsudp(
                remote: .v6(generator.element(Self.addresses6)),
                local: .v6(generator.element(Self.addresses6)), receive: nil, needsChecksum: true)
        case 4:
            .ipip(
                remote: .v6(generator.element(Self.addresses6)),
                local: .v6(generator.element(Self.addresses6)))
        default:
            .ipip(
                remote: .v4(generator.element(Self.addresses4)),
                local: .v4(generator.element(Self.addresses4)))
        }
    }

    private mutating func innerClass() -> TunnelObject.InnerClass {
        switch generator.number(0...2) {
        case 0: .keep
        case 1: .outer
        default: .map((0..<8).map { _ in UInt8(generator.number(0...64)) })
        }
    }

    /// One of few, so that equal ones meet.
    private mutating func policer() -> Policer? {
        guard generator.once(in: 2) else { return nil }
        let rate = UInt64(generator.number(1...2)) * 1_000_000
        let actions: [Policer.Action] = [.pass, .drop, .dscp(10), .trafficClass(3)]
        return Policer(
            committedBitsPerSecond: rate, peakBitsPerSecond: 2 * rate, committedBurstByteCount: 3000,
            peakBurstByteCount: 6000, yellow: generator.element(actions))
    }

    private mutating func nextHop() -> NextHop {
        NextHop(port: portSlot(), tags: tags(), address: generator.once(in: 3) ? nil : address())
    }

    private mutating func rules() -> [Rule] {
        (0..<generator.number(0...3)).map { _ in
            if generator.once(in: 4) { return .any }
            if generator.once(in: 4) {
                return Rule(
                    icmpTypes: Rule.ICMPTypes(v4Up: 8, v4Down: 0, v6Up: 128, v6Down: 129),
                    dscps: generator.next())
            }
            let low = UInt16(generator.number(1...2))
            return Rule(
                ipv4Protocol: .udp, ipv6Protocol: .udp, ports: generator.once(in: 2) ? low...low + 1 : nil)
        }
    }

    private mutating func way() -> SessionWay {
        let arrival = generator.once(in: 2) ? Arrival(port: portSlot()) : Arrival(tunnel: tunnel())
        let context: LabelContext = generator.once(in: 2) ? .tunnel(tunnel()) : .port(portSlot())
        let label = SessionWay.UserLabel(context: context, label: generator.element(Self.labels))
        let push: SessionWay.Push =
            switch generator.number(0...2) {
            case 0: .nothing
            case 1:
                .labels(
                    (0...generator.number(0...7)).map { _ in
                        LabelStackEntry(rawValue: UInt32(truncatingIfNeeded: generator.next()))
                    }, Conversion.Flags(rawValue: UInt8(generator.number(0...3))))
            default: outer()
            }
        return SessionWay(
            arrival: arrival, userLabel: generator.once(in: 2) ? label : nil, nextHop: nextHop(), push: push,
            tunnel: generator.once(in: 2) ? tunnel() : nil,
            maximumInnerByteCount: generator.once(in: 2) ? UInt16(generator.number(1280...1500)) : nil,
            segmentLimit: generator.once(in: 4) ? UInt16(generator.number(1280...1300)) : nil,
            classMap: generator.once(in: 4)
                ? Array(repeating: UInt8(generator.number(0...1)), count: 64) : nil,
            policer: policer())
    }

    private mutating func outer() -> SessionWay.Push {
        let isIPv4 = generator.once(in: 2)
        func address(_ generator: inout SeededGenerator) -> IPAddress {
            isIPv4 ? .v4(generator.element(Self.addresses4)) : .v6(generator.element(Self.addresses6))
        }
        if generator.once(in: 2) {
            return .datagram(
                SessionWay.Datagram(
                    source: address(&generator), destination: address(&generator), ttl: generator.octet(),
                    dscp: UInt8(generator.number(0...63)),
                    pathLabel: generator.once(in: 2) ? generator.element(Self.labels) : nil,
                    userLabel: generator.element(Self.labels), hasChecksum: generator.once(in: 2)),
                Conversion.Flags(rawValue: UInt8(generator.number(0...15))))
        }
        return .outer(
            source: address(&generator), destination: address(&generator), ttl: generator.octet(),
            dscp: UInt8(generator.number(0...63)),
            Conversion.Flags(rawValue: UInt8(generator.number(0...15))))
    }

    private mutating func session(_ slot: SessionIndex) -> SessionObject {
        var session = SessionObject(
            slot: slot, session: UInt64(generator.number(0...20)), leg: UInt32(generator.number(0...20)),
            subscriber: subscriber(), service: service(), rules: rules(), up: way(), down: way(),
            isGrouped: generator.once(in: 2))
        // Grouped ones mostly where a group looks for them.
        if session.isGrouped, !generator.once(in: 8) {
            (session.subscriber, session.service) = (Self.subscriber(ofGrouped: slot), Self.serviceOfGrouped)
            if generator.once(in: 2) {
                session.up.userLabel = .init(context: .port(0), label: Self.labels[Int(slot.rawValue % 2)])
            }
        }
        return session
    }

    private static func subscriber(ofGrouped slot: SessionIndex) -> SubscriberIndex {
        SubscriberIndex(rawValue: slot.rawValue % 2)
    }
    private static let serviceOfGrouped = ServiceIndex(rawValue: 0)

    private mutating func group(_ slot: SessionIndex) -> PathGroupObject {
        let all = stride(from: slot.rawValue % 2, to: UInt32(Self.sessionCount), by: 2).map {
            SessionIndex(rawValue: $0)
        }
        let count = generator.once(in: 10) ? generator.number(0...9) : 2
        return PathGroupObject(
            slot: slot, subscriber: Self.subscriber(ofGrouped: slot), service: Self.serviceOfGrouped,
            sessions: count == 2
                ? Array(all.shuffled(using: &generator).prefix(2))
                : (0..<count).map { _ in generator.element(all) })
    }

    private mutating func transit(_ label: Label) -> LabelObject {
        LabelObject(
            label: label, labels: (0..<generator.number(0...8)).map { _ in generator.element(Self.labels) },
            pops: generator.once(in: 2), nextHop: nextHop(), mtu: UInt16(generator.number(1300...1500)))
    }
}
