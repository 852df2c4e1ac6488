public import Packets
public import Wire

/// An IP port to the host's own network stack: a TUN interface. What the kernel routes into the interface is
/// received, what is sent comes out of it as if from a wire.
///
/// The interface is made if it doesn't exist, stays when the process ends, and is brought up with its MTU,
/// addresses and routes.
///
/// What the kernel leaves undone, where `offload` lets it, the port does: superframes are cut into segments, checksums
/// finished. Packets of a flow leave in superframes (see `Coalescer`). One system call a superframe or packet; a copy
/// of what is received, none of what is sent but the kernel's.
///
/// Addresses and routes that the interface had before it is opened are taken from it.
public final class TUNPort: PacketPort {
    /// What a TUN port is made of.
    public struct Configuration: Hashable, Sendable {
        public var name: String
        /// The interface's name in the kernel, up to 15 bytes.
        public var interface: String
        /// The kernel's own addresses on the interface.
        public var addresses: [InterfaceAddress]
        /// What the kernel routes into the interface.
        public var routes: [IPPrefix]
        public var mtu: Int
        /// Whether kernel and port pass each other superframes and unfinished checksums, where the kernel can.
        public var offload: Bool
        /// `.readWrite` or `.ioUring`; nil: as fast as the kernel lets us.
        public var engine: PortEngine?
        /// Queues of the interface, each for another thread. An interface that is there may have been made for one.
        public var queueCount: Int

        public init(
            name: String, interface: String, addresses: [InterfaceAddress] = [], routes: [IPPrefix] = [],
            mtu: Int = 1500, offload: Bool = true, engine: PortEngine? = nil,
            queueCount: Int = 1
        ) {
            self.name = name
            self.interface = interface
            self.addresses = addresses
            self.routes = routes
            self.mtu = mtu
            self.offload = offload
            self.engine = engine
            self.queueCount = queueCount
        }
    }

    public let name: String
    private let tun: TunInterface
    public private(set) var furtherQueues: [any PacketPort] = []

    /// Opens the interface. Throws if a right is missing; anything that may come right later shows in
    /// `state`.
    /// - Parameter watch: says when to look at the interface again; nil: each time that `maintain` is called.
    /// - Parameter warn: is told, in a sentence, what an operator should know.
    public init(
        _ configuration: Configuration, watch: KernelWatch? = nil, warn: @escaping (String) -> Void = { _ in }
    ) throws(InterfaceError) {
        name = configuration.name
        tun = try TunInterface(
            interface: configuration.interface, kind: .tun, mtu: configuration.mtu,
            addresses: configuration.addresses, routes: configuration.routes,
            offload: configuration.offload, engine: configuration.engine,
            role: configuration.queueCount > 1 ? .first : .alone, watch: watch, warn: warn)
        furtherQueues = try TunQueuePort.ports(
            configuration.queueCount, name: configuration.name, behind: tun, offload: configuration.offload,
            engine: configuration.engine, watch: watch, warn: warn)
    }

    public var link: LinkType { .ip }
    public var macAddress: MACAddress? { nil }
    public var mtu: Int { tun.mtu }
    /// The kernel's own addresses on the interface, as they should be.
    public var addresses: [InterfaceAddress] { tun.addresses }
    public var state: PortState { tun.state }
    public var pollDescriptor: Int32? { tun.pollDescriptor }

    public var statistics: PortStatistics { tun.statistics }
    public var offloads: PortOffloads { tun.offloads }
    public var engine: PortEngine? { tun.engine }
    public var notes: [String] { tun.notes }

    public func receive(into vector: PacketVector) -> Int { tun.receive(into: vector) }

    public func transmit(_ vector: PacketVector, selection: UnsafeBufferPointer<UInt8>) {
        unsafe tun.transmit(vector, selection: selection)
    }

    public func maintain() { tun.maintain() }

    // MARK: The thread that opened it

    /// Changes what the kernel routes into the interface: now if it is there, else when it comes. As the other methods
    /// below for the thread that opened the port, while another uses it, so that a million routes don't hold up packets.
    /// Cost: a round trip a difference.
    /// - Throws: the first route that can't be added or removed; all others are. `keep` tries again, and until then
    ///   `state` says so.
    public func update(routes: [IPPrefix]) throws(InterfaceError) { try tun.update(routes: routes) }

    /// Changes the longest packet, without a break.
    public func update(mtu: Int) throws(InterfaceError) { try tun.update(mtu: mtu) }

    /// Changes the kernel's own addresses on the interface.
    public func update(addresses: [InterfaceAddress]) throws(InterfaceError) {
        try tun.update(addresses: addresses)
    }

    /// Sees that the kernel has MTU, addresses and routes, also after the interface had gone. To be called about once a
    /// second. Cost: some round trips, where nothing is missing.
    /// - Throws: the first thing that can't be had; `state` says so from the next `maintain` on.
    public func keep() throws(InterfaceError) { try tun.keep() }

    /// Takes the interface down, so that the kernel routes nothing to a port that is no more. When nobody else uses it.
    public func retire() throws(InterfaceError) { try tun.retire() }
}
