/// A neighbour solicitation as a value: who has `target`? (RFC 4861 §4.3). `NDField` draws the layout.
public struct NeighbourSolicitation: Equatable, Sendable {
    /// The address asked for.
    public var target: IPv6Address
    /// Where the asker is found. Nil in duplicate address detection, which asks from `::`.
    public var sourceLinkLayerAddress: MACAddress?

    /// Asks for `target`, and says where the asker is found.
    public init(target: IPv6Address, sourceLinkLayerAddress: MACAddress?) {
        self.target = target
        self.sourceLinkLayerAddress = sourceLinkLayerAddress
    }

    /// Reads a packet that is a valid solicitation by all rules of RFC 4861 §7.1.1.
    public init(_ packet: borrowing IPv6View) throws(WireError) {
        let message = try NeighbourDiscovery.parse(packet, type: .neighbourSolicitation, option: .source)
        if packet.source.isUnspecified {
            guard packet.destination == packet.destination.solicitedNode else {
                throw WireError(.neighbourDiscovery, .address)
            }
            guard message.linkLayerAddress == nil else { throw WireError(.neighbourDiscovery, .option) }
        }
        target = message.target
        sourceLinkLayerAddress = message.linkLayerAddress
    }

    /// Writes the solicitation as a whole IPv6 packet.
    /// - Parameter source: an address of the asker's interface.
    /// - Parameter destination: by default the target's solicited-node multicast address; the target itself
    ///   to see if a known neighbour still lives.
    /// - Returns: the packet's length: 64 bytes, or 72 with a link-layer address.
    @discardableResult
    public func emit(
        from source: IPv6Address, to destination: IPv6Address? = nil, into bytes: inout MutableRawSpan,
        at start: Int = 0
    ) -> Int {
        precondition(!source.isUnspecified || sourceLinkLayerAddress == nil, "RFC 4861 §4.3")
        return NeighbourDiscovery.emit(
            .init(flags: 0, target: target, linkLayerAddress: sourceLinkLayerAddress),
            type: .neighbourSolicitation, option: .source, source: source,
            destination: destination ?? target.solicitedNode, into: &bytes, at: start)
    }
}
