import Packets
import Ports
import Synchronization
import Wire

/// A port of one queue among several workers: one of them receives from it, and all send, one at a time. What they send goes
/// behind a lock, since a port is no two threads' at once; so give ports that carry much a queue for each worker.
final class SingleQueue: @unchecked Sendable {
    private let port: any PacketPort
    private let lock = Mutex(())

    init(_ port: any PacketPort) { self.port = port }

    /// The port as each of so many workers sees it.
    /// - Parameter owner: the one that receives.
    static func ports(_ port: any PacketPort, workers: Int, owner: Int) -> [any PacketPort] {
        let queue = SingleQueue(port)
        return (0..<workers).map {
            SingleQueuePort(queue, name: port.name, link: port.link, isOwner: $0 == owner)
        }
    }

    /// Does something with the port while no other worker does.
    func use<Result: Sendable>(_ body: (any PacketPort) -> Result) -> Result {
        lock.withLock { _ in body(port) }
    }
}

/// What one worker sees of a port of one queue.
final class SingleQueuePort: PacketPort {
    let name: String
    let link: LinkType
    private let queue: SingleQueue
    private let isOwner: Bool

    init(_ queue: SingleQueue, name: String, link: LinkType, isOwner: Bool) {
        self.queue = queue
        self.name = name
        self.link = link
        self.isOwner = isOwner
    }

    var macAddress: MACAddress? { queue.use { $0.macAddress } }
    var mtu: Int { queue.use { $0.mtu } }
    var state: PortState { queue.use { $0.state } }
    /// Others than the owner have nothing to wait for.
    var pollDescriptor: Int32? { isOwner ? queue.use { $0.pollDescriptor } : nil }
    /// Once, so that sums over workers are right.
    var statistics: PortStatistics { isOwner ? queue.use { $0.statistics } : PortStatistics() }
    var offloads: PortOffloads { queue.use { $0.offloads } }
    var kernelInterfaceIndex: Int32? { queue.use { $0.kernelInterfaceIndex } }

    func receive(into vector: PacketVector) -> Int { isOwner ? queue.use { $0.receive(into: vector) } : 0 }

    func transmit(_ vector: PacketVector, selection: UnsafeBufferPointer<UInt8>) {
        queue.use { unsafe $0.transmit(vector, selection: selection) }
    }

    func maintain() { if isOwner { queue.use { $0.maintain() } } }
}
