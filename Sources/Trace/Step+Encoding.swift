import Packets
import Tables
public import Wire

/// Steps as they travel to the program that shows them: a tag, then the fields, as `ByteWriter` writes them.
extension Step {
    public func write(to writer: inout ByteWriter) {
        switch self {
        case .ethernet(let destination, let source, let etherType, let tags):
            writer.write(UInt8(0))
            writer.write(destination.rawValue)
            writer.write(source.rawValue)
            writer.write(etherType.rawValue)
            writer.write(tags)
        case .ipv4(let source, let destination, let `protocol`, let timeToLive, let byteCount):
            writer.write(UInt8(1))
            writer.write(source.rawValue)
            writer.write(destination.rawValue)
            writer.write(`protocol`.rawValue)
            writer.write(timeToLive)
            writer.write(count: byteCount)
        case .ipv6(let source, let destination, let `protocol`, let timeToLive, let byteCount):
            writer.write(UInt8(2))
            for word in [source.high, source.low, destination.high, destination.low] { writer.write(word) }
            writer.write(`protocol`.rawValue)
            writer.write(timeToLive)
            writer.write(count: byteCount)
        case .pathLabel(let entry, let tunnel): writer.writeStep(3, entry.rawValue, tunnel.rawValue)
        case .userLabel(let entry, let conversion): writer.writeStep(4, entry.rawValue, conversion.rawValue)
        case .transitLabel(let entry, let nhlfe): writer.writeStep(5, entry.rawValue, nhlfe.rawValue)
        case .unboundLabel(let entry): writer.writeStep(6, entry.rawValue)
        case .tunnel(let tunnel): writer.writeStep(7, tunnel.rawValue)
        case .subscriber(let result): writer.writeStep(8, result.encoded)
        case .service(let result): writer.writeStep(9, result.encoded)
        case .noSession: writer.write(UInt8(10))
        case .session(let conversion): writer.writeStep(11, conversion.rawValue)
        case .congestion(let inner, let outer, let result):
            writer.write(UInt8(12))
            writer.write(inner)
            writer.write(outer)
            writer.write(result) { $0.write($1) }
        case .transport(let `protocol`, let isLaterFragment):
            writer.write(UInt8(13))
            writer.write(`protocol`.rawValue)
            writer.write(isLaterFragment)
        case .servicePort(let port): writer.writeStep(14, UInt32(port))
        case .noRuleAdmits(let ruleCount): writer.writeStep(15, UInt32(ruleCount))
        case .ruleAdmits(let place): writer.writeStep(16, UInt32(place))
        case .everythingAdmitted: writer.write(UInt8(17))
        case .timeToLiveHandedOn(let timeToLive, let before):
            writer.write(UInt8(18))
            writer.write(timeToLive)
            writer.write(before) { $0.write($1) }
        case .converted(let conversion): writer.writeStep(19, conversion.rawValue)
        case .relabelled(let nhlfe): writer.writeStep(20, nhlfe.rawValue)
        case .adjacency(let adjacency): writer.writeStep(21, adjacency.rawValue)
        case .punted(let punt): writer.writeStep(22, UInt32(punt.rawValue))
        case .fragmented(let count): writer.writeStep(23, UInt32(count))
        case .explicitNull(let entry): writer.writeStep(24, entry.rawValue)
        case .outerExtensionHeaders(let byteCount): writer.writeStep(25, UInt32(byteCount))
        case .path(let conversion, let hash):
            writer.writeStep(26, conversion.rawValue)
            writer.write(hash.rawValue)
        case .hairpin: writer.write(UInt8(27))
        case .messageType(let type): writer.writeStep(28, UInt32(type))
        case .codePoint(let dscp): writer.writeStep(29, UInt32(dscp))
        case .quotedIPv4(let source, let destination, let `protocol`):
            writer.writeStep(30, source.rawValue, destination.rawValue)
            writer.write(`protocol`.rawValue)
        case .quotedIPv6(let source, let destination, let `protocol`):
            writer.write(UInt8(31))
            for word in [source.high, source.low, destination.high, destination.low] { writer.write(word) }
            writer.write(`protocol`.rawValue)
        case .related(let conversion, let isTurnedBack):
            writer.writeStep(32, conversion.rawValue)
            writer.write(isTurnedBack)
        case .classHandedOn(let before, let after): writer.writeChange(33, before, after)
        case .policed(let owner, let colour, let action):
            writer.writeChange(34, owner.rawValue, colour.rawValue)
            action.write(to: &writer)
        case .remarked(let from, let to): writer.writeChange(35, from, to)
        case .segmentSizeLowered(let from, let to): writer.writeChange(36, from, to)
        case .fragmentLost(let reason):
            writer.write(UInt8(37))
            writer.write(reason.rawValue)
        case .datagram(let sourcePort, let checksum): writer.writeChange(38, sourcePort, checksum)
        }
    }

    /// - Throws: for what no step has been written as.
    public init(reading reader: inout ByteReader) throws(ByteReaderError) {
        let tag: UInt8 = try reader.read()
        switch tag {
        case 0:
            self = .ethernet(
                destination: MACAddress(rawValue: try reader.read()),
                source: MACAddress(rawValue: try reader.read()),
                etherType: EtherType(rawValue: try reader.read()), tags: try reader.read())
        case 1:
            self = .ipv4(
                source: IPv4Address(rawValue: try reader.read()),
                destination: IPv4Address(rawValue: try reader.read()),
                protocol: IPProtocol(rawValue: try reader.read()), timeToLive: try reader.read(),
                byteCount: Int(try reader.read(UInt32.self)))
        case 2:
            self = .ipv6(
                source: IPv6Address(high: try reader.read(), low: try reader.read()),
                destination: IPv6Address(high: try reader.read(), low: try reader.read()),
                protocol: IPProtocol(rawValue: try reader.read()), timeToLive: try reader.read(),
                byteCount: Int(try reader.read(UInt32.self)))
        case 3:
            self = .pathLabel(
                LabelStackEntry(rawValue: try reader.read()), TunnelIndex(rawValue: try reader.read()))
        case 4:
            self = .userLabel(
                LabelStackEntry(rawValue: try reader.read()), ConversionIndex(rawValue: try reader.read()))
        case 5:
            self = .transitLabel(
                LabelStackEntry(rawValue: try reader.read()), NHLFEIndex(rawValue: try reader.read()))
        case 6: self = .unboundLabel(LabelStackEntry(rawValue: try reader.read()))
        case 7: self = .tunnel(TunnelIndex(rawValue: try reader.read()))
        case 8: self = .subscriber(LookupResult(encoded: try reader.read()))
        case 9: self = .service(LookupResult(encoded: try reader.read()))
        case 10: self = .noSession
        case 11: self = .session(ConversionIndex(rawValue: try reader.read()))
        case 12:
            self = .congestion(
                inner: try reader.read(), outer: try reader.read(),
                result: try reader.readOptional { reader throws(ByteReaderError) in try reader.read() })
        case 13:
            self = .transport(
                IPProtocol(rawValue: try reader.read()), isLaterFragment: try reader.readFlag())
        case 17: self = .everythingAdmitted
        case 18:
            self = .timeToLiveHandedOn(
                try reader.read(),
                before: try reader.readOptional { reader throws(ByteReaderError) in try reader.read() })
        case 26:
            self = .path(
                ConversionIndex(rawValue: try reader.read()), FlowHash(rawValue: try reader.read()))
        case 27: self = .hairpin
        case 30:
            self = .quotedIPv4(
                source: IPv4Address(rawValue: try reader.read()),
                destination: IPv4Address(rawValue: try reader.read()),
                protocol: IPProtocol(rawValue: try reader.read()))
        case 31:
            self = .quotedIPv6(
                source: IPv6Address(high: try reader.read(), low: try reader.read()),
                destination: IPv6Address(high: try reader.read(), low: try reader.read()),
                protocol: IPProtocol(rawValue: try reader.read()))
        case 32:
            self = .related(
                ConversionIndex(rawValue: try reader.read()), isTurnedBack: try reader.readFlag())
        case 33: self = .classHandedOn(before: try reader.read(), after: try reader.read())
        case 34:
            guard let owner = PolicedBy(rawValue: try reader.read()),
                let colour = Policer.Colour(rawValue: try reader.read())
            else { throw reader.fault("an unknown policer or colour", back: 1) }
            self = .policed(owner, colour, try Policer.Action(reading: &reader))
        case 35: self = .remarked(from: try reader.read(), to: try reader.read())
        case 36: self = .segmentSizeLowered(from: try reader.read(), to: try reader.read())
        case 37:
            guard let reason = DropReason(rawValue: try reader.read()) else {
                throw reader.fault("a drop reason that isn't known", back: 1)
            }
            self = .fragmentLost(reason)
        case 38: self = .datagram(sourcePort: try reader.read(), checksum: try reader.read())
        default: try self.init(tag, reading: &reader)
        }
    }

    /// Steps of one number.
    private init(_ tag: UInt8, reading reader: inout ByteReader) throws(ByteReaderError) {
        guard (14...29).contains(tag) else { throw reader.fault("a step of unknown kind \(tag)", back: 1) }
        let number: UInt32 = try reader.read()
        switch tag {
        case 14: self = .servicePort(UInt16(truncatingIfNeeded: number))
        case 15: self = .noRuleAdmits(ruleCount: Int(number))
        case 16: self = .ruleAdmits(Int(number))
        case 19: self = .converted(ConversionIndex(rawValue: number))
        case 20: self = .relabelled(NHLFEIndex(rawValue: number))
        case 21: self = .adjacency(AdjacencyIndex(rawValue: number))
        case 22:
            guard let punt = Punt(rawValue: UInt8(truncatingIfNeeded: number)) else {
                throw reader.fault("an unknown punt", back: 4)
            }
            self = .punted(punt)
        case 23: self = .fragmented(count: Int(number))
        case 24: self = .explicitNull(LabelStackEntry(rawValue: number))
        case 25: self = .outerExtensionHeaders(Int(number))
        case 28: self = .messageType(UInt8(truncatingIfNeeded: number))
        default: self = .codePoint(UInt8(truncatingIfNeeded: number))
        }
    }
}

extension ByteWriter {
    /// A tag and the numbers behind it.
    fileprivate mutating func writeStep(_ tag: UInt8, _ numbers: UInt32...) {
        write(tag)
        for number in numbers { write(number) }
    }

    /// A tag and what a field was and has become.
    fileprivate mutating func writeChange<Field: FixedWidthInteger>(
        _ tag: UInt8, _ before: Field, _ after: Field
    ) {
        write(tag)
        write(before)
        write(after)
    }
}
