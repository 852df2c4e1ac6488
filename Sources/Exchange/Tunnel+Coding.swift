import Wire

extension ByteWriter {
    mutating func write(_ line: Line) {
        write(line.name)
        write(line.port)
        write(line.nextHop) { $0.write($1) }
        write(any: line.mtu)
        write(line.capacityBitsPerSecond) { $0.write($1) }
    }

    mutating func write(_ tunnel: Tunnel) {
        write(tunnel.name)
        write(tunnel.line)
        switch tunnel.encapsulation {
        case .mpls(let mpls):
            write(UInt8(0))
            write(mpls)
        case .ipip(let ipip):
            write(UInt8(1))
            write(ipip)
        }
        write(tunnel.capacityBitsPerSecond) { $0.write($1) }
    }

    private mutating func write(_ mpls: MPLSEncapsulation) {
        write(mpls.send) { $0.write($1) }
        write(mpls.receive) { $0.write($1) }
        write(mpls.null) { $0.write($1 == .explicit) }
        write(mpls.php)
        switch mpls.ttl {
        case .uniform: write(false)
        case .pipe(let ttl):
            write(true)
            write(ttl)
        }
        switch mpls.trafficClass {
        case .copy: write(false)
        case .fixed(let value):
            write(true)
            write(value)
        }
    }

    private mutating func write(_ ipip: IPIPEncapsulation) {
        write(ipip.local)
        write(ipip.remote)
        write(ipip.ttl)
        switch ipip.dscp {
        case .copy: write(false)
        case .fixed(let value):
            write(true)
            write(value)
        }
        write(ipip.df == .set)
    }
}

extension ByteReader {
    mutating func readLine() throws(ByteReaderError) -> Line {
        Line(
            name: try readText(), port: try readText(),
            nextHop: try readOptional { reader throws(ByteReaderError) in try reader.readAddress() },
            mtu: try readAnyNumber(), capacityBitsPerSecond: try readCapacity())
    }

    mutating func readTunnel() throws(ByteReaderError) -> Tunnel {
        let name = try readText()
        let line = try readText()
        let encapsulation: Tunnel.Encapsulation
        switch try read(UInt8.self) {
        case 0: encapsulation = .mpls(try readMPLS())
        case 1: encapsulation = .ipip(try readIPIP())
        default: throw unknownCase("a tunnel")
        }
        return Tunnel(
            name: name, line: line, encapsulation: encapsulation, capacityBitsPerSecond: try readCapacity())
    }

    private mutating func readCapacity() throws(ByteReaderError) -> UInt64? {
        try readOptional { reader throws(ByteReaderError) in try reader.read() }
    }

    private mutating func readMPLS() throws(ByteReaderError) -> MPLSEncapsulation {
        var mpls = MPLSEncapsulation()
        mpls.send = try readOptional { reader throws(ByteReaderError) in try reader.readLabel() }
        mpls.receive = try readOptional { reader throws(ByteReaderError) in try reader.readLabel() }
        mpls.null = try readOptional { reader throws(ByteReaderError) in
            try reader.readFlag() ? .explicit : .implicit
        }
        mpls.php = try readFlag()
        mpls.ttl = try readFlag() ? .pipe(try read()) : .uniform
        mpls.trafficClass = try readFlag() ? .fixed(try read()) : .copy
        return mpls
    }

    private mutating func readIPIP() throws(ByteReaderError) -> IPIPEncapsulation {
        var ipip = IPIPEncapsulation(local: try readAddress(), remote: try readAddress(), ttl: try read())
        ipip.dscp = try readFlag() ? .fixed(try read()) : .copy
        ipip.df = try readFlag() ? .set : .copy
        return ipip
    }
}
