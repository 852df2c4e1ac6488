import CLinux
public import Packets
import Wire

/// The last packets that were dropped on each port for each reason. The worker writes; others may read at any time: a
/// sample that changes under the reader is left out.
///
/// Of a flood only the first packets of each eighth of a second are kept, so that samples cost it next to nothing.
///
/// ```
/// words of a group: 0 samples taken   1 the eighth of a second of the last one   2 those taken in it
/// words of a sample: 0 stamp, odd while it is written   1 time   2 session slot + 1, in the high half; length
///                    3 bytes kept   4–19 the first 128 bytes of the frame
/// ```
final class DropSamples: Sendable {
    /// Samples of a port and reason.
    static let depth = 8
    /// Bytes kept of a frame.
    static let byteCount = 128
    private static let sampleWordCount = 4 + byteCount / 8
    /// Samples of a port and reason in about an eighth of a second: 2²⁷ ns.
    static let samplesPerPeriod: UInt64 = 128
    private static let periodShift: UInt64 = 27
    /// Behind a number of samples taken, and how many of late.
    private static let groupWordCount = 8 + depth * sampleWordCount
    private static let portCount = 256
    private static let reasonCount = 64

    private let words: SharedWords

    init() {
        precondition(DropReason.allCases.allSatisfy { $0.rawValue < Self.reasonCount })
        words = SharedWords(count: Self.portCount * Self.reasonCount * Self.groupWordCount)
    }

    private func group(_ port: UInt16, _ reason: DropReason) -> Int {
        (Int(port & 255) * Self.reasonCount + Int(reason.rawValue)) * Self.groupWordCount
    }

    /// Whether one more packet that came at this time is to be kept; if so, it counts as such. Cost: two words.
    func wants(_ reason: DropReason, port: PortIndex, timestamp: UInt64) -> Bool {
        let group = group(port.rawValue, reason)
        let period = timestamp >> Self.periodShift
        let taken = words[group + 1] == period ? words[group + 2] : 0
        guard taken < Self.samplesPerPeriod else { return false }
        words[group + 1] = period
        words[group + 2] = taken + 1
        return true
    }

    /// Keeps a packet in the place of the oldest. Cost: twenty words.
    func take(
        _ frame: UnsafeRawBufferPointer, _ reason: DropReason, port: PortIndex, slot: UInt32?,
        timestamp: UInt64
    ) {
        let group = group(port.rawValue, reason)
        let number = words[group]
        let sample = group + 8 + Int(number % UInt64(Self.depth)) * Self.sampleWordCount
        let stamp = words[sample]
        words[sample] = stamp | 1
        wl_release_fence()
        let kept = min(frame.count, Self.byteCount)
        words[sample + 1] = timestamp
        words[sample + 2] = (slot.map { UInt64($0) + 1 } ?? 0) << 32 | UInt64(frame.count)
        words[sample + 3] = UInt64(kept)
        for word in 0..<(kept + 7) / 8 {
            var value: UInt64 = 0
            withUnsafeMutableBytes(of: &value) { bytes in
                for place in 0..<min(8, kept - 8 * word) { bytes[place] = frame[8 * word + place] }
            }
            words[sample + 4 + word] = value
        }
        words.release((stamp | 1) &+ 1, to: sample)
        words[group] = number &+ 1
    }

    /// Keeps no longer whose the samples in these session slots are. Any thread, while the worker drops nothing of these
    /// slots; it may take samples of others.
    func forget(_ slots: Set<UInt32>, port: UInt16, reason: DropReason) {
        let group = group(port, reason)
        for place in 0..<Self.depth {
            let sample = group + 8 + place * Self.sampleWordCount
            let word = words[sample + 2]
            let slot = word >> 32
            guard slot > 0, slots.contains(UInt32(slot - 1)) else { continue }
            // One word, so that a reader sees the sample with it or without. If it is another meanwhile, the worker has
            // put another packet here.
            words.replace(word, with: word & 0xffff_ffff, at: sample + 2)
        }
    }

    /// The samples of a port and reason, oldest first.
    func samples(port: UInt16, reason: DropReason) -> [DropSample] {
        let group = group(port, reason)
        let number = words[group]
        let first = number > UInt64(Self.depth) ? number - UInt64(Self.depth) : 0
        return (first..<number).compactMap { sample(group, $0, port, reason) }
    }

    private func sample(_ group: Int, _ number: UInt64, _ port: UInt16, _ reason: DropReason) -> DropSample? {
        let sample = group + 8 + Int(number % UInt64(Self.depth)) * Self.sampleWordCount
        let stamp = words.acquire(sample)
        guard stamp & 1 == 0, stamp > 0 else { return nil }
        let timestamp = words[sample + 1]
        let (slot, length) = (words[sample + 2] >> 32, words[sample + 2] & 0xffff_ffff)
        let kept = min(Int(words[sample + 3]), Self.byteCount)
        var bytes: [UInt8] = []
        for word in 0..<(kept + 7) / 8 {
            withUnsafeBytes(of: words[sample + 4 + word]) { bytes += $0 }
        }
        wl_acquire_fence()
        guard words[sample] == stamp else { return nil }
        return DropSample(
            port: port, reason: reason, slot: slot == 0 ? nil : UInt32(slot - 1), timestamp: timestamp,
            frameByteCount: Int(length), bytes: Array(bytes.prefix(kept)))
    }
}

/// A packet that was dropped, as it then stood.
public struct DropSample: Equatable, Sendable {
    /// The port that it came in by.
    public var port: UInt16
    public var reason: DropReason
    /// The counter slot of its session, if it had one.
    public var slot: UInt32?
    /// Of its arrival, in nanoseconds since the Unix epoch.
    public var timestamp: UInt64
    public var frameByteCount: Int
    /// The first 128 of these.
    public var bytes: [UInt8]

    func write(to writer: inout ByteWriter) {
        writer.write(port)
        writer.write(reason.rawValue)
        writer.write(slot) { $0.write($1) }
        writer.write(timestamp)
        writer.write(count: frameByteCount)
        writer.write(count: bytes.count)
        writer.write(raw: bytes)
    }

    init(
        port: UInt16, reason: DropReason, slot: UInt32?, timestamp: UInt64, frameByteCount: Int,
        bytes: [UInt8]
    ) {
        self.port = port
        self.reason = reason
        self.slot = slot
        self.timestamp = timestamp
        self.frameByteCount = frameByteCount
        self.bytes = bytes
    }

    init(reading reader: inout ByteReader) throws(ByteReaderError) {
        self.init(
            port: try reader.read(), reason: try reader.readDropReason(),
            slot: try reader.readOptional { reader throws(ByteReaderError) in try reader.read() },
            timestamp: try reader.read(), frameByteCount: Int(try reader.read(UInt32.self)),
            bytes: Array(try reader.readRaw(try reader.readCount())))
    }
}
