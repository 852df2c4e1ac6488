import Wire

extension SessionObject {
    func encode(_ writer: inout ByteWriter) {
        writer.write(session)
        writer.write(leg)
        writer.write(subscriber.rawValue)
        writer.write(service.rawValue)
        writer.write(rules) { $1.encode(&$0) }
        up.encode(&writer)
        down.encode(&writer)
        writer.write(isGrouped)
    }

    static func decode(_ slot: SessionIndex, _ reader: inout ByteReader) throws(ByteReaderError)
        -> SessionObject
    {
        let session = try reader.read(UInt64.self)
        let leg = try reader.read(UInt32.self)
        let subscriber = SubscriberIndex(rawValue: try reader.read())
        let service = ServiceIndex(rawValue: try reader.read())
        let rules = try reader.readList(elementByteCount: 16) { (reader) throws(ByteReaderError) in
            try Rule.decode(&reader)
        }
        let up = try SessionWay.decode(&reader)
        let down = try SessionWay.decode(&reader)
        return SessionObject(
            slot: slot, session: session, leg: leg, subscriber: subscriber, service: service, rules: rules,
            up: up, down: down, isGrouped: try reader.readFlag())
    }
}

extension SessionWay {
    fileprivate func encode(_ writer: inout ByteWriter) {
        writer.write(arrival.isTunnel)
        writer.write(arrival.index)
        writer.write(userLabel) { writer, userLabel in
            switch userLabel.context {
            case .tunnel(let tunnel):
                writer.write(UInt8(1))
                writer.write(tunnel.rawValue)
            case .port(let port):
                writer.write(UInt8(2))
                writer.write(UInt32(port))
            }
            writer.write(userLabel.label.rawValue)
        }
        nextHop.encode(&writer)
        push.encode(&writer)
        writer.write(tunnel) { $0.write($1.rawValue) }
        writer.write(maximumInnerByteCount) { $0.write($1) }
        writer.write(segmentLimit) { $0.write($1) }
        writer.write(classMap) { writer, map in writer.write(map) { $0.write($1) } }
        writer.write(policer) { $1.encode(&$0) }
    }

    fileprivate static func decode(_ reader: inout ByteReader) throws(ByteReaderError) -> SessionWay {
        let isTunnel = try reader.readFlag()
        let index = try reader.read(UInt32.self)
        guard index <= (isTunnel ? 0x7fff_ffff : UInt32(UInt16.max)) else {
            throw reader.fault("an arrival at \(index)", back: 4)
        }
        let arrival =
            isTunnel ? Arrival(tunnel: TunnelIndex(rawValue: index)) : Arrival(port: UInt16(index))
        let userLabel = try reader.readOptional { (reader) throws(ByteReaderError) in
            let context = try LabelContext.decode(&reader)
            return UserLabel(context: context, label: try reader.readLabel())
        }
        let nextHop = try NextHop.decode(&reader)
        let push = try Push.decode(&reader)
        let tunnel = try reader.readOptional { (reader) throws(ByteReaderError) in
            TunnelIndex(rawValue: try reader.read())
        }
        let limit: UInt16? = try reader.readOptional { (reader) throws(ByteReaderError) in
            try reader.read()
        }
        let segmentLimit: UInt16? = try reader.readOptional { (reader) throws(ByteReaderError) in
            try reader.read()
        }
        let classMap: [UInt8]? = try reader.readOptional { (reader) throws(ByteReaderError) in
            try reader.readList(elementByteCount: 1) { (reader) throws(ByteReaderError) in
                try reader.read()
            }
        }
        let policer = try reader.readOptional { (reader) throws(ByteReaderError) in
            try Policer.decode(&reader)
        }
        return SessionWay(
            arrival: arrival, userLabel: userLabel, nextHop: nextHop, push: push, tunnel: tunnel,
            maximumInnerByteCount: limit, segmentLimit: segmentLimit, classMap: classMap, policer: policer)
    }
}

extension LabelContext {
    fileprivate static func decode(_ reader: inout ByteReader) throws(ByteReaderError) -> LabelContext {
        let kind = try reader.read(UInt8.self)
        let number = try reader.read(UInt32.self)
        switch kind {
        case 1: return .tunnel(TunnelIndex(rawValue: number))
        case 2:
            guard let port = UInt16(exactly: number) else { throw reader.fault("a port \(number)", back: 4) }
            return .port(port)
        default: throw reader.fault("a label context of kind \(kind)", back: 5)
        }
    }
}

extension SessionWay.Push {
    fileprivate func encode(_ writer: inout ByteWriter) {
        switch self {
        case .nothing: writer.write(UInt8(0))
        case .labels(let entries, let flags):
            writer.write(UInt8(1))
            writer.write(entries) { $0.write($1.rawValue) }
            writer.write(flags.rawValue)
        case .outer(let source, let destination, let ttl, let dscp, let flags):
            writer.write(UInt8(2))
            writer.write(address: source)
            writer.write(address: destination)
            writer.write(ttl)
            writer.write(dscp)
            writer.write(flags.rawValue)
        case .datagram(let datagram, let flags):
            writer.write(UInt8(3))
            writer.write(address: datagram.source)
            writer.write(address: datagram.destination)
            writer.write(datagram.ttl)
            writer.write(datagram.dscp)
            writer.write(datagram.pathLabel) { $0.write($1.rawValue) }
            writer.write(datagram.userLabel.rawValue)
            writer.write(datagram.hasChecksum)
            writer.write(flags.rawValue)
        }
    }

    fileprivate static func decode(_ reader: inout ByteReader) throws(ByteReaderError) -> Self {
        func flags() throws(ByteReaderError) -> Conversion.Flags {
            let bits = try reader.read(UInt8.self)
            guard bits < 16 else { throw reader.fault("unknown flags \(bits)", back: 1) }
            return Conversion.Flags(rawValue: bits)
        }
        let kind = try reader.read(UInt8.self)
        switch kind {
        case 0: return .nothing
        case 1:
            let entries = try reader.readList(elementByteCount: 4) { (reader) throws(ByteReaderError) in
                LabelStackEntry(rawValue: try reader.read())
            }
            return .labels(entries, try flags())
        case 2:
            let source = try reader.readAddress()
            let destination = try reader.readAddress()
            let ttl = try reader.read(UInt8.self)
            let dscp = try reader.read(UInt8.self)
            return .outer(source: source, destination: destination, ttl: ttl, dscp: dscp, try flags())
        case 3:
            let datagram = SessionWay.Datagram(
                source: try reader.readAddress(), destination: try reader.readAddress(),
                ttl: try reader.read(), dscp: try reader.read(),
                pathLabel: try reader.readOptional { (reader) throws(ByteReaderError) in
                    try reader.readLabel()
                }, userLabel: try reader.readLabel(), hasChecksum: try reader.readFlag())
            return .datagram(datagram, try flags())
        default: throw reader.fault("an encapsulation of kind \(kind)", back: 1)
        }
    }
}

extension Rule {
    fileprivate func encode(_ writer: inout ByteWriter) {
        writer.write(ipv4Protocol.rawValue)
        writer.write(ipv6Protocol.rawValue)
        writer.write(anyProtocol)
        writer.write(match.rawValue)
        writer.write(low)
        writer.write(high)
        writer.write(dscps)
    }

    fileprivate static func decode(_ reader: inout ByteReader) throws(ByteReaderError) -> Rule {
        var rule = Rule(
            ipv4Protocol: IPProtocol(rawValue: try reader.read()),
            ipv6Protocol: IPProtocol(rawValue: try reader.read()))
        rule.anyProtocol = try reader.readFlag()
        let match = try reader.read(UInt8.self)
        guard let read = Rule.Match(rawValue: match) else {
            throw reader.fault("a rule of kind \(match)", back: 1)
        }
        rule.match = read
        rule.low = try reader.read()
        rule.high = try reader.read()
        rule.dscps = try reader.read()
        return rule
    }
}
