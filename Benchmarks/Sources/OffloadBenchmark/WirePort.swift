import Packets
import Ports
import Wire

/// An end of a wire between two edges of one thread. What is sent is taken from the sender's memory by the other end, at the
/// latest before the sender is served again: one copy, as a ring between them would have.
final class WirePort: PacketPort {
    let name = "core0"
    let link = LinkType.ethernet
    let macAddress: MACAddress?
    let mtu = 1500
    let state = PortState.up
    let pollDescriptor: Int32? = nil
    /// What the other end has sent: `count` frames, of which those before `next` have been taken.
    private let arrived = UnsafeMutablePointer<UnsafeRawBufferPointer>.allocate(capacity: limit)
    private let words = UnsafeMutablePointer<(next: Int, count: Int)>.allocate(capacity: 1)
    /// Of one vector, and of what a slow path answers to it.
    private static let limit = 2048
    unowned(unsafe) var other: WirePort!

    init(macAddress: MACAddress?) {
        self.macAddress = macAddress
        words.initialize(to: (0, 0))
    }

    deinit {
        arrived.deallocate()
        words.deallocate()
    }

    var isEmpty: Bool { words.pointee.next == words.pointee.count }

    func receive(into vector: PacketVector) -> Int {
        let next = words.pointee.next
        let count = min(vector.limit - vector.count, words.pointee.count - next)
        let now = Clock.now
        for place in next..<next + count { vector.append(arrived[place], timestamp: now) }
        words.pointee.next += count
        if isEmpty { words.pointee = (0, 0) }
        return count
    }

    func transmit(_ vector: PacketVector, selection: UnsafeBufferPointer<UInt8>) {
        let (arrived, begin) = (other.arrived, other.words.pointee.count)
        precondition(begin + selection.count <= Self.limit, "the other end isn't served")
        for order in 0..<selection.count {
            let index = Int(selection[order])
            arrived[begin + order] = UnsafeRawBufferPointer(vector.frame(index))
            vector.packets[index].disposition = .forwarded
        }
        other.words.pointee.count += selection.count
    }

    func maintain() {}
}
