import Wire

extension Scenario {
    /// The inner packet's length: what fills an Ethernet frame of 64 bytes, 18 of which are its own.
    static let innerByteCount = 46
    /// The same of IPv6 packets, two bytes too long for that frame.
    static let inner6ByteCount = 48

    /// The frame of a session's packets as they come in.
    static func frame(_ plan: AddressPlan, _ operation: Operation, session: Int) -> [UInt8] {
        let tunnel = plan.tunnel(session)
        let inner = packet(plan, session: session, isUp: operation.isUp)
        switch operation {
        case .push, .encapsulate:
            return ethernet(.ipv4, from: access) + inner
        case .push6:
            return ethernet(.ipv6, from: access) + packet6(plan, session: session)
        case .pop:
            return ethernet(.mpls, from: network)
                + entry(plan.pathLabel(received: tunnel), isBottomOfStack: false)
                + entry(plan.userLabel(received: session), isBottomOfStack: true) + inner
        case .swap:
            return ethernet(.mpls, from: network)
                + entry(plan.transitLabel(received: session), isBottomOfStack: true) + inner
        case .decapsulate:
            return ethernet(.ipv4, from: network)
                + ipv4(.ipv4, from: plan.remote(tunnel), to: AddressPlan.own, payload: inner)
        }
    }

    private static func packet(_ plan: AddressPlan, session: Int, isUp: Bool) -> [UInt8] {
        let ports =
            isUp ? [AddressPlan.subscriberPort, AddressPlan.servicePort] : [443, AddressPlan.subscriberPort]
        let payload = [UInt8](repeating: 0, count: innerByteCount - 28)
        let udp = (ports + [UInt16(payload.count + 8), 0]).flatMap { octets($0) } + payload
        let subscriber = plan.subscriberAddress(session)
        let service = plan.serviceAddress(session)
        return ipv4(.udp, from: isUp ? subscriber : service, to: isUp ? service : subscriber, payload: udp)
    }

    private static func packet6(_ plan: AddressPlan, session: Int) -> [UInt8] {
        let payloadByteCount = UInt16(inner6ByteCount - 40)
        let source = plan.subscriberNetwork6(session)
        let destination = plan.servicePrefix6(plan.service(session))
        let header: [UInt8] = [0x60, 0, 0, 0] + octets(payloadByteCount) + [IPProtocol.udp.rawValue, 64]
        let addresses = [source.high, 1, destination.high, UInt64(1 + session % 251)].flatMap { octets($0) }
        let ports = [AddressPlan.subscriberPort, AddressPlan.servicePort, payloadByteCount, 0]
        return header + addresses + ports.flatMap { octets($0) }
    }

    private static func ethernet(_ type: EtherType, from port: UInt16) -> [UInt8] {
        AddressPlan.ownMAC[Int(port)].octets + AddressPlan.nextHopMAC[Int(port)].octets
            + octets(type.rawValue)
    }

    private static func entry(_ label: Label, isBottomOfStack: Bool) -> [UInt8] {
        octets(LabelStackEntry(label: label, isBottomOfStack: isBottomOfStack, ttl: 64).rawValue)
    }

    private static func ipv4(
        _ protocol: IPProtocol, from source: IPv4Address, to destination: IPv4Address, payload: [UInt8]
    ) -> [UInt8] {
        var header: [UInt8] = [0x45, 0] + octets(UInt16(20 + payload.count))
        header += [0, 0, 0x40, 0, 64, `protocol`.rawValue, 0, 0]
        header += octets(source.rawValue) + octets(destination.rawValue)
        setChecksum(&header, at: 0)
        return header + payload
    }

    /// Sets the checksum of the 20-byte IPv4 header that begins at `start`.
    static func setChecksum(_ frame: inout [UInt8], at start: Int) {
        (frame[start + 10], frame[start + 11]) = (0, 0)
        let sum = stride(from: start, to: start + 20, by: 2).reduce(UInt64(0)) {
            $0 + UInt64(frame[$1]) << 8 + UInt64(frame[$1 + 1])
        }
        let field = InternetChecksum.field(sum)
        (frame[start + 10], frame[start + 11]) = (UInt8(field >> 8), UInt8(field & 0xff))
    }

    private static func octets<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
        (0..<T.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> (T.bitWidth - 8 - 8 * $0)) }
    }
}
