public import Packets
public import Wire

/// An Ethernet port to whatever the host ties to the interface's other end (a bridge, a VM): a TAP interface.
///
/// The port is *owned*: the kernel has no address on it, and the forwarder answers for its addresses, under a
/// MAC address of its own. The interface is made if it doesn't exist, stays when the process ends, and is
/// brought up. Superframes pass it both ways, as they do a `TUNPort`.
public final class TAPPort: PacketPort {
    /// What a TAP port is made of.
    public struct Configuration: Hashable, Sendable {
        public var name: String
        /// The interface's name in the kernel, up to 15 bytes.
        public var interface: String
        public var mtu: Int
        /// The forwarder's address on the link; nil for one derived from the kernel's.
        public var macAddress: MACAddress?
        /// Whether kernel and port pass each other superframes and unfinished checksums, where the kernel can.
        public var offload: Bool
        /// `.readWrite` or `.ioUring`; nil: as fast as the kernel lets us.
        public var engine: PortEngine?
        /// Queues of the interface, each for another thread. An interface that is there may have been made for one.
        public var queueCount: Int

        public init(
            name: String, interface: String, mtu: Int = 1500, macAddress: MACAddress? = nil,
            offload: Bool = true, engine: PortEngine? = nil,
            queueCount: Int = 1
        ) {
            self.name = name
            self.interface = interface
            self.mtu = mtu
            self.macAddress = macAddress
            self.offload = offload
            self.engine = engine
            self.queueCount = queueCount
        }
    }

    public let name: String
    private let configuredMACAddress: MACAddress?
    private let tap: TunInterface
    public private(set) var furtherQueues: [any PacketPort] = []

    /// Opens the interface. Throws if a right is missing; anything that may come right later shows in
    /// `state`.
    /// - Parameter watch: says when to look at the interface again; nil: each time that `maintain` is called.
    /// - Parameter warn: is told, in a sentence, what an operator should know.
    public init(
        _ configuration: Configuration, watch: KernelWatch? = nil, warn: @escaping (String) -> Void = { _ in }
    ) throws(InterfaceError) {
        name = configuration.name
        configuredMACAddress = configuration.macAddress
        tap = try TunInterface(
            interface: configuration.interface, kind: .tap, mtu: configuration.mtu,
            offload: configuration.offload, engine: configuration.engine,
            role: configuration.queueCount > 1 ? .first : .alone, watch: watch, warn: warn)
        furtherQueues = try TunQueuePort.ports(
            configuration.queueCount, name: configuration.name, behind: tap, offload: configuration.offload,
            engine: configuration.engine, watch: watch, warn: warn)
    }

    /// The forwarder and the kernel are two stations on this link and need two addresses. The kernel draws
    /// its own at random when it makes the interface; ours is that one with its last bit flipped, so it is as
    /// unique, and stays the same as long as the interface does, however often the process is restarted.
    public var macAddress: MACAddress? {
        configuredMACAddress
            ?? tap.kernelMACAddress.map { MACAddress(rawValue: ($0.rawValue | 0x02 << 40) ^ 1) }
    }

    public var link: LinkType { .ethernet }
    public var mtu: Int { tap.mtu }
    public var state: PortState { tap.state }
    public var pollDescriptor: Int32? { tap.pollDescriptor }

    public var statistics: PortStatistics { tap.statistics }
    public var offloads: PortOffloads { tap.offloads }
    public var engine: PortEngine? { tap.engine }
    public var notes: [String] { tap.notes }

    public func receive(into vector: PacketVector) -> Int { tap.receive(into: vector) }

    public func transmit(_ vector: PacketVector, selection: UnsafeBufferPointer<UInt8>) {
        unsafe tap.transmit(vector, selection: selection)
    }

    public func maintain() { tap.maintain() }

    /// Changes the longest packet, without a break. For the thread that opened the port, while another uses it.
    public func update(mtu: Int) throws(InterfaceError) { try tap.update(mtu: mtu) }

    /// Sees that the interface has its MTU. As `update`, about once a second.
    public func keep() throws(InterfaceError) { try tap.keep() }
}
