import CLinux
public import Forwarding
public import Packets

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
