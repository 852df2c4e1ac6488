package import Wire

extension Policer {
    func encode(_ writer: inout ByteWriter) {
        writer.write(committedBitsPerSecond)
        writer.write(peakBitsPerSecond)
        writer.write(committedBurstByteCount)
        writer.write(peakBurstByteCount)
        for action in [green, yellow, red] { action.write(to: &writer) }
    }

    static func decode(_ reader: inout ByteReader) throws(ByteReaderError) -> Policer {
        let committed = try reader.read(UInt64.self)
        let peak = try reader.read(UInt64.self)
        let committedBurst = try reader.read(UInt32.self)
        let peakBurst = try reader.read(UInt32.self)
        return Policer(
            committedBitsPerSecond: committed, peakBitsPerSecond: peak,
            committedBurstByteCount: committedBurst,
            peakBurstByteCount: peakBurst, green: try Action(reading: &reader),
            yellow: try Action(reading: &reader), red: try Action(reading: &reader))
    }

    /// What can't be; nil: nothing.
    package var fault: String? {
        if committedBitsPerSecond == 0 || peakBitsPerSecond > 1_000_000_000_000 {
            return "rates go from 1 to 10^12 bits a second"
        }
        if peakBitsPerSecond < committedBitsPerSecond { return "the peak rate is below the committed rate" }
        let bursts = [committedBurstByteCount, peakBurstByteCount]
        if !bursts.allSatisfy({ (1...UInt32(Int32.max)).contains($0) }) {
            return "bursts go from 1 to 2^31 - 1 bytes"
        }
        for action in [green, yellow, red] {
            switch action {
            case .dscp(let number) where number > 63: return "DSCP \(number); 63 is the highest"
            case .trafficClass(let number) where number > 7:
                return "traffic class \(number); 7 is the highest"
            default: break
            }
        }
        return nil
    }
}

extension Policer.Action {
    /// The kind in one byte, its number in another.
    package func write(to writer: inout ByteWriter) {
        let (kind, number): (UInt8, UInt8) =
            switch self {
            case .pass: (0, 0)
            case .drop: (1, 0)
            case .dscp(let number): (2, number)
            case .trafficClass(let number): (3, number)
            }
        writer.write(kind)
        writer.write(number)
    }

    package init(reading reader: inout ByteReader) throws(ByteReaderError) {
        let kind = try reader.read(UInt8.self)
        let number = try reader.read(UInt8.self)
        switch (kind, number) {
        case (0, 0): self = .pass
        case (1, 0): self = .drop
        case (2, _): self = .dscp(number)
        case (3, _): self = .trafficClass(number)
        default: throw reader.fault("a policer's action of kind \(kind)", back: 2)
        }
    }
}
