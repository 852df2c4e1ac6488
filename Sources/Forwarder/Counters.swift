import CLinux
public import Packets

/// Packets and bytes of one session in one direction. 16 bytes; one writer.
public struct Count: BitwiseCopyable, Sendable, Equatable {
    public var packets: UInt64 = 0
    /// Inner IP bytes.
    public var bytes: UInt64 = 0
    @inlinable public init() {}
}

/// Every number that the forwarder keeps, and the memory it lies in. One worker writes; others may read at any time.
///
/// Always: packets in = forwarded + consumed + dropped, and packets out = forwarded + originated.
@safe public final class Counters {
    /// One for each conversion: `2 × session + direction`.
    let sessions: UnsafeMutablePointer<Count>
    /// The number of sessions.
    public let sessionCount: Int
    let portsIn: UnsafeMutablePointer<UInt64>
    let portsOut: UnsafeMutablePointer<UInt64>
    public let portCount: Int
    /// By the reason's raw value.
    let drops: UnsafeMutablePointer<UInt64>
    /// forwarded, consumed, originated.
    let totals: UnsafeMutablePointer<UInt64>

    public init(sessionCount: Int, portCount: Int) {
        self.sessionCount = sessionCount
        self.portCount = portCount
        unsafe sessions = .allocate(capacity: max(1, 2 * sessionCount))
        unsafe sessions.initialize(repeating: Count(), count: 2 * sessionCount)
        unsafe portsIn = .allocate(capacity: max(1, portCount))
        unsafe portsIn.initialize(repeating: 0, count: portCount)
        unsafe portsOut = .allocate(capacity: max(1, portCount))
        unsafe portsOut.initialize(repeating: 0, count: portCount)
        unsafe drops = .allocate(capacity: 256)
        unsafe drops.initialize(repeating: 0, count: 256)
        unsafe totals = .allocate(capacity: 3)
        unsafe totals.initialize(repeating: 0, count: 3)
    }

    deinit {
        unsafe sessions.deallocate()
        unsafe portsIn.deallocate()
        unsafe portsOut.deallocate()
        unsafe drops.deallocate()
        unsafe totals.deallocate()
    }

    /// What the data path adds to. Valid while this object lives.
    public var view: CountersView {
        unsafe CountersView(
            sessions: sessions, portsIn: portsIn, portsOut: portsOut, drops: drops, totals: totals)
    }

    /// What the session carried in one direction; `conversion` is `2 × session + direction`.
    public func session(conversion: Int) -> Count {
        precondition(conversion >= 0 && conversion < 2 * sessionCount)
        return unsafe sessions[conversion]
    }
    public func received(_ port: PortIndex) -> UInt64 {
        precondition(port.rawValue < portCount)
        return unsafe wl_counter_read(portsIn + Int(port.rawValue))
    }
    public func sent(_ port: PortIndex) -> UInt64 {
        precondition(port.rawValue < portCount)
        return unsafe wl_counter_read(portsOut + Int(port.rawValue))
    }
    public func dropped(_ reason: DropReason) -> UInt64 {
        unsafe wl_counter_read(drops + Int(reason.rawValue))
    }
    public var forwarded: UInt64 { unsafe wl_counter_read(totals) }
    public var consumed: UInt64 { unsafe wl_counter_read(totals + 1) }
    public var originated: UInt64 { unsafe wl_counter_read(totals + 2) }
}

/// The counters as the data path sees them: bare pointers, valid while their `Counters` lives.
@safe public struct CountersView: BitwiseCopyable {
    @usableFromInline let sessions: UnsafeMutablePointer<Count>
    @usableFromInline let portsIn: UnsafeMutablePointer<UInt64>
    @usableFromInline let portsOut: UnsafeMutablePointer<UInt64>
    @usableFromInline let drops: UnsafeMutablePointer<UInt64>
    @usableFromInline let totals: UnsafeMutablePointer<UInt64>

    /// Counts a packet that was sent: to its session, if it has one, and to its port.
    func countSent(_ packet: Packet) {
        unsafe wl_counter_add(portsOut + Int(packet.egress.rawValue), 1)
        guard packet.counter != Packet.noCounter else { return }
        let row = unsafe UnsafeMutableRawPointer(sessions + Int(packet.counter)).assumingMemoryBound(
            to: UInt64.self)
        unsafe wl_counter_add(row, 1)
        unsafe wl_counter_add(row + 1, UInt64(packet.meteredByteCount))
    }

    func countDrop(_ reason: DropReason) { unsafe wl_counter_add(drops + Int(reason.rawValue), 1) }
    func add(forwarded: UInt64, consumed: UInt64) {
        unsafe wl_counter_add(totals, forwarded)
        unsafe wl_counter_add(totals + 1, consumed)
    }
    func add(originated: UInt64) { unsafe wl_counter_add(totals + 2, originated) }
    func add(received count: Int, _ port: PortIndex) {
        unsafe wl_counter_add(portsIn + Int(port.rawValue), UInt64(count))
    }
}
