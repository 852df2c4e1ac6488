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
    let mtu: Int
    let addresses: [InterfaceAddress]
    private let routes: Mutex<Routes>
    private(set) var state = PortState.absent("not opened yet")
    /// The address of the kernel's end; nil on a TUN.
    private(set) var kernelMACAddress: MACAddress?

    private var device: TunDevice?
    private var interfaceIndex: Int32 = 0
    /// Whether the kernel's end has its addresses and routes; it loses them when it goes down.
    private var isConfigured = false

    /// What the kernel is to route into the interface. The one thing here that another thread may touch.
    private struct Routes {
        var wanted: Set<IPPrefix>
        /// Those that the kernel has, if the interface is configured.
        var installed: Set<IPPrefix> = []
        /// The interface, while it is configured.
        var index: Int32?
        /// Whether some are missing that could not be added.
        var isIncomplete = false

        /// Brings what the kernel has to what is wanted. Cost: a round trip a difference.
        mutating func settle(_ kernel: borrowing RouteSocket) throws(InterfaceError) {
            guard let index else { return }
            isIncomplete = true
            for prefix in installed.subtracting(wanted).sorted() {
                try kernel.removeRoute(to: prefix, index: index)
                installed.remove(prefix)
            }
            for prefix in wanted.subtracting(installed).sorted() {
                try kernel.addRoute(to: prefix, index: index)
                installed.insert(prefix)
            }
            isIncomplete = false
        }
    }

    /// Throws if it is of no use to wait. Anything else shows in `state`, and is tried again by `maintain`.
    init(
        interface: String, kind: TunDevice.Kind, mtu: Int, addresses: [InterfaceAddress] = [],
        routes: [IPPrefix] = []
    ) throws(InterfaceError) {
        self.interface = interface
        self.kind = kind
        self.mtu = mtu
        self.addresses = addresses
        self.routes = Mutex(Routes(wanted: Set(routes)))
        do throws(InterfaceError) {
            try settle(patience: 20)
        } catch {
            if error.isPermanent { throw error }
            state = .absent(error.description)
        }
    }

    var pollDescriptor: Int32? { device?.descriptor }

    func receive(into vector: PacketVector) -> Int {
        let countBefore = vector.count
        if let isThere = device?.receive(into: vector), !isThere { lose() }
        return vector.count - countBefore
    }

    func transmit(_ vector: PacketVector, selection: UnsafeBufferPointer<UInt8>) {
        if let _ = unsafe device?.transmit(vector, selection: selection) { return }
        unsafe vector.dropAll(selection, .portDown)
    }

    func maintain() {
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
        if isNew { device = try TunDevice.attach(to: interface, kind: kind, patience: patience) }
        guard let status = try kernel.status() else { return lose() }
        interfaceIndex = status.index
        kernelMACAddress = status.macAddress
        if !isNew, isConfigured, !status.isUp {
            isConfigured = false
            forgetRoutes()
            state = .down
        }
        if state == .down, !status.isUp { return }
        if !isConfigured {
            try configure(kernel, index: status.index)
        } else {
            try routes.withLock { routes throws(InterfaceError) in
                if routes.isIncomplete { try routes.settle(kernel) }
            }
        }
        isConfigured = true
        state = .up
    }

    private func configure(_ kernel: borrowing RouteSocket, index: Int32) throws(InterfaceError) {
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
        try routes.withLock { routes throws(InterfaceError) in
            routes.index = index
            try routes.settle(kernel)
        }
    }

    /// Changes what the kernel routes into the interface, at once if it is there. Any thread may call this.
    /// - Throws: the first route that can't be added or removed; it is tried again by `maintain`.
    func update(routes wanted: [IPPrefix]) throws(InterfaceError) {
        try routes.withLock { routes throws(InterfaceError) in
            routes.wanted = Set(wanted)
            guard routes.index != nil, routes.wanted != routes.installed else { return }
            try routes.settle(RouteSocket(interface: interface))
        }
    }

    /// The kernel has dropped its routes, with the interface or when it went down.
    private func forgetRoutes() {
        routes.withLock { routes in
            routes.index = nil
            routes.installed = []
        }
    }

    private func lose() {
        device = nil
        isConfigured = false
        forgetRoutes()
        kernelMACAddress = nil
        state = .absent("interface \(interface) has been deleted")
    }
}
