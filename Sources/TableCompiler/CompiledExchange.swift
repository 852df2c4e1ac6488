public import Exchange
public import Tables
public import Wire

/// An exchange as the forwarder wants it: the contents of its tables, the ports to open, and the names by which people
/// know what the tables only number.
public struct CompiledExchange: Sendable {
    public internal(set) var contents = TableContents()
    /// In the order of the file, like `contents.ports`.
    public internal(set) var ports: [PortPlan] = []
    /// By session index.
    public internal(set) var sessions: [String] = []
    /// By subscriber index.
    public internal(set) var subscribers: [String] = []
    /// By service index.
    public internal(set) var services: [String] = []
    /// By tunnel index.
    public internal(set) var tunnels: [String] = []
    /// By NHLFE index: the binding as the file has it.
    public internal(set) var labelBindings: [LabelBinding] = []
}

/// A port to be opened, with what follows from the rest of the exchange.
public struct PortPlan: Sendable {
    public let port: Port
    /// What the forwarder answers to on an Ethernet port; nil: the interface's own, once it is there.
    public let mac: MACAddress?
    /// TUN: the smallest path MTU of the sessions behind it less what their tunnels add, unless the file says.
    public let mtu: Int?
    /// TUN: what the kernel is to route into it.
    public let routes: [IPPrefix]
}

/// What isn't in the file but must be known before tables can be made.
public struct PortFacts: Sendable {
    /// By place in the file. Nil where it isn't known yet: adjacencies are then given it by `ForwardingTables.setMAC`.
    public var macAddresses: [MACAddress?]
    /// The longest network-layer packet by place in the file; nil: 1,500 bytes.
    public var mtus: [Int?]

    public init(macAddresses: [MACAddress?], mtus: [Int?]) {
        self.macAddresses = macAddresses
        self.mtus = mtus
    }

    /// Facts for a run without interfaces: MAC addresses from the file, else 02:57:4c:00:00:NN, NN the port's place
    /// counted from 1.
    public static func offline(_ exchange: ExchangeDescription) -> PortFacts {
        PortFacts(
            macAddresses: exchange.ports.enumerated().map { index, port in
                port.mac ?? MACAddress(rawValue: 0x0257_4c00_0000 + UInt64(index) + 1)
            }, mtus: exchange.ports.map(\.mtu))
    }
}
