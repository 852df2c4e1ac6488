public import Packets
public import Wire

/// An Ethernet port on an interface of the host's, through an AF_PACKET socket.
///
/// The port is *owned* unless it is told to share: the forwarder is the only station behind this interface, and answers ARP, neighbour
/// discovery and ping itself. The kernel sees the same frames, and would answer encapsulated packets with
/// ICMP errors or forward copies; so it is kept out where that can be done (see `isOwned`), and must have no
/// address there.
///
/// On a *shared* interface the kernel keeps its addresses, answers for them, and knows the neighbours. The forwarder takes
/// what a `SharedSelection` names, of which the kernel sees nothing while the port is open (see `SharedFilter`).
///
/// Frames arrive complete: VLAN tags are put back, checksums finished, superframes cut into their segments,
/// and what this host itself sends is left out. Each frame is copied once, from the socket's buffer into the
/// vector. Packets of a flow leave in superframes (see `Coalescer`); what doesn't know them behind the interface gets
/// packets, since the kernel cuts them up.
public final class PacketSocketPort: PacketPort {
    /// What a packet socket port is made of.
    public struct Configuration: Hashable, Sendable {
        public var name: String
        /// The interface's name in the kernel.
        public var interface: String
        /// The forwarder's address on the link; nil for the interface's. With another one the kernel takes
        /// nothing that is addressed to us, but the card has to be promiscuous.
        public var macAddress: MACAddress?
        /// The largest packet; nil for the interface's, which is also the upper limit.
        public var mtu: Int?
        /// Whether the kernel is kept out: where it has no address on the interface, its IPv4 forwarding and
        /// its IPv6 are switched off there, and stay so when the port is closed. Where it has one, nothing is
        /// touched and a warning given.
        public var isOwned: Bool
        /// What is ours on an interface that is shared with the kernel; nil where it is ours alone.
        public var sharing: SharedSelection?
        /// What the kernel may hold until it is received, and until it is sent.
        public var bufferByteCount: Int
        /// Whether packets of a flow leave in superframes, where the kernel takes them. What comes in superframes is cut up
        /// in any case: that they come is up to the sender's own interface.
        public var offload: Bool
        /// `.ring` or `.mmsg`; nil: the first, where the kernel has it.
        public var engine: PortEngine?
        /// Sockets among which what comes is spread by flow, each for another thread. A shared interface has one.
        public var queueCount: Int

        public init(
            name: String, interface: String, macAddress: MACAddress? = nil, mtu: Int? = nil,
            isOwned: Bool = true, sharing: SharedSelection? = nil,
            bufferByteCount: Int = 16 << 20, offload: Bool = true, engine: PortEngine? = nil,
            queueCount: Int = 1
        ) {
            self.name = name
            self.interface = interface
            self.macAddress = macAddress
            self.mtu = mtu
            self.isOwned = isOwned
            self.sharing = sharing
            self.bufferByteCount = bufferByteCount
            self.offload = offload
            self.engine = engine
            self.queueCount = queueCount
        }
    }

    public let name: String
    public private(set) var macAddress: MACAddress?
    public private(set) var mtu: Int
    public private(set) var state = PortState.absent("not opened yet")

    private let configuration: Configuration
    private let warn: (String) -> Void
    private let receiveBuffer = PacketReceiveBuffer()
    private let sendBuffer: PacketSendBuffer
    /// The refusals of superframes that have been said.
    private var saidRefused: Coalescer.Transports = []
    /// What there is between several queues.
    private let fanout: PacketFanout?
    public private(set) var furtherQueues: [any PacketPort] = []
    /// Nil on an interface that is ours alone.
    private let filter: SharedFilter?
    private let watch: KernelWatch?
    /// What `watch` said when we last asked the kernel.
    private var settledSerial: UInt64?
    private var socket: PacketSocket?
    /// The interface that the socket is bound to, as it was last seen.
    private var interface: InterfaceStatus?
    private var countedKernelDrops: UInt64 = 0
    /// How often the ring has been found empty.
    private var emptyCount: UInt = 0
    /// Whether the interface could not be used for another reason than that there is none: that passes without news of it.
    private var mustRetry = false

    /// Opens the interface. Throws if a right is missing; anything that may come right later shows in
    /// `state`.
    /// - Parameter watch: says when to look at the interface again; nil: each time that `maintain` is called.
    /// - Parameter warn: is told, in a sentence, what an operator should see to.
    public convenience init(
        _ configuration: Configuration, watch: KernelWatch? = nil, warn: @escaping (String) -> Void = { _ in }
    ) throws(InterfaceError) {
        let hasQueues = configuration.queueCount > 1 && configuration.sharing == nil
        let fanout = hasQueues ? PacketFanout() : nil
        try self.init(configuration, fanout: fanout, watch: watch, warn: warn)
        guard hasQueues else { return }
        for _ in 1..<configuration.queueCount {
            // What is wrong with one is wrong with all, and said once.
            furtherQueues.append(try PacketSocketPort(configuration, fanout: fanout, watch: watch) { _ in })
        }
    }

    private init(
        _ configuration: Configuration, fanout: PacketFanout?, watch: KernelWatch?,
        warn: @escaping (String) -> Void
    ) throws(InterfaceError) {
        self.configuration = configuration
        self.fanout = fanout
        self.watch = watch
        self.warn = warn
        sendBuffer = PacketSendBuffer(joining: configuration.offload ? [.tcp, .udp] : [])
        filter = configuration.sharing.map {
            SharedFilter(interface: configuration.interface, selection: $0)
        }
        name = configuration.name
        macAddress = configuration.macAddress
        mtu = configuration.mtu ?? 1500
        do throws(InterfaceError) {
            settledSerial = watch?.serial(of: configuration.interface)
            try settle()
        } catch {
            if error.isPermanent { throw error }
            close(error.description)
        }
    }

    public var link: LinkType { .ethernet }
    public var pollDescriptor: Int32? { socket?.descriptor }

    /// Frames that the kernel dropped before we saw them because its buffer was full, since the port was
    /// made, and those that were in a ring when its interface went away.
    public var kernelDrops: UInt64 {
        countedKernelDrops += socket?.takeKernelDrops() ?? 0
        return countedKernelDrops + receiveBuffer.lostCount
    }

    /// Superframes that have been cut into segments.
    public var superframeCount: UInt64 { receiveBuffer.superframeCount }

    public var statistics: PortStatistics {
        PortStatistics(
            kernelDrops: kernelDrops, superframes: superframeCount,
            sentSuperframes: sendBuffer.superframeCount, sendFailures: sendBuffer.failures.all)
    }
    public var offloads: PortOffloads {
        sendBuffer.joining.isEmpty ? [.checksum, .segmentation] : [.checksum, .segmentation, .coalescing]
    }
    public var engine: PortEngine? { socket == nil ? nil : receiveRing == nil ? .mmsg : .ring }
    public var notes: [String] {
        [socket?.refusal.flatMap { $0 }].compactMap { $0 }
            + sendBuffer.refused.names.map { Self.refusal(ofSuperframesOf: $0) }
    }
    private var receiveRing: ReceiveRing? { socket?.ring.flatMap { $0 } }
    public var kernelInterfaceIndex: Int32? { filter == nil ? nil : interface?.index }

    public func receive(into vector: PacketVector) -> Int {
        let countBefore = vector.count
        guard let descriptor = socket?.descriptor else {
            // What had come by an interface that is gone has come.
            receiveBuffer.appendWaiting(to: vector)
            return vector.count - countBefore
        }
        var error: Int32 = 0
        if let ring = receiveRing {
            receiveBuffer.receive(from: descriptor, by: ring, into: vector)
            if vector.count == countBefore { error = errorOfIdleSocket() }
        } else {
            error = receiveBuffer.receive(from: descriptor, into: vector)
        }
        if error != 0 {
            // The interface went down or away; maintain() finds out which.
            state = .down
            mustRetry = true
        }
        return vector.count - countBefore
    }

    /// A ring is silent about errors, and asking takes a system call: so it is asked now and then where nothing comes.
    private func errorOfIdleSocket() -> Int32 {
        emptyCount &+= 1
        return emptyCount & 7 == 1 ? socket?.takeError() ?? 0 : 0
    }

    public func transmit(_ vector: PacketVector, selection: UnsafeBufferPointer<UInt8>) {
        // The kernel takes frames for a link without a carrier, and drops them silently.
        guard state == .up, let descriptor = socket?.descriptor else {
            return unsafe vector.dropAll(selection, .portDown)
        }
        unsafe sendBuffer.transmit(vector, selection: selection, to: descriptor)
        if sendBuffer.refused != saidRefused { sayRefused() }
    }

    private func sayRefused() {
        for name in sendBuffer.refused.subtracting(saidRefused).names {
            warn("interface \(configuration.interface): \(Self.refusal(ofSuperframesOf: name))")
        }
        saidRefused = sendBuffer.refused
    }

    private static func refusal(ofSuperframesOf transport: String) -> String {
        "the kernel refuses superframes of \(transport); packets are sent one by one"
    }

    public func maintain() {
        let serial = watch?.serial(of: configuration.interface)
        guard serial == nil || serial != settledSerial || mustRetry else { return }
        settledSerial = serial
        do throws(InterfaceError) {
            mustRetry = false
            try settle()
        } catch {
            mustRetry = true
            close(error.description)
        }
    }

    // MARK: The thread that opened it

    /// Changes what is ours of a shared interface, at once if it is there. As `keep` for the thread that opened the port,
    /// while another uses it.
    /// - Throws: why the kernel doesn't take the filter. What was in force stays.
    public func update(sharing selection: SharedSelection) throws(InterfaceError) {
        try filter?.keep(selection)
    }

    /// Sees that a shared interface's filter fits the addresses that the kernel has now. To be called about once a second.
    /// Cost: a round trip.
    public func keep() throws(InterfaceError) { try filter?.keep() }

    // MARK: The interface

    /// Looks what is there, and opens or reopens the socket if it isn't the one we are bound to.
    private func settle() throws(InterfaceError) {
        let kernel = try RouteSocket(interface: configuration.interface)
        guard let status = try kernel.status() else {
            return close("there is no interface \(configuration.interface)")
        }
        guard let interfaceMACAddress = status.macAddress else {
            return close("interface \(configuration.interface) is no Ethernet interface")
        }
        if socket == nil || status.index != interface?.index || status.macAddress != interface?.macAddress {
            release()
            let mac = configuration.macAddress ?? interfaceMACAddress
            guard filter == nil || mac == interfaceMACAddress else {
                throw InterfaceError(
                    interface: configuration.interface, action: "share it with the kernel",
                    reason: "the port has a mac of its own; take it away, or don't share the interface")
            }
            socket = try PacketSocket.open(
                on: configuration.interface, index: status.index, isPromiscuous: mac != interfaceMACAddress,
                bufferByteCount: configuration.bufferByteCount, engine: configuration.engine, mtu: status.mtu,
                fanout: fanout
            ) { descriptor throws(InterfaceError) in
                try filter?.attach(socket: descriptor, index: status.index, mac: mac)
            }
            macAddress = mac
            if filter == nil, configuration.isOwned { try keepKernelOut(kernel, index: status.index) }
        }
        if status.isUp, state != .up { _ = socket?.takeError() }
        interface = status
        mtu = min(configuration.mtu ?? status.mtu, status.mtu)
        state = status.isUp ? .up : .down
        _ = kernelDrops
    }

    private func keepKernelOut(_ kernel: borrowing RouteSocket, index: Int32) throws(InterfaceError) {
        let addresses = try kernel.addresses(index: index)
        if !addresses.isEmpty {
            let list = addresses.map(\.description).joined(separator: ", ")
            warn(
                "interface \(configuration.interface): the kernel has \(list) there and will answer beside us; "
                    + "take the address away, or give the port a mac of its own")
            return
        }
        do throws(InterfaceError) {
            try kernel.change(
                index: index, forwardsIPv4: false, action: "keep the kernel from forwarding IPv4")
            try kernel.disableIPv6()
        } catch {
            warn("\(error); the kernel may forward copies of packets")
        }
    }

    private func close(_ reason: String) {
        release()
        state = .absent(reason)
    }

    private func release() {
        countedKernelDrops += socket?.takeKernelDrops() ?? 0
        // What lies in the ring goes with it. A superframe that some segments have come of is one of these.
        countedKernelDrops += UInt64(receiveRing?.waitingCount ?? 0)
        receiveBuffer.leaveSlot()
        filter?.detach()
        socket = nil
        interface = nil
        macAddress = configuration.macAddress
    }
}
