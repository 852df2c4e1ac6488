public import Packets
import Wire

/// Dropped packets by port, session and reason. The worker counts; others may read at any time.
///
/// By port and reason every drop is counted, in a place of its own. Those of a session are counted a second time, by
/// port, session and reason, in a table of 4,096 entries that are never given up: when it is full, drops of further
/// sessions stand under port and reason alone, and `overflow` says how many.
final class DropTable: Sendable {
    static let entryLimit = 4096
    private static let placeCount = 2 * entryLimit
    private static let portCount = 256
    private static let reasonCount = 256
    /// Counts by port and reason come first, then keys and counts of the table, then totals.
    private static let keys = portCount * reasonCount
    private static let entries = keys + 2 * placeCount

    private enum Word {
        static let used = 0
        static let overflow = 1
    }

    private let words = SharedWords(count: DropTable.entries + 8)

    private func total(_ word: Int) -> Int { Self.entries + word }

    /// Counts a packet. Cost: two additions, and for a packet of a session a look into the table.
    func count(_ reason: DropReason, port: PortIndex, slot: UInt32?) {
        let port = Int(port.rawValue) & (Self.portCount - 1)
        if let slot {
            let key = (UInt64(slot) + 1) << 16 | UInt64(port) << 8 | UInt64(reason.rawValue)
            if let place = place(of: key) {
                words.add(1, to: place + 1)
            } else {
                words.add(1, to: total(Word.overflow))
            }
        }
        words.add(1, to: port * Self.reasonCount + Int(reason.rawValue))
    }

    /// The word of a key, which is put in where there is room.
    private func place(of key: UInt64) -> Int? {
        var place = Int(truncatingIfNeeded: (key &* 0x9e37_79b9_7f4a_7c15) >> 51) & (Self.placeCount - 1)
        while true {
            let word = Self.keys + 2 * place
            let present = words[word]
            if present == key { return word }
            if present == 0 {
                guard words[total(Word.used)] < UInt64(Self.entryLimit) else { return nil }
                words.add(1, to: total(Word.used))
                words[word] = key
                return word
            }
            place = (place + 1) & (Self.placeCount - 1)
        }
    }

    /// Leaves what was counted in these slots to their ports and reasons alone: they are another session's from now on.
    /// Any thread, while the worker counts nothing for these slots. Cost: goes through the whole table.
    func forget(_ slots: Set<UInt32>) {
        for place in 0..<Self.placeCount {
            let key = words[Self.keys + 2 * place]
            guard key != 0, slots.contains(UInt32(key >> 16) - 1) else { continue }
            words[Self.keys + 2 * place + 1] = 0
        }
    }

    /// Ports and reasons that have drops.
    var counted: [(port: UInt16, reason: DropReason)] {
        (0..<Self.portCount).flatMap { port in
            DropReason.allCases.compactMap { reason in
                words[port * Self.reasonCount + Int(reason.rawValue)] > 0 ? (UInt16(port), reason) : nil
            }
        }
    }

    /// All counts that aren't zero. Sessions first, so that those of a port are never fewer than their sum.
    var reading: DropReading {
        var reading = DropReading()
        reading.overflow = words[total(Word.overflow)]
        for place in 0..<Self.placeCount {
            let key = words[Self.keys + 2 * place]
            let count = words[Self.keys + 2 * place + 1]
            guard key != 0, count > 0, let reason = DropReason(rawValue: UInt8(key & 0xff)) else { continue }
            reading.counts.append(
                DropReading.Count(
                    port: UInt16(key >> 8 & 0xff), slot: UInt32(key >> 16) - 1, reason: reason, packets: count
                ))
        }
        var ofSessions: [Int: UInt64] = [:]
        for count in reading.counts {
            ofSessions[Int(count.port) * Self.reasonCount + Int(count.reason.rawValue), default: 0] +=
                count.packets
        }
        for port in 0..<Self.portCount {
            for reason in DropReason.allCases {
                let word = port * Self.reasonCount + Int(reason.rawValue)
                let count = words[word] &- ofSessions[word, default: 0]
                guard count > 0 else { continue }
                reading.counts.append(
                    DropReading.Count(port: UInt16(port), slot: nil, reason: reason, packets: count))
            }
        }
        return reading
    }
}

/// Dropped packets as counted up to now.
public struct DropReading: Equatable, Sendable {
    /// The drops of one port, one session and one reason.
    public struct Count: Hashable, Sendable {
        /// The port that they came in by.
        public var port: UInt16
        /// The counter slot of their session; nil: of no session, or of one that the table had no room for.
        public var slot: UInt32?
        public var reason: DropReason
        public var packets: UInt64

        /// The same for all that are to be added up.
        fileprivate var key: Count {
            var key = self
            key.packets = 0
            return key
        }
    }

    public var counts: [Count] = []
    /// Drops of sessions that the table had no room for.
    public var overflow: UInt64 = 0

    /// Adds what another worker has counted.
    public mutating func add(_ other: DropReading) {
        overflow += other.overflow
        var places: [Count: Int] = [:]
        for (place, count) in counts.enumerated() { places[count.key] = place }
        for count in other.counts {
            if let place = places[count.key] {
                counts[place].packets += count.packets
            } else {
                counts.append(count)
            }
        }
    }

    func write(to writer: inout ByteWriter) {
        writer.write(overflow)
        writer.write(counts) { writer, count in
            writer.write(count.port)
            writer.write(count.slot) { $0.write($1) }
            writer.write(count.reason.rawValue)
            writer.write(count.packets)
        }
    }

    public init() {}

    init(reading reader: inout ByteReader) throws(ByteReaderError) {
        overflow = try reader.read()
        counts = try reader.readList(elementByteCount: 12) { reader throws(ByteReaderError) in
            Count(
                port: try reader.read(),
                slot: try reader.readOptional { reader throws(ByteReaderError) in try reader.read() },
                reason: try reader.readDropReason(), packets: try reader.read())
        }
    }
}

extension ByteReader {
    mutating func readDropReason() throws(ByteReaderError) -> DropReason {
        guard let reason = DropReason(rawValue: try read()) else {
            throw fault("a drop reason that isn't known", back: 1)
        }
        return reason
    }
}
