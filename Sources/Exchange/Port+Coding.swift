import Wire

extension ByteWriter {
    mutating func write(_ port: Port) {
        write(port.name)
        write(port.medium)
        write(port.role == .access)
        write(port.addresses) { $0.write($1) }
        write(port.mac) { $0.write($1) }
        write(port.mtu) { $0.write(any: $1) }
        switch port.routes {
        case .automatic: write(false)
        case .prefixes(let prefixes):
            write(true)
            write(prefixes) { $0.write($1) }
        }
        write(port.neighbours) { writer, neighbour in
            writer.write(neighbour.address)
            writer.write(neighbour.mac)
        }
        write(port.forwarder)
        write(port.denied == .prohibited)
        write(port.sendsErrors)
        let engine: UInt8 =
            switch port.engine {
            case .automatic: 0
            case .readWrite: 1
            case .ioUring: 2
            case .ring: 3
            case .mmsg: 4
            }
        write(engine)
        write(port.offload == .on)
    }

    private mutating func write(_ medium: PortMedium) {
        switch medium {
        case .tun(let interface): write(0, interface)
        case .tap(let interface): write(1, interface)
        case .packet(let interface): write(2, interface)
        case .capture(let interface): write(3, interface)
        case .sharedPacket(let interface): write(5, interface)
        case .file(let read, let write, let link):
            self.write(UInt8(4))
            self.write(read) { $0.write($1) }
            self.write(write) { $0.write($1) }
            self.write(link == .ethernet)
        }
    }

    private mutating func write(_ tag: UInt8, _ interface: String) {
        write(tag)
        write(interface)
    }
}

extension ByteReader {
    mutating func readPort(_ format: UInt16) throws(ByteReaderError) -> Port {
        var port = Port(
            name: try readText(), medium: try readMedium(format), role: try readFlag() ? .access : .network)
        port.addresses = try readList(elementByteCount: 6) { reader throws(ByteReaderError) in
            try reader.readInterfaceAddress()
        }
        port.mac = try readOptional { reader throws(ByteReaderError) in try reader.readMACAddress() }
        port.mtu = try readOptional { reader throws(ByteReaderError) in try reader.readAnyNumber() }
        if try readFlag() {
            port.routes = .prefixes(
                try readList(elementByteCount: 6) { reader throws(ByteReaderError) in try reader.readPrefix()
                })
        }
        port.neighbours = try readList(elementByteCount: 13) { reader throws(ByteReaderError) in
            Neighbour(address: try reader.readAddress(), mac: try reader.readMACAddress())
        }
        port.forwarder = try readText()
        guard format > Format.first else { return port }
        port.denied = try readFlag() ? .prohibited : .drop
        port.sendsErrors = try readFlag()
        guard format > Format.second else { return port }
        port.engine = try readEngine()
        port.offload = try readFlag() ? .on : .off
        return port
    }

    private mutating func readEngine() throws(ByteReaderError) -> PortEngine {
        switch try read(UInt8.self) {
        case 0: return .automatic
        case 1: return .readWrite
        case 2: return .ioUring
        case 3: return .ring
        case 4: return .mmsg
        default: throw unknownCase("an engine")
        }
    }

    private mutating func readMedium(_ format: UInt16) throws(ByteReaderError) -> PortMedium {
        switch try read(UInt8.self) {
        case 0: return .tun(interface: try readText())
        case 1: return .tap(interface: try readText())
        case 2: return .packet(interface: try readText())
        case 3: return .capture(interface: try readText())
        case 4:
            let read = try readOptional { reader throws(ByteReaderError) in try reader.readText() }
            let write = try readOptional { reader throws(ByteReaderError) in try reader.readText() }
            return .file(read: read, write: write, link: try readFlag() ? .ethernet : .ip)
        case 5 where format > Format.first: return .sharedPacket(interface: try readText())
        default: throw unknownCase("a port")
        }
    }
}
