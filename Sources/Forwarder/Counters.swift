import CLinux
public import Forwarding
public import Packets

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

/// Every number that the forwarder keeps, and the memory it lies in. One worker writes; others may read at any time.
///
/// Always: packets in = forwarded + consumed + dropped, and packets out = forwarded + originated.
@safe public final class Counters {
    private let layout: CountersLayout
    private let words: UnsafeMutablePointer<UInt64>

    public init(sessionCount: Int, portCount: Int) {
        layout = CountersLayout(portCount: portCount, sessionCount: sessionCount)
        let memory = UnsafeMutableRawPointer.allocate(byteCount: layout.wordCount * 8, alignment: 64)
        unsafe words = memory.initializeMemory(as: UInt64.self, repeating: 0, count: layout.wordCount)
    }

    deinit { unsafe words.deallocate() }

    /// What the data path adds to. Valid while this object lives.
    public var view: CountersView { unsafe CountersView(words, layout) }
    public var sessionCount: Int { layout.sessionCount }
    public var portCount: Int { layout.portCount }

    /// What the session carried in one direction; `conversion` is `2 × session + direction`.
    public func session(conversion: Int) -> Count {
        precondition(conversion >= 0 && conversion < 2 * sessionCount)
        let word = layout.conversions + 2 * conversion
        return Count(packets: read(word), bytes: read(word + 1))
    }
    public func received(_ port: PortIndex) -> UInt64 {
        precondition(port.rawValue < portCount)
        return read(layout.portsIn + Int(port.rawValue))
    }
    public func sent(_ port: PortIndex) -> UInt64 {
        precondition(port.rawValue < portCount)
        return read(layout.portsOut + Int(port.rawValue))
    }
    public func dropped(_ reason: DropReason) -> UInt64 { read(layout.drops + Int(reason.rawValue)) }
    public var forwarded: UInt64 { read(layout.forwarded) }
    public var consumed: UInt64 { read(layout.consumed) }
    public var originated: UInt64 { read(layout.originated) }

    private func read(_ word: Int) -> UInt64 { unsafe wl_counter_read(words + word) }
}
