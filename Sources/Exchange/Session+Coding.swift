import Wire

extension ByteWriter {
    mutating func write(_ condition: Condition) {
        write(condition.subscriber)
        write(condition.service)
        write(condition.allow) { writer, rules in writer.write(rules) { $0.write($1) } }
    }

    private mutating func write(_ rule: Rule) {
        switch rule.protocol {
        case .any: write(UInt8(0))
        case .icmp: write(UInt8(1))
        case .tcp: write(UInt8(2))
        case .udp: write(UInt8(3))
        case .sctp: write(UInt8(4))
        case .number(let number):
            write(UInt8(5))
            write(number)
        }
        write(rule.ports) { writer, ports in
            writer.write(ports.lowerBound)
            writer.write(ports.upperBound)
        }
        write(rule.dscps) { $0.write($1) }
        write(rule.types) { $0.write($1) }
    }

    private mutating func write(_ type: ICMPType) {
        switch type {
        case .echo: write(UInt8(0))
        case .timestamp: write(UInt8(1))
        case .unreachable: write(UInt8(2))
        case .timeExceeded: write(UInt8(3))
        case .parameterProblem: write(UInt8(4))
        case .tooBig: write(UInt8(5))
        case .number(let number):
            write(UInt8(6))
            write(number)
        }
    }

    mutating func write(_ session: Session) {
        write(session.name)
        write(session.subscriber)
        write(session.service)
        write(session.access.each) { $0.write($1) }
        write(session.network.each) { $0.write($1) }
        write(session.upPolicer) { $0.write($1) }
        write(session.downPolicer) { $0.write($1) }
    }

    private mutating func write(_ leg: Leg) {
        switch leg {
        case .plain(let port, let nextHop):
            write(UInt8(0))
            write(port)
            write(nextHop) { $0.write($1) }
        case .tunnel(let name, let send, let receive):
            write(UInt8(1))
            write(name)
            write(send) { $0.write($1) }
            write(receive) { $0.write($1) }
        }
    }

    mutating func write(_ binding: LabelBinding) {
        write(binding.in)
        switch binding.operation {
        case .pop: write(UInt8(0))
        case .swap(let labels):
            write(UInt8(1))
            write(labels) { $0.write($1) }
        }
        switch binding.via {
        case .line(let name):
            write(UInt8(0))
            write(name)
        case .tunnel(let name):
            write(UInt8(1))
            write(name)
        }
    }
}

extension ByteReader {
    mutating func readCondition(_ format: UInt16) throws(ByteReaderError) -> Condition {
        Condition(
            subscriber: try readText(), service: try readText(),
            allow: try readOptional { reader throws(ByteReaderError) in
                try reader.readList(elementByteCount: 5) { reader throws(ByteReaderError) in
                    try reader.readRule(format)
                }
            })
    }

    private mutating func readRule(_ format: UInt16) throws(ByteReaderError) -> Rule {
        let number: RuleProtocol
        switch try read(UInt8.self) {
        case 0: number = .any
        case 1: number = .icmp
        case 2: number = .tcp
        case 3: number = .udp
        case 4: number = .sctp
        case 5: number = .number(try read())
        default: throw unknownCase("a protocol")
        }
        let ports = try readList(elementByteCount: 4) { reader throws(ByteReaderError) in
            let first: UInt16 = try reader.read()
            let last: UInt16 = try reader.read()
            guard first <= last else { throw reader.fault("a range that ends before it begins", back: 4) }
            return first...last
        }
        var rule = Rule(protocol: number, ports: ports)
        guard format > Format.first else { return rule }
        rule.dscps = try readList(elementByteCount: 1) { reader throws(ByteReaderError) in try reader.read() }
        rule.types = try readList(elementByteCount: 1) { reader throws(ByteReaderError) in
            try reader.readICMPType()
        }
        return rule
    }

    private mutating func readICMPType() throws(ByteReaderError) -> ICMPType {
        switch try read(UInt8.self) {
        case 0: return .echo
        case 1: return .timestamp
        case 2: return .unreachable
        case 3: return .timeExceeded
        case 4: return .parameterProblem
        case 5: return .tooBig
        case 6: return .number(try read())
        default: throw unknownCase("an ICMP type")
        }
    }

    mutating func readSession(_ format: UInt16) throws(ByteReaderError) -> Session {
        var session = Session(
            name: try readText(), subscriber: try readText(), service: try readText(),
            access: try readLegs(format), network: try readLegs(format))
        guard format > Format.first else { return session }
        session.upPolicer = try readOptional { reader throws(ByteReaderError) in try reader.readPolicer() }
        session.downPolicer = try readOptional { reader throws(ByteReaderError) in try reader.readPolicer() }
        return session
    }

    /// One in the first format.
    private mutating func readLegs(_ format: UInt16) throws(ByteReaderError) -> Legs {
        guard format > Format.first else { return Legs([try readLeg()]) }
        // Bounded here: the legs of the two sides are multiplied wherever the session's paths are asked for.
        let count = try readCount(elementByteCount: 6)
        guard (1...Limits.paths).contains(count) else {
            throw fault("a side of a session with \(count) legs, where 1 to \(Limits.paths) can be", back: 4)
        }
        var legs: [Leg] = []
        for _ in 0..<count { legs.append(try readLeg()) }
        return Legs(legs)
    }

    private mutating func readLeg() throws(ByteReaderError) -> Leg {
        switch try read(UInt8.self) {
        case 0:
            return .plain(
                port: try readText(),
                nextHop: try readOptional { reader throws(ByteReaderError) in try reader.readAddress() })
        case 1:
            return .tunnel(
                name: try readText(),
                send: try readOptional { reader throws(ByteReaderError) in try reader.readLabel() },
                receive: try readOptional { reader throws(ByteReaderError) in try reader.readLabel() })
        default: throw unknownCase("a leg")
        }
    }

    mutating func readLabelBinding() throws(ByteReaderError) -> LabelBinding {
        let label = try readLabel()
        let operation: LabelBinding.Operation
        switch try read(UInt8.self) {
        case 0: operation = .pop
        case 1:
            operation = .swap(
                try readList(elementByteCount: 4) { reader throws(ByteReaderError) in try reader.readLabel() }
            )
        default: throw unknownCase("an operation")
        }
        switch try read(UInt8.self) {
        case 0: return LabelBinding(in: label, operation: operation, via: .line(try readText()))
        case 1: return LabelBinding(in: label, operation: operation, via: .tunnel(try readText()))
        default: throw unknownCase("a way out")
        }
    }
}
