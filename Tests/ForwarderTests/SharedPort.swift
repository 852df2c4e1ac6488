import Glibc
import Link
import Packets
import Ports
import Synchronization
import Wire

/// A memory port between a worker's thread and the test's; or several, the queues of one interface.
final class SharedPort: PacketPort, @unchecked Sendable {
    private let lock = Mutex(())
    private let memory: MemoryPort
    /// Whoever asks for packets after `isStuck`, waits for `isFree`.
    let isStuck = StopFlag()
    let isFree = StopFlag()
    /// Raised when somebody does.
    let isWaitedFor = StopFlag()
    /// Readable while frames wait.
    private let arrival = WakeUp()
    private let overridingMAC: MACAddress?
    private let overridingMTU: Int
    private let further: [SharedPort]

    init(
        _ name: String, link: LinkType, macAddress: MACAddress? = nil, mtu: Int = 1500, queueCount: Int = 1
    ) {
        memory = MemoryPort(name: name, link: link, macAddress: macAddress, mtu: mtu)
        overridingMAC = macAddress
        overridingMTU = mtu
        further = (1..<queueCount).map { _ in
            SharedPort(name, link: link, macAddress: macAddress, mtu: mtu)
        }
    }

    var furtherQueues: [any PacketPort] { further }
    /// All queues, beginning with this one.
    var queues: [SharedPort] { [self] + further }

    var name: String { memory.name }
    var link: LinkType { memory.link }
    var macAddress: MACAddress? { overridingMAC }
    var mtu: Int { overridingMTU }
    var state: PortState { lock.withLock { _ in memory.state } }
    var pollDescriptor: Int32? { arrival.descriptor }

    func receive(into vector: PacketVector) -> Int {
        while isStuck.isRaised, !isFree.isRaised {
            isWaitedFor.raise()
            usleep(1000)
        }
        return lock.withLock { _ in
            let count = memory.receive(into: vector)
            if memory.waitingCount == 0 { arrival.clear() }
            return count
        }
    }

    func transmit(_ vector: PacketVector, selection: UnsafeBufferPointer<UInt8>) {
        lock.withLock { _ in memory.transmit(vector, selection: selection) }
    }

    func maintain() {}

    // MARK: The test's side

    func offer(_ frames: [[UInt8]]) {
        lock.withLock { _ in
            for frame in frames { memory.offer(frame) }
            arrival.signal()
        }
    }

    var waitingCount: Int { lock.withLock { _ in memory.waitingCount } }
    func takeSent() -> [[UInt8]] { lock.withLock { _ in memory.takeSent().map(\.bytes) } }
    func set(_ state: PortState) { lock.withLock { _ in memory.state = state } }
}

/// Waits until something holds; false if it still doesn't after so many seconds.
func eventually(seconds: Int = 20, _ holds: () -> Bool) -> Bool {
    let end = ContinuousClock.now + .seconds(seconds)
    while !holds() {
        guard ContinuousClock.now < end else { return false }
        usleep(1000)
    }
    return true
}
