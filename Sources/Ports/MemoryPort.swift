public import Packets
public import Wire

/// A port whose packets come from one queue and go to another: for tests and simulations.
///
/// Nothing waits and nothing is lost: what is offered is received in that order, what is sent stands in
/// `sent`. A send fails while `state` is not `.up`, or as often as `failingSendCount` says, once `sendsBeforeFailing` have
/// succeeded.
public final class MemoryPort: PacketPort {
    /// A frame with the time at which it arrives, or arrived, in nanoseconds since the Unix epoch.
    public struct Frame: Hashable, Sendable {
        public var bytes: [UInt8]
        public var timestamp: UInt64

        public init(bytes: [UInt8], timestamp: UInt64 = 0) {
            self.bytes = bytes
            self.timestamp = timestamp
        }
    }

    public let name: String
    public let link: LinkType
    public let macAddress: MACAddress?
    public let mtu: Int
    /// Anything but `.up` makes every send drop as `.portDown`.
    public var state = PortState.up
    /// How many of the next sends drop as `.transmitFailed`.
    public var failingSendCount = 0
    /// How many succeed before these.
    public var sendsBeforeFailing = 0
    /// What has been sent, oldest first.
    public private(set) var sent: [Frame] = []

    private var waiting: [Frame] = []
    private var nextWaiting = 0

    public init(name: String, link: LinkType, macAddress: MACAddress? = nil, mtu: Int = 1500) {
        self.name = name
        self.link = link
        self.macAddress = macAddress
        self.mtu = mtu
    }

    public var pollDescriptor: Int32? { nil }

    /// Frames offered and not yet received.
    public var waitingCount: Int { waiting.count - nextWaiting }

    /// Queues a frame to be received.
    public func offer(_ bytes: [UInt8], timestamp: UInt64 = 0) {
        waiting.append(Frame(bytes: bytes, timestamp: timestamp))
    }

    /// Empties `sent` and returns what stood there.
    public func takeSent() -> [Frame] {
        defer { sent = [] }
        return sent
    }

    public func receive(into vector: PacketVector) -> Int {
        let countBefore = vector.count
        while !vector.isFull, nextWaiting < waiting.count {
            let frame = waiting[nextWaiting]
            nextWaiting += 1
            unsafe frame.bytes.withUnsafeBytes { unsafe vector.appendOrDrop($0, timestamp: frame.timestamp) }
        }
        if nextWaiting == waiting.count {
            waiting.removeAll(keepingCapacity: true)
            nextWaiting = 0
        }
        return vector.count - countBefore
    }

    public func transmit(_ vector: PacketVector, selection: UnsafeBufferPointer<UInt8>) {
        for order in 0..<selection.count {
            let index = unsafe Int(selection[order])
            if state != .up {
                vector[index].drop(.portDown)
            } else if failingSendCount > 0, sendsBeforeFailing == 0 {
                failingSendCount -= 1
                vector[index].drop(.transmitFailed)
            } else {
                sendsBeforeFailing = max(0, sendsBeforeFailing - 1)
                sent.append(
                    Frame(bytes: unsafe Array(vector.frame(index)), timestamp: vector[index].timestamp))
                vector[index].disposition = .forwarded
            }
        }
    }

    public func maintain() {}
}
