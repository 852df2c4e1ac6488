import Wire

extension ByteWriter {
    mutating func write(_ policer: Policer) {
        write(policer.committedBitsPerSecond)
        write(policer.peakBitsPerSecond) { $0.write($1) }
        write(policer.committedBurstByteCount) { $0.write($1) }
        write(policer.peakBurstByteCount) { $0.write($1) }
        for action in [policer.green, policer.yellow, policer.red] { write(action) }
    }

    private mutating func write(_ action: Policer.Action) {
        switch action {
        case .pass: write(UInt8(0))
        case .drop: write(UInt8(1))
        case .dscp(let number):
            write(UInt8(2))
            write(number)
        case .trafficClass(let number):
            write(UInt8(3))
            write(number)
        }
    }

    /// What is given, ascending, and what the others become.
    mutating func write(_ map: ClassMap) {
        write(UInt8(map.count))
        write(Array(map.given)) { writer, entry in
            writer.write(UInt8(entry.number))
            writer.write(entry.value)
        }
        write(map.otherwise) { $0.write($1) }
    }
}

extension ByteReader {
    mutating func readPolicer() throws(ByteReaderError) -> Policer {
        Policer(
            committedBitsPerSecond: try read(),
            peakBitsPerSecond: try readOptional { reader throws(ByteReaderError) in try reader.read() },
            committedBurstByteCount: try readOptional { reader throws(ByteReaderError) in try reader.read() },
            peakBurstByteCount: try readOptional { reader throws(ByteReaderError) in try reader.read() },
            green: try readAction(), yellow: try readAction(), red: try readAction())
    }

    private mutating func readAction() throws(ByteReaderError) -> Policer.Action {
        switch try read(UInt8.self) {
        case 0: return .pass
        case 1: return .drop
        case 2: return .dscp(try read())
        case 3: return .trafficClass(try read())
        default: throw unknownCase("a policer's action")
        }
    }

    /// - Parameter count: the numbers that the map must be of.
    mutating func readClassMap(of count: Int) throws(ByteReaderError) -> ClassMap {
        guard try read(UInt8.self) == count else { throw fault("a map of other numbers", back: 1) }
        let given = try readList(elementByteCount: 2) { reader throws(ByteReaderError) in
            (number: Int(try reader.read(UInt8.self)), value: try reader.read(UInt8.self))
        }
        var map = ClassMap(count: count)
        var last = -1
        for (number, value) in given {
            guard number > last, number < count else {
                throw fault("number \(number) of a map is out of order or range")
            }
            map[number] = value
            last = number
        }
        map.otherwise = try readOptional { reader throws(ByteReaderError) in try reader.read() }
        return map
    }
}
