public import Wire

/// A port as the slow path and the editor see it: its object, and what is known of its interface.
public struct PortSettings: Sendable, Equatable {
    public let isEthernet: Bool
    /// The port's own MAC address; zero until it is known.
    public let mac: MACAddress
    /// The node's own addresses here.
    public let addresses: [IPAddress]
    /// The prefixes whose addresses are on the port's link.
    public let links: [IPPrefix]
    /// Neighbours whose MAC addresses are stated.
    public let neighbours: [IPAddress: MACAddress]
    /// The same in the order in which they are stated.
    public let statedNeighbours: [StaticNeighbour]
    /// The longest packet of a plain leg that leaves here.
    let plainByteCount: UInt16

    init(_ port: PortObject, _ facts: PortFact) {
        isEthernet = port.isEthernet
        mac = port.mac ?? facts.mac ?? MACAddress(rawValue: 0)
        addresses = port.addresses.map(\.address)
        links = port.addresses.map(\.prefix)
        statedNeighbours = port.neighbours
        neighbours = Dictionary(
            port.neighbours.map { ($0.address, $0.mac) }, uniquingKeysWith: { first, _ in first })
        plainByteCount = port.plainByteCount(linkMTU: facts.mtu)
    }
}

/// What is known of a port's interface.
struct PortFact: Equatable {
    var mac: MACAddress?
    var mtu: UInt16?
}

extension PortObject {
    /// The longest packet of a plain leg that leaves here: as stated, else as the link says, else what is usual. A link
    /// without headers takes what the kernel can: the packets on it are no link's.
    public func plainByteCount(linkMTU: UInt16?) -> UInt16 { mtu ?? linkMTU ?? (isEthernet ? 1500 : .max) }
}
