import CLinux
import Packets

/// The counters as the data path sees them: an address, valid while the memory is. One worker adds; others
/// may read at any time.
@safe public struct CountersView: BitwiseCopyable {
    let words: UnsafeMutablePointer<UInt64>

    /// - Parameter words: `CountersLayout.wordCount` words, aligned to a cache line.
    @unsafe public init(_ words: UnsafeMutablePointer<UInt64>) { unsafe self.words = words }

    /// Counts a packet that was sent: to its port, and to its session if it has one.
    @inline(always) func countSent(_ packet: Packet) {
        unsafe wl_counter_add(words + CountersLayout.portsOut + Int(packet.egress.rawValue), 1)
        guard packet.counter != Packet.noCounter else { return }
        let count = unsafe words + CountersLayout.conversions + 2 &* Int(packet.counter)
        unsafe wl_counter_add(count, 1)
        unsafe wl_counter_add(count + 1, UInt64(packet.meteredByteCount))
    }

    /// Asks for the cache line that a packet of a session is counted in, to be written.
    @inline(always) func prefetch(_ packet: Packet) {
        guard packet.counter != Packet.noCounter else { return }
        unsafe wl_prefetch_write(words + CountersLayout.conversions + 2 &* Int(packet.counter))
    }

    func countDrop(_ reason: DropReason) {
        unsafe wl_counter_add(words + CountersLayout.drops + Int(reason.rawValue), 1)
    }
    func add(forwarded: UInt64, consumed: UInt64) {
        unsafe wl_counter_add(words + CountersLayout.forwarded, forwarded)
        unsafe wl_counter_add(words + CountersLayout.consumed, consumed)
    }
    func add(originated: UInt64) { unsafe wl_counter_add(words + CountersLayout.originated, originated) }
    func add(received count: Int, _ port: PortIndex) {
        unsafe wl_counter_add(words + CountersLayout.portsIn + Int(port.rawValue), UInt64(count))
    }
}
