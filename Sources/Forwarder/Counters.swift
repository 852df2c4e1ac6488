import CLinux
public import Forwarding
public import Packets
import Tables

/// Packets and bytes of one session in one direction.
public struct Count: BitwiseCopyable, Sendable, Equatable {
    public var packets: UInt64
    /// Inner IP bytes.
    public var bytes: UInt64

    public init(packets: UInt64 = 0, bytes: UInt64 = 0) {
        self.packets = packets
        self.bytes = bytes
    }
}

/// Every number that the forwarder keeps, in memory laid out by `CountersLayout`. One worker writes; others may read at
/// any time.
///
/// Always: packets in + originated = packets out + consumed + dropped. Of what is originated only further fragments may be
/// among the dropped; where none is, packets in = forwarded + consumed + dropped. A packet that waits for
/// its next hop is in none of them before it has an outcome.
@safe public final class Counters {
    private let words: UnsafeMutablePointer<UInt64>
    /// Nil where the memory is another's.
    private let memory: Memory?

    /// Counters that begin at zero and end with this object.
    public init() {
        let memory = Memory()
        self.memory = memory
        unsafe words = memory.pages.start.bindMemory(to: UInt64.self, capacity: CountersLayout.wordCount)
    }

    /// Counters in memory that is there already: they go on from what stands in it.
    /// - Parameter words: `CountersLayout.wordCount` words, aligned to a cache line, which outlive this object.
    @unsafe public init(words: UnsafeMutablePointer<UInt64>) {
        memory = nil
        unsafe self.words = words
    }

    private final class Memory {
        let pages = PageMemory(reserving: CountersLayout.wordCount * 8)
    }

    /// What the data path adds to. Valid while this object lives.
    public var view: CountersView { unsafe CountersView(words) }

    /// What the session carried in one direction; `conversion` is `2 × session slot + direction`.
    public func session(conversion: Int) -> Count {
        precondition(conversion >= 0 && conversion < 2 * CountersLayout.sessionCount)
        let word = CountersLayout.conversions + 2 * conversion
        return Count(packets: read(word), bytes: read(word + 1))
    }
    public func received(_ port: PortIndex) -> UInt64 {
        precondition(port.rawValue < CountersLayout.portCount)
        return read(CountersLayout.portsIn + Int(port.rawValue))
    }
    public func sent(_ port: PortIndex) -> UInt64 {
        precondition(port.rawValue < CountersLayout.portCount)
        return read(CountersLayout.portsOut + Int(port.rawValue))
    }
    public func dropped(_ reason: DropReason) -> UInt64 {
        read(CountersLayout.drops + Int(reason.rawValue))
    }
    public var forwarded: UInt64 { read(CountersLayout.forwarded) }
    public var consumed: UInt64 { read(CountersLayout.consumed) }
    public var originated: UInt64 { read(CountersLayout.originated) }

    private func read(_ word: Int) -> UInt64 { unsafe wl_counter_read(words + word) }
}
