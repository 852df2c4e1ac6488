import Wire

extension ByteWriter {
    mutating func write(_ line: Line) {
        write(line.name)
        write(line.port)
        write(line.nextHop) { $0.write($1) }
        write(any: line.mtu)
        write(line.capacityBitsPerSecond) { $0.write($1) }
        write(line.vlan) { $0.write($1) }
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
        case .mplsudp(let mplsudp):
            write(UInt8(2))
            write(mplsudp.outer)
            write(mplsudp.send) { $0.write($1) }
            write(mplsudp.receive) { $0.write($1) }
            write(mplsudp.checksum == .on)
        }
        write(tunnel.capacityBitsPerSecond) { $0.write($1) }
        write(tunnel.clampsMSS)
        write(tunnel.policer) { $0.write($1) }
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
        case .copy: write(UInt8(0))
        case .fixed(let value):
            write(UInt8(1))
            write(value)
        case .map(let map):
            write(UInt8(2))
            write(map)
        }
        write(mpls.innerDSCP) { $0.write($1) }
    }

    private mutating func write(_ ipip: IPIPEncapsulation) {
        write(ipip.local)
        write(ipip.remote)
        switch ipip.ttl {
        case .copy: write(UInt8(0))
        case .fixed(let value):
            write(UInt8(1))
            write(value)
        }
        switch ipip.dscp {
        case .copy: write(UInt8(0))
        case .fixed(let value):
            write(UInt8(1))
            write(value)
        case .map(let map):
            write(UInt8(2))
            write(map)
        }
        write(ipip.df == .set)
        write(ipip.ecn == .compatibility)
        write(ipip.innerDSCP == .outer)
    }
}

extension ByteReader {
    mutating func readLine(_ format: UInt16) throws(ByteReaderError) -> Line {
        var line = Line(
            name: try readText(), port: try readText(),
            nextHop: try readOptional { reader throws(ByteReaderError) in try reader.readAddress() },
            mtu: try readAnyNumber(), capacityBitsPerSecond: try readCapacity())
        guard format > Format.first else { return line }
        line.vlan = try readList(elementByteCount: 2) { reader throws(ByteReaderError) in try reader.read() }
        return line
    }

    mutating func readTunnel(_ format: UInt16) throws(ByteReaderError) -> Tunnel {
        let name = try readText()
        let line = try readText()
        let encapsulation: Tunnel.Encapsulation
        switch try read(UInt8.self) {
        case 0: encapsulation = .mpls(try readMPLS(format))
        case 1: encapsulation = .ipip(try readIPIP(format))
        case 2: encapsulation = .mplsudp(try readMPLSUDP(format))
        default: throw unknownCase("a tunnel")
        }
        var tunnel = Tunnel(
            name: name, line: line, encapsulation: encapsulation, capacityBitsPerSecond: try readCapacity())
        guard format > Format.first else { return tunnel }
        tunnel.clampsMSS = try readFlag()
        tunnel.policer = try readOptional { reader throws(ByteReaderError) in try reader.readPolicer() }
        return tunnel
    }

    private mutating func readCapacity() throws(ByteReaderError) -> UInt64? {
        try readOptional { reader throws(ByteReaderError) in try reader.read() }
    }

    private mutating func readMPLS(_ format: UInt16) throws(ByteReaderError) -> MPLSEncapsulation {
        var mpls = MPLSEncapsulation()
        mpls.send = try readPathLabels(format)
        mpls.receive = try readOptional { reader throws(ByteReaderError) in try reader.readLabel() }
        mpls.null = try readOptional { reader throws(ByteReaderError) in
            try reader.readFlag() ? .explicit : .implicit
        }
        mpls.php = try readFlag()
        mpls.ttl = try readFlag() ? .pipe(try read()) : .uniform
        switch try read(UInt8.self) {
        case 0: mpls.trafficClass = .copy
        case 1: mpls.trafficClass = .fixed(try read())
        case 2 where format > Format.first: mpls.trafficClass = .map(try readClassMap(of: ClassMap.dscpCount))
        default: throw unknownCase("a traffic class")
        }
        guard format > Format.first else { return mpls }
        mpls.innerDSCP = try readOptional { reader throws(ByteReaderError) in
            try reader.readClassMap(of: ClassMap.trafficClassCount)
        }
        return mpls
    }

    /// One at most in the first format.
    private mutating func readPathLabels(_ format: UInt16) throws(ByteReaderError) -> [Label] {
        guard format > Format.first else {
            let label = try readOptional { reader throws(ByteReaderError) in try reader.readLabel() }
            return label.map { [$0] } ?? []
        }
        return try readList(elementByteCount: 4) { reader throws(ByteReaderError) in try reader.readLabel() }
    }

    private mutating func readMPLSUDP(_ format: UInt16) throws(ByteReaderError) -> MPLSUDPEncapsulation {
        MPLSUDPEncapsulation(
            outer: try readIPIP(format),
            send: try readOptional { reader throws(ByteReaderError) in try reader.readLabel() },
            receive: try readOptional { reader throws(ByteReaderError) in try reader.readLabel() },
            checksum: try readFlag() ? .on : .off)
    }

    private mutating func readIPIP(_ format: UInt16) throws(ByteReaderError) -> IPIPEncapsulation {
        var ipip = IPIPEncapsulation(local: try readAddress(), remote: try readAddress())
        if format == Format.first {
            ipip.ttl = .fixed(try read())
        } else {
            ipip.ttl = try readFlag() ? .fixed(try read()) : .copy
        }
        switch try read(UInt8.self) {
        case 0: ipip.dscp = .copy
        case 1: ipip.dscp = .fixed(try read())
        case 2 where format > Format.first: ipip.dscp = .map(try readClassMap(of: ClassMap.dscpCount))
        default: throw unknownCase("a DSCP")
        }
        ipip.df = try readFlag() ? .set : .copy
        guard format > Format.first else { return ipip }
        ipip.ecn = try readFlag() ? .compatibility : .normal
        ipip.innerDSCP = try readFlag() ? .outer : .keep
        return ipip
    }
}
