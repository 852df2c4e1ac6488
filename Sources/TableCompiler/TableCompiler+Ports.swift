import Exchange
import Tables
import Wire

extension TableCompiler {
    static func object(_ port: Port, _ slot: Int, _ state: State) -> PortObject {
        let medium: Tables.PortMedium
        var isTUN = false
        switch port.medium {
        case .tun(let interface):
            medium = .tun(interface: interface)
            isTUN = true
        case .tap(let interface): medium = .tap(interface: interface)
        case .packet(let interface): medium = .packet(interface: interface)
        case .sharedPacket(let interface): medium = .sharedPacket(interface: interface)
        case .capture(let interface): medium = .capture(interface: interface)
        case .file(let read, let write, let link):
            medium = .file(read: read, write: write, isEthernet: link == .ethernet)
        }
        // The kernel itself tells senders what fits into the tunnels behind a TUN.
        let mtu = port.mtu ?? (isTUN ? state.tunMTU(port: slot) ?? Line.defaultMTU : nil)
        return PortObject(
            slot: UInt16(slot), name: port.name, medium: medium,
            role: port.role == .access ? .access : .network, addresses: port.addresses, mac: port.mac,
            mtu: mtu.map { UInt16(clamping: $0) }, routes: isTUN ? routes(port) : .none,
            neighbours: port.neighbours.map { StaticNeighbour(address: $0.address, mac: $0.mac) },
            forwarder: port.forwarder, answersDenied: port.denied == .prohibited,
            sendsErrors: port.sendsErrors, engine: engine(port.engine), hasOffload: port.offload == .on)
    }

    private static func engine(_ engine: Exchange.PortEngine) -> Tables.PortEngine {
        switch engine {
        case .automatic: .automatic
        case .readWrite: .readWrite
        case .ioUring: .ioUring
        case .ring: .ring
        case .mmsg: .mmsg
        }
    }

    /// What goes into a TUN: on the access side all that subscribers may ask for, on the network side all subscribers.
    private static func routes(_ port: Port) -> Tables.PortRoutes {
        switch port.routes {
        case .prefixes(let prefixes): .prefixes(prefixes)
        case .automatic: port.role == .access ? .services : .subscribers
        }
    }
}
