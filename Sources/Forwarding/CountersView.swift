import CLinux
import Packets

/// The counters as the data path sees them: an address and a layout, valid while the memory is. One worker adds; others
/// may read at any time.
@safe public struct CountersView: BitwiseCopyable {
    let words: UnsafeMutablePointer<UInt64>
    let layout: CountersLayout

    /// - Parameter words: `layout.wordCount` words, aligned to a cache line.
    @unsafe public init(_ words: UnsafeMutablePointer<UInt64>, _ layout: CountersLayout) {
        unsafe self.words = words
        self.layout = layout
    }

    /// Counts a packet that was sent: to its port, and to its session if it has one.
    @inline(always) func countSent(_ packet: Packet) {
        unsafe wl_counter_add(words + layout.portsOut + Int(packet.egress.rawValue), 1)
        guard packet.counter != Packet.noCounter else { return }
        let count = unsafe words + layout.conversions + 2 &* Int(packet.counter)
        unsafe wl_counter_add(count, 1)
        unsafe wl_counter_add(count + 1, UInt64(packet.meteredByteCount))
    }

    func countDrop(_ reason: DropReason) {
        unsafe wl_counter_add(words + layout.drops + Int(reason.rawValue), 1)
    }
    func add(forwarded: UInt64, consumed: UInt64) {
        unsafe wl_counter_add(words + layout.forwarded, forwarded)
        unsafe wl_counter_add(words + layout.consumed, consumed)
    }
    func add(originated: UInt64) { unsafe wl_counter_add(words + layout.originated, originated) }
    func add(received count: Int, _ port: PortIndex) {
        unsafe wl_counter_add(words + layout.portsIn + Int(port.rawValue), UInt64(count))
    }
}
