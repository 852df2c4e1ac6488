import Glibc
import Packets
import Synchronization
import Wire

/// A TUN or TAP interface that the forwarder makes, keeps and holds open: what `TUNPort` and `TAPPort` share.
///
/// The interface outlives the process. It is brought up when it is opened, and again whenever it had to be
/// made anew; an operator who takes it down finds it left down.
final class TunInterface {
    let interface: String
    let kind: TunDevice.Kind
    private let shared: Mutex<Shared>
    private var routes: Routes
    private(set) var state = PortState.absent("not opened yet")
    /// The address of the kernel's end; nil on a TUN.
    private(set) var kernelMACAddress: MACAddress?

    private var device: TunDevice?
    private let receiveBuffer: TunReceiveBuffer
    private let sendBuffer: TunSendBuffer
    /// Whether superframes and unfinished checksums are wanted.
    private let offload: Bool
    /// How packets are to pass; nil: as fast as the kernel lets us.
    private let wantedEngine: PortEngine?
    private let role: Role
    private let warn: (String) -> Void
    /// What has been said to `warn`, which is told each thing once.
    private var warnings: Set<String> = []
    /// The refusals of superframes that have been said.
    private var saidRefused: Coalescer.Transports = []
    private let watch: KernelWatch?
    /// What `watch` said when we last asked the kernel.
    private var settledSerial: UInt64?
    private var interfaceIndex: Int32 = 0
    /// Whether the kernel's end has its addresses and routes; it loses them when it goes down.
    private var isConfigured = false

    /// Which of the interface's queues this is.
    enum Role {
        /// The only one.
        case alone
        /// The first of several, which keeps the interface as it should be.
        case first
        /// Another one, which takes the interface as it is.
        case further
    }

    /// What the worker and the thread that opened the interface tell each other. Nobody waits for the kernel while
    /// holding it, so that a million routes don't hold up packets.
    private struct Shared {
        var mtu: Int
        /// The kernel's own.
        var addresses: [InterfaceAddress]
        /// The interface, while it is configured.
        var index: Int32?
        /// How often it has been configured: what routes the kernel has is to be found out anew then.
        var generation = 0
        /// Why something of it can't be kept as it should be.
        var fault: String?
    }

    /// What the kernel is to route into the interface. Only touched by the thread that opened it.
    private struct Routes {
        var wanted: Set<IPPrefix>
        /// Those that the kernel has of ours.
        var installed: Set<IPPrefix> = []
        var generation = 0
        var isSettled = false
        /// When that was reached: one route of each version of IP.
        private var samples: [IPPrefix] = []

        /// Failures after which the rest is left for the next time.
        private static let patience = 16

        init(wanted: Set<IPPrefix>) { self.wanted = wanted }

        /// Brings what the kernel has to what is wanted, but for what is in the way. Cost: a round trip a difference; one
        /// for each version of IP where there is none.
        mutating func settle(_ kernel: borrowing RouteSocket, index: Int32) throws(InterfaceError) {
            try notice(kernel, index: index)
            guard !isSettled else { return }
            var failures: [InterfaceError] = []
            for prefix in installed.subtracting(wanted).sorted() where failures.count < Self.patience {
                do throws(InterfaceError) {
                    try kernel.removeRoute(to: prefix, index: index)
                    installed.remove(prefix)
                } catch { failures.append(error) }
            }
            for prefix in wanted.subtracting(installed).sorted() where failures.count < Self.patience {
                do throws(InterfaceError) {
                    _ = try kernel.addRoute(to: prefix, index: index)
                    installed.insert(prefix)
                } catch { failures.append(error) }
            }
            if let first = failures.first { throw first }
            isSettled = true
            samples = [IPVersion.v4, .v6].compactMap { version in wanted.first { $0.version == version } }
        }

        /// Finds out that the interface has been down and up again between two looks at it: then all routes of a version
        /// are gone together.
        private mutating func notice(_ kernel: borrowing RouteSocket, index: Int32) throws(InterfaceError) {
            guard isSettled else { return }
            for sample in samples where try kernel.addRoute(to: sample, index: index) {
                installed = installed.filter { $0.version != sample.version || $0 == sample }
                isSettled = false
            }
        }
    }

    /// Throws if it is of no use to wait. Anything else shows in `state`, and is tried again by `maintain` and `keep`.
    init(
        interface: String, kind: TunDevice.Kind, mtu: Int, addresses: [InterfaceAddress] = [],
        routes: [IPPrefix] = [], offload: Bool = true, engine: PortEngine? = nil, role: Role = .alone,
        watch: KernelWatch? = nil,
        warn: @escaping (String) -> Void = { _ in }
    ) throws(InterfaceError) {
        self.watch = watch
        self.offload = offload
        wantedEngine = engine
        self.role = role
        self.warn = warn
        receiveBuffer = TunReceiveBuffer(link: kind.link)
        sendBuffer = TunSendBuffer(link: kind.link)
        self.interface = interface
        self.kind = kind
        shared = Mutex(Shared(mtu: mtu, addresses: addresses))
        self.routes = Routes(wanted: Set(routes))
        do throws(InterfaceError) {
            try settle(patience: 20)
            try keep()
        } catch {
            if error.isPermanent { throw error }
            state = .absent(error.description)
        }
    }

    /// The longest packet.
    var mtu: Int { shared.withLock { $0.mtu } }
    var addresses: [InterfaceAddress] { shared.withLock { $0.addresses } }

    var pollDescriptor: Int32? { device?.descriptor }

    /// Whether there can be further queues. Not where the interface was made for one, by an earlier user.
    var takesQueues: Bool { device?.hasQueues ?? true }

    func receive(into vector: PacketVector) -> Int {
        let countBefore = vector.count
        if let isThere = device?.receive(into: vector, by: receiveBuffer) {
            if !isThere { lose() }
        } else {
            // What had come by an interface that is gone has come.
            receiveBuffer.appendWaiting(to: vector)
        }
        return vector.count - countBefore
    }

    func transmit(_ vector: PacketVector, selection: UnsafeBufferPointer<UInt8>) {
        guard let descriptor = device?.descriptor, let hasHeaders = device?.hasHeaders else {
            return unsafe vector.dropAll(selection, .portDown)
        }
        unsafe sendBuffer.transmit(
            vector, selection: selection, to: descriptor, hasHeaders: hasHeaders,
            by: device?.soundRing.flatMap { $0 })
        if sendBuffer.refused != saidRefused { sayRefused() }
    }

    private func sayRefused() {
        for name in sendBuffer.refused.subtracting(saidRefused).names {
            warn("interface \(interface): \(Self.refusal(ofSuperframesOf: name))")
        }
        saidRefused = sendBuffer.refused
    }

    var statistics: PortStatistics {
        PortStatistics(
            superframes: receiveBuffer.superframeCount, sentSuperframes: sendBuffer.superframeCount,
            sendFailures: sendBuffer.failures.all)
    }

    /// What is in force.
    var offloads: PortOffloads {
        guard let offloads = device?.offloads else { return [] }
        return sendBuffer.joining.isEmpty ? offloads : offloads.union(.coalescing)
    }

    /// How packets pass; nil while there is no interface.
    var engine: PortEngine? { device?.engine }

    /// What the kernel would not have of what was asked for, each in a sentence.
    var notes: [String] {
        (device?.refusals ?? []) + [device?.failure.flatMap { $0 }].compactMap { $0 }
            + sendBuffer.refused.names.map { Self.refusal(ofSuperframesOf: $0) }
    }

    private static func refusal(ofSuperframesOf transport: String) -> String {
        "the kernel refuses superframes of \(transport); packets are sent one by one"
    }

    func maintain() {
        let serial = watch?.serial(of: interface)
        if device != nil, isConfigured || state == .down, let serial, serial == settledSerial {
            if isConfigured { state = settledState }
            return
        }
        settledSerial = serial
        do throws(InterfaceError) {
            try settle(patience: 0)
        } catch {
            isConfigured = false
            state = .absent(error.description)
        }
    }

    /// Brings what is there and what should be there together.
    private func settle(patience: Int) throws(InterfaceError) {
        let kernel = try RouteSocket(interface: interface)
        if device != nil, try kernel.status()?.index != interfaceIndex { lose() }
        let isNew = device == nil
        if isNew { try attach(patience: patience) }
        guard let status = try kernel.status() else { return lose() }
        interfaceIndex = status.index
        kernelMACAddress = status.macAddress
        if !isNew, isConfigured, !status.isUp {
            isConfigured = false
            forgetRoutes()
            state = .down
        }
        if state == .down, !status.isUp { return }
        if role == .further {
            isConfigured = status.isUp
            state = status.isUp ? .up : .down
            return
        }
        if !isConfigured { try configure(kernel, index: status.index, isNew: isNew) }
        isConfigured = true
        state = settledState
    }

    private func attach(patience: Int) throws(InterfaceError) {
        let new = try TunDevice.attach(
            to: interface, kind: kind, patience: patience, offload: offload, engine: wantedEngine,
            queues: role != .alone)
        guard role != .further || new.hasQueues else {
            throw InterfaceError(
                interface: interface, action: "attach a further queue to it",
                reason: "it was made for one queue; have it made anew (`ip link delete \(interface)`)")
        }
        sendBuffer.offered = new.joining
        for refusal in new.refusals where warnings.insert(refusal).inserted {
            warn("interface \(interface): \(refusal)")
        }
        device = consume new
    }

    /// How it is where nothing has gone wrong on the worker's side.
    private var settledState: PortState { shared.withLock { $0.fault }.map { .absent($0) } ?? .up }

    /// Takes away what addresses it has and should not have.
    private func removeAddresses(
        otherThan addresses: [InterfaceAddress], _ kernel: borrowing RouteSocket, index: Int32
    ) throws(InterfaceError) {
        for address in try kernel.interfaceAddresses(index: index) where !addresses.contains(address) {
            try kernel.remove(address, index: index)
        }
    }

    /// - Parameter isNew: whether the interface is as somebody else left it.
    private func configure(_ kernel: borrowing RouteSocket, index: Int32, isNew: Bool) throws(InterfaceError)
    {
        let (mtu, addresses) = shared.withLock { ($0.mtu, $0.addresses) }
        // It is not taken down for that: what is on its way to it meanwhile waits in its queue.
        if isNew, kind == .tun { try removeAddresses(otherThan: addresses, kernel, index: index) }
        // Before it comes up, so that the kernel never sends router solicitations of its own to the
        // forwarder. Where the kernel has no IPv6 there is nothing to switch off.
        try? kernel.change(
            index: index, addressGeneration: false, action: "keep it free of link-local addresses")
        try kernel.change(index: index, mtu: mtu, action: "set its MTU to \(mtu)")
        try kernel.change(index: index, isUp: true, action: "bring it up")
        for address in addresses { try kernel.add(address, index: index) }
        // The forwarder speaks from the interface's addresses too: its ICMP errors must not be taken for forged.
        if kind == .tun {
            try kernel.change(
                index: index, acceptsOwnIPv4Source: true, action: "let it take packets of the forwarder's own"
            )
        }
        shared.withLock { shared in
            shared.index = index
            shared.generation += 1
            shared.fault = nil
        }
    }

    /// Changes what the kernel routes into the interface, at once if it is there. For the thread that opened it.
    /// - Throws: the first route that can't be added or removed; all others are. It is tried again by `keep`.
    func update(routes wanted: [IPPrefix]) throws(InterfaceError) {
        let wanted = Set(wanted)
        guard wanted != routes.wanted else { return }
        routes.wanted = wanted
        routes.isSettled = false
        try keep()
    }

    /// Changes the longest packet, at once if the interface is there. For the thread that opened it.
    func update(mtu: Int) throws(InterfaceError) {
        shared.withLock { $0.mtu = mtu }
        try keep()
    }

    /// Changes the kernel's own addresses, at once if the interface is there. For the thread that opened it.
    func update(addresses: [InterfaceAddress]) throws(InterfaceError) {
        let index = shared.withLock { shared in
            shared.addresses = addresses
            return shared.index
        }
        // The new ones first: with the last IPv4 address all routes would go. And once more: secondary addresses may go
        // with their primary.
        try keep()
        guard let index else { return }
        try removeAddresses(otherThan: addresses, RouteSocket(interface: interface), index: index)
        try keep()
    }

    /// Sees that the kernel has the MTU, addresses and routes of an interface that is up. For the thread that opened it.
    /// - Throws: the first thing that can't be had; it shows in `state` from the next `maintain` on.
    func keep() throws(InterfaceError) {
        let now = shared.withLock { $0 }
        guard let index = now.index else { return }
        var fault: InterfaceError?
        do throws(InterfaceError) {
            let kernel = try RouteSocket(interface: interface)
            // Otherwise it is gone or down, which the worker finds out.
            guard let status = try kernel.status(), status.index == index, status.isUp else { return }
            if status.mtu != now.mtu {
                try kernel.change(index: index, mtu: now.mtu, action: "set its MTU to \(now.mtu)")
            }
            for address in now.addresses { try kernel.add(address, index: index) }
            if routes.generation != now.generation {
                routes.installed = try kernel.ownRoutes(index: index)
                routes.isSettled = false
                routes.generation = now.generation
            }
            try routes.settle(kernel, index: index)
        } catch { fault = error }
        shared.withLock { shared in
            if shared.generation == now.generation { shared.fault = fault?.description }
        }
        if let fault { throw fault }
    }

    /// Leaves the interface as one that nobody forwards for: the kernel routes nothing into it any more. For the thread
    /// that opened it, when no other uses it.
    func retire() throws(InterfaceError) {
        guard let index = shared.withLock({ $0.index }) else { return }
        let kernel = try RouteSocket(interface: interface)
        guard try kernel.status()?.index == index else { return }
        try kernel.change(index: index, isUp: false, action: "take it down")
    }

    /// The kernel has dropped its routes, with the interface or when it went down.
    private func forgetRoutes() {
        shared.withLock { shared in
            shared.index = nil
            shared.fault = nil
        }
    }

    private func lose() {
        device = nil
        sendBuffer.offered = []
        isConfigured = false
        forgetRoutes()
        kernelMACAddress = nil
        state = .absent("interface \(interface) has been deleted")
    }
}
