import CLinux
import Glibc
import Synchronization
import Wire

/// What makes one copy of each frame of an interface that we share with the kernel: the same program has our socket take
/// what is ours, and drops exactly that at the interface's ingress, behind the point where sockets look (packet taps run
/// before ingress programs), so that the kernel neither answers nor forwards it.
///
/// The ingress program is held by a tcx link (Linux 6.6): it is in force while a descriptor of ours is open. Dead, however
/// it dies, the forwarder so gives the kernel all its frames back, and nothing is left to clean up. A classifier under a
/// clsact qdisc, which older kernels have too, would stay and go on dropping what nobody reads any more.
///
/// The worker that uses the socket attaches and detaches; the thread that edits the tables changes the selection.
final class SharedFilter: Sendable {
    private let interface: String
    private let state: Mutex<State>

    private struct State: ~Copyable {
        var selection: SharedSelection
        /// The interface, while the port has it open.
        var place: Place?
        var link: OwnedDescriptor?
        /// What is in force.
        var installed: Installed?
    }

    private struct Place {
        let socket: Int32
        let index: Int32
        let mac: MACAddress
    }

    private struct Installed: Equatable {
        let selection: SharedSelection
        let kernelAddresses: Set<IPAddress>
    }

    init(interface: String, selection: SharedSelection) {
        self.interface = interface
        state = Mutex(State(selection: selection))
    }

    var selection: SharedSelection { state.withLock { $0.selection } }

    /// Puts the filter on a socket that isn't bound yet, and on the interface. In place of those of another socket.
    func attach(socket: Int32, index: Int32, mac: MACAddress) throws(InterfaceError) {
        let addresses = try kernelAddresses()
        try state.withLock { state throws(InterfaceError) in
            state.link = nil
            state.installed = nil
            state.place = Place(socket: socket, index: index, mac: mac)
            try Self.install(&state, addresses, interface)
        }
    }

    /// Gives the kernel all frames back. Before the socket is closed.
    func detach() {
        state.withLock { state in
            state.link = nil
            state.place = nil
            state.installed = nil
        }
    }

    /// Takes another selection, and what addresses the kernel has now. Cost: a round trip, and where something has changed
    /// some tens of microseconds.
    func keep(_ selection: SharedSelection? = nil) throws(InterfaceError) {
        let addresses = try kernelAddresses()
        try state.withLock { state throws(InterfaceError) in
            if let selection { state.selection = selection }
            try Self.install(&state, addresses, interface)
        }
    }

    /// All that the host has itself, on whichever interface: what is sent there isn't for forwarding.
    private func kernelAddresses() throws(InterfaceError) -> Set<IPAddress> {
        Set(try RouteSocket(interface: interface).allAddresses())
    }

    private static func install(
        _ state: inout State, _ kernelAddresses: Set<IPAddress>, _ interface: String
    ) throws(InterfaceError) {
        let wanted = Installed(selection: state.selection, kernelAddresses: kernelAddresses)
        guard let place = state.place, state.installed != wanted else { return }
        func check(_ result: Int32, _ action: String) throws(InterfaceError) {
            if result < 0 { throw InterfaceError(interface: interface, action: action, errorNumber: -result) }
        }
        let program = wanted.selection.program(mac: place.mac, kernelAddresses: kernelAddresses)
        var classic = program.classic()
        guard classic.count <= instructionLimit else {
            throw InterfaceError(
                interface: interface, action: "share it with the kernel",
                reason: "its tunnels' ends and the host's addresses are too many: they make a filter of "
                    + "\(classic.count) instructions, and \(instructionLimit) can be")
        }
        let extended = program.extended()
        let descriptor = unsafe wl_bpf_load(extended, UInt32(extended.count))
        guard descriptor != -EPERM else {
            throw InterfaceError(
                interface: interface, action: "share it with the kernel",
                reason: "it may not have a filter of ours: that takes root, or CAP_BPF and CAP_NET_ADMIN",
                isPermanent: true)
        }
        try check(descriptor, "give the kernel a filter for it")
        let loaded = OwnedDescriptor(descriptor)
        // The ingress first: for a moment frames that become ours may be lost, but none is seen twice.
        if let link = state.link?.value {
            let result = wl_bpf_replace(link, loaded.value)
            // The interface has just gone, and its link with it; whoever opens the next one installs all anew.
            if result == -ENOLINK { return }
            try check(result, "exchange its filter")
        } else {
            let link = wl_bpf_attach_ingress(loaded.value, place.index)
            guard link != -EINVAL else {
                throw InterfaceError(
                    interface: interface, action: "share it with the kernel",
                    reason: "the kernel has no tcx links; it takes Linux 6.6 or later")
            }
            try check(link, "put a filter at its ingress")
            state.link = OwnedDescriptor(link)
        }
        try check(
            unsafe wl_packet_filter(place.socket, &classic, UInt16(classic.count)),
            "put a filter on a packet socket")
        state.installed = wanted
    }

    /// BPF_MAXINSNS.
    private static let instructionLimit = 4096
}

/// A descriptor that is closed with its owner.
private struct OwnedDescriptor: ~Copyable {
    let value: Int32

    init(_ value: Int32) { self.value = value }

    deinit { close(value) }
}
