import Wire

extension TableObject {
    /// The object as it travels: its key, then what it says.
    func encode(_ writer: inout ByteWriter) {
        key.encode(&writer)
        switch self {
        case .port(let port): port.encode(&writer)
        case .tunnel(let tunnel): tunnel.encode(&writer)
        case .subscriber(let subscriber): subscriber.encode(&writer)
        case .service(let service): writer.write(service.prefixes) { $0.write(prefix: $1) }
        case .session(let session): session.encode(&writer)
        case .group(let group): group.encode(&writer)
        case .label(let label): label.encode(&writer)
        }
    }

    static func decode(_ reader: inout ByteReader) throws(ByteReaderError) -> TableObject {
        switch try TableKey.decode(&reader) {
        case .port(let slot): return .port(try PortObject.decode(slot, &reader))
        case .tunnel(let slot): return .tunnel(try TunnelObject.decode(slot, &reader))
        case .subscriber(let slot): return .subscriber(try SubscriberObject.decode(slot, &reader))
        case .service(let slot):
            let prefixes = try reader.readList(elementByteCount: 6) {
                (reader) throws(ByteReaderError) in try reader.readPrefix()
            }
            return .service(ServiceObject(slot: slot, prefixes: prefixes))
        case .session(let slot): return .session(try SessionObject.decode(slot, &reader))
        case .group(let slot): return .group(try PathGroupObject.decode(slot, &reader))
        case .label(let label): return .label(try LabelObject.decode(label, &reader))
        }
    }
}

extension TableKey {
    /// The kind in one byte, and the slot or label in four.
    func encode(_ writer: inout ByteWriter) {
        let (kind, number): (UInt8, UInt32) =
            switch self {
            case .port(let slot): (1, UInt32(slot))
            case .tunnel(let slot): (2, slot.rawValue)
            case .subscriber(let slot): (3, slot.rawValue)
            case .service(let slot): (4, slot.rawValue)
            case .session(let slot): (5, slot.rawValue)
            case .label(let label): (6, label.rawValue)
            case .group(let slot): (7, slot.rawValue)
            }
        writer.write(kind)
        writer.write(number)
    }

    static func decode(_ reader: inout ByteReader) throws(ByteReaderError) -> TableKey {
        let kind = try reader.read(UInt8.self)
        let number = try reader.read(UInt32.self)
        switch kind {
        case 1:
            guard let slot = UInt16(exactly: number) else { throw reader.fault("a port \(number)", back: 4) }
            return .port(slot)
        case 2: return .tunnel(TunnelIndex(rawValue: number))
        case 3: return .subscriber(SubscriberIndex(rawValue: number))
        case 4: return .service(ServiceIndex(rawValue: number))
        case 5: return .session(SessionIndex(rawValue: number))
        case 6:
            guard let label = Label(rawValue: number) else {
                throw reader.fault("a label \(number)", back: 4)
            }
            return .label(label)
        case 7: return .group(SessionIndex(rawValue: number))
        default: throw reader.fault("a table object of kind \(kind)", back: 5)
        }
    }
}

extension PortObject {
    fileprivate func encode(_ writer: inout ByteWriter) {
        writer.write(name)
        medium.encode(&writer)
        writer.write(role.rawValue)
        writer.write(addresses) {
            $0.write(address: $1.address)
            $0.write(UInt8($1.bitCount))
        }
        writer.write(mac) { $0.write(mac: $1) }
        writer.write(mtu) { $0.write($1) }
        switch routes {
        case .none: writer.write(UInt8(0))
        case .services: writer.write(UInt8(1))
        case .subscribers: writer.write(UInt8(2))
        case .prefixes(let prefixes):
            writer.write(UInt8(3))
            writer.write(prefixes) { $0.write(prefix: $1) }
        }
        writer.write(neighbours) {
            $0.write(address: $1.address)
            $0.write(mac: $1.mac)
        }
        writer.write(forwarder)
        writer.write(answersDenied)
        writer.write(sendsErrors)
        writer.write(engine.rawValue)
        writer.write(hasOffload)
    }

    fileprivate static func decode(_ slot: UInt16, _ reader: inout ByteReader) throws(ByteReaderError)
        -> PortObject
    {
        let name = try reader.readText()
        let medium = try PortMedium.decode(&reader)
        let rawRole = try reader.read(UInt8.self)
        guard let role = PortEntry.Role(rawValue: rawRole) else {
            throw reader.fault("a port's role \(rawRole)", back: 1)
        }
        var object = PortObject(slot: slot, name: name, medium: medium, role: role)
        object.addresses = try reader.readList(elementByteCount: 6) { (reader) throws(ByteReaderError) in
            let address = try reader.readAddress()
            let bitCount = try reader.read(UInt8.self)
            guard let read = InterfaceAddress(address, bitCount: Int(bitCount)) else {
                throw reader.fault("a prefix length \(bitCount)", back: 1)
            }
            return read
        }
        object.mac = try reader.readOptional { (reader) throws(ByteReaderError) in try reader.readMAC() }
        object.mtu = try reader.readOptional { (reader) throws(ByteReaderError) in try reader.read() }
        let routes = try reader.read(UInt8.self)
        switch routes {
        case 0: object.routes = .none
        case 1: object.routes = .services
        case 2: object.routes = .subscribers
        case 3:
            object.routes = .prefixes(
                try reader.readList(elementByteCount: 6) { (reader) throws(ByteReaderError) in
                    try reader.readPrefix()
                })
        default: throw reader.fault("routes of kind \(routes)", back: 1)
        }
        object.neighbours = try reader.readList(elementByteCount: 11) { (reader) throws(ByteReaderError) in
            StaticNeighbour(address: try reader.readAddress(), mac: try reader.readMAC())
        }
        object.forwarder = try reader.readText()
        object.answersDenied = try reader.readFlag()
        object.sendsErrors = try reader.readFlag()
        let rawEngine = try reader.read(UInt8.self)
        guard let engine = PortEngine(rawValue: rawEngine) else {
            throw reader.fault("an engine \(rawEngine)", back: 1)
        }
        object.engine = engine
        object.hasOffload = try reader.readFlag()
        return object
    }
}

extension PortMedium {
    fileprivate func encode(_ writer: inout ByteWriter) {
        switch self {
        case .tun(let interface):
            writer.write(UInt8(1))
            writer.write(interface)
        case .tap(let interface):
            writer.write(UInt8(2))
            writer.write(interface)
        case .packet(let interface):
            writer.write(UInt8(3))
            writer.write(interface)
        case .capture(let interface):
            writer.write(UInt8(4))
            writer.write(interface)
        case .file(let read, let write, let isEthernet):
            writer.write(UInt8(5))
            writer.write(read) { $0.write($1) }
            writer.write(write) { $0.write($1) }
            writer.write(isEthernet)
        case .sharedPacket(let interface):
            writer.write(UInt8(6))
            writer.write(interface)
        }
    }

    fileprivate static func decode(_ reader: inout ByteReader) throws(ByteReaderError) -> PortMedium {
        let kind = try reader.read(UInt8.self)
        switch kind {
        case 1: return .tun(interface: try reader.readText())
        case 2: return .tap(interface: try reader.readText())
        case 3: return .packet(interface: try reader.readText())
        case 4: return .capture(interface: try reader.readText())
        case 5:
            let read = try reader.readOptional { (reader) throws(ByteReaderError) in try reader.readText() }
            let write = try reader.readOptional { (reader) throws(ByteReaderError) in try reader.readText() }
            return .file(read: read, write: write, isEthernet: try reader.readFlag())
        case 6: return .sharedPacket(interface: try reader.readText())
        default: throw reader.fault("a port of kind \(kind)", back: 1)
        }
    }
}

extension TunnelObject {
    fileprivate func encode(_ writer: inout ByteWriter) {
        writer.write(port)
        writer.write(tags) { $0.write($1) }
        switch end {
        case .mpls(let receive, let handsOnTTL):
            writer.write(UInt8(1))
            writer.write(receive) { $0.write($1.rawValue) }
            writer.write(handsOnTTL)
        case .ipip(let remote, let local):
            writer.write(UInt8(2))
            writer.write(address: remote)
            writer.write(address: local)
        case .mplsudp(let remote, let local, let receive, let needsChecksum):
            writer.write(UInt8(3))
            writer.write(address: remote)
            writer.write(address: local)
            writer.write(receive) { $0.write($1.rawValue) }
            writer.write(needsChecksum)
        }
        innerClass.encode(&writer)
        writer.write(policer) { $1.encode(&$0) }
    }

    fileprivate static func decode(_ slot: TunnelIndex, _ reader: inout ByteReader) throws(ByteReaderError)
        -> TunnelObject
    {
        let port = try reader.read(UInt16.self)
        let tags = try reader.readTags()
        let kind = try reader.read(UInt8.self)
        let end: End
        switch kind {
        case 1:
            let receive = try reader.readOptional { (reader) throws(ByteReaderError) in
                try reader.readLabel()
            }
            end = .mpls(receive: receive, handsOnTTL: try reader.readFlag())
        case 2:
            let remote = try reader.readAddress()
            end = .ipip(remote: remote, local: try reader.readAddress())
        case 3:
            end = .mplsudp(
                remote: try reader.readAddress(), local: try reader.readAddress(),
                receive: try reader.readOptional { (reader) throws(ByteReaderError) in
                    try reader.readLabel()
                }, needsChecksum: try reader.readFlag())
        default: throw reader.fault("a tunnel of kind \(kind)", back: 1)
        }
        let innerClass = try InnerClass.decode(&reader)
        let policer = try reader.readOptional { (reader) throws(ByteReaderError) in
            try Policer.decode(&reader)
        }
        return TunnelObject(
            slot: slot, port: port, tags: tags, end: end, innerClass: innerClass, policer: policer)
    }
}

extension TunnelObject.InnerClass {
    fileprivate func encode(_ writer: inout ByteWriter) {
        switch self {
        case .keep: writer.write(UInt8(0))
        case .outer: writer.write(UInt8(1))
        case .map(let entries):
            writer.write(UInt8(2))
            writer.write(entries) { $0.write($1) }
        }
    }

    fileprivate static func decode(_ reader: inout ByteReader) throws(ByteReaderError) -> Self {
        let kind = try reader.read(UInt8.self)
        switch kind {
        case 0: return .keep
        case 1: return .outer
        case 2:
            return .map(
                try reader.readList(elementByteCount: 1) { (reader) throws(ByteReaderError) in
                    try reader.read()
                })
        default: throw reader.fault("an inner class of kind \(kind)", back: 1)
        }
    }
}

extension PathGroupObject {
    fileprivate func encode(_ writer: inout ByteWriter) {
        writer.write(subscriber.rawValue)
        writer.write(service.rawValue)
        writer.write(sessions) { $0.write($1.rawValue) }
    }

    fileprivate static func decode(_ slot: SessionIndex, _ reader: inout ByteReader)
        throws(ByteReaderError) -> PathGroupObject
    {
        let subscriber = SubscriberIndex(rawValue: try reader.read())
        let service = ServiceIndex(rawValue: try reader.read())
        let sessions = try reader.readList(elementByteCount: 4) { (reader) throws(ByteReaderError) in
            SessionIndex(rawValue: try reader.read())
        }
        return PathGroupObject(slot: slot, subscriber: subscriber, service: service, sessions: sessions)
    }
}

extension SubscriberObject {
    fileprivate func encode(_ writer: inout ByteWriter) {
        writer.write(port) { $0.write($1) }
        writer.write(tags) { $0.write($1) }
        writer.write(prefixes) { $0.write(prefix: $1) }
    }

    fileprivate static func decode(_ slot: SubscriberIndex, _ reader: inout ByteReader)
        throws(ByteReaderError) -> SubscriberObject
    {
        let port: UInt16? = try reader.readOptional { (reader) throws(ByteReaderError) in try reader.read() }
        let tags = try reader.readTags()
        let prefixes = try reader.readList(elementByteCount: 6) { (reader) throws(ByteReaderError) in
            try reader.readPrefix()
        }
        return SubscriberObject(slot: slot, port: port, tags: tags, prefixes: prefixes)
    }
}

extension LabelObject {
    fileprivate func encode(_ writer: inout ByteWriter) {
        writer.write(labels) { $0.write($1.rawValue) }
        writer.write(pops)
        nextHop.encode(&writer)
        writer.write(mtu)
    }

    fileprivate static func decode(_ label: Label, _ reader: inout ByteReader) throws(ByteReaderError)
        -> LabelObject
    {
        let labels = try reader.readList(elementByteCount: 4) { (reader) throws(ByteReaderError) in
            try reader.readLabel()
        }
        let pops = try reader.readFlag()
        let nextHop = try NextHop.decode(&reader)
        return LabelObject(
            label: label, labels: labels, pops: pops, nextHop: nextHop, mtu: try reader.read())
    }
}

extension NextHop {
    func encode(_ writer: inout ByteWriter) {
        writer.write(port)
        writer.write(tags) { $0.write($1) }
        writer.write(address) { $0.write(address: $1) }
    }

    static func decode(_ reader: inout ByteReader) throws(ByteReaderError) -> NextHop {
        let port = try reader.read(UInt16.self)
        let tags = try reader.readTags()
        let address = try reader.readOptional { (reader) throws(ByteReaderError) in
            try reader.readAddress()
        }
        return NextHop(port: port, tags: tags, address: address)
    }
}
