import Glibc
import Packets
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
    let routes: [IPPrefix]
    private(set) var state = PortState.absent("not opened yet")
    /// The address of the kernel's end; nil on a TUN.
    private(set) var kernelMACAddress: MACAddress?

    private var device: TunDevice?
    private var interfaceIndex: Int32 = 0
    /// Whether the kernel's end has its addresses and routes; it loses them when it goes down.
    private var isConfigured = false

    /// Throws if it is of no use to wait. Anything else shows in `state`, and is tried again by `maintain`.
    init(
        interface: String, kind: TunDevice.Kind, mtu: Int, addresses: [InterfaceAddress] = [],
        routes: [IPPrefix] = []
    ) throws(InterfaceError) {
        self.interface = interface
        self.kind = kind
        self.mtu = mtu
        self.addresses = addresses
        self.routes = routes
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
        if !isNew, isConfigured, !status.isUp { isConfigured = false; state = .down }
        if state == .down, !status.isUp { return }
        if !isConfigured { try configure(kernel, index: status.index) }
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
        for route in routes { try kernel.addRoute(to: route, index: index) }
    }

    private func lose() {
        device = nil
        isConfigured = false
        kernelMACAddress = nil
        state = .absent("interface \(interface) has been deleted")
    }
}
