import CLinux
import Packets

/// Packets and bytes of one session in one direction. 16 bytes; one writer.
public struct Count: BitwiseCopyable, Sendable, Equatable {
    public var packets: UInt64 = 0
    /// Inner IP bytes.
    public var bytes: UInt64 = 0
    @inlinable public init() {}
}

/// The counters as the data path sees them: bare pointers, valid while the memory is that they were made from. One
/// worker adds; others may read at any time.
@safe public struct CountersView: BitwiseCopyable {
    let sessions: UnsafeMutablePointer<Count>
    let portsIn: UnsafeMutablePointer<UInt64>
    let portsOut: UnsafeMutablePointer<UInt64>
    let drops: UnsafeMutablePointer<UInt64>
    /// Forwarded, consumed, originated.
    let totals: UnsafeMutablePointer<UInt64>

    /// - Parameter sessions: a row for each conversion, `2 × session + direction`.
    /// - Parameter portsIn: a number for each port; so `portsOut`.
    /// - Parameter drops: 256 numbers, by the raw value of a `DropReason`.
    /// - Parameter totals: three numbers: forwarded, consumed, originated.
    @unsafe public init(
        sessions: UnsafeMutablePointer<Count>, portsIn: UnsafeMutablePointer<UInt64>,
        portsOut: UnsafeMutablePointer<UInt64>, drops: UnsafeMutablePointer<UInt64>,
        totals: UnsafeMutablePointer<UInt64>
    ) {
        unsafe self.sessions = sessions
        unsafe self.portsIn = portsIn
        unsafe self.portsOut = portsOut
        unsafe self.drops = drops
        unsafe self.totals = totals
    }

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
