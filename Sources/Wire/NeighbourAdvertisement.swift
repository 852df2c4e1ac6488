/// A neighbour advertisement as a value: `target` is here (RFC 4861 §4.4). `NDField` draws the layout.
public struct NeighbourAdvertisement: Equatable, Sendable {
    /// The address that was asked for, or whose link-layer address changed.
    public var target: IPv6Address
    /// Where the target is found. May be nil only in the answer to a unicast solicitation.
    public var targetLinkLayerAddress: MACAddress?
    /// R: the sender is a router.
    public var isRouter: Bool
    /// S: this answers a solicitation of the destination.
    public var isSolicited: Bool
    /// O: this replaces what is known of the target.
    public var isOverride: Bool

    /// An advertisement of these five values.
    public init(
        target: IPv6Address, targetLinkLayerAddress: MACAddress?, isRouter: Bool, isSolicited: Bool,
        isOverride: Bool
    ) {
        self.target = target
        self.targetLinkLayerAddress = targetLinkLayerAddress
        self.isRouter = isRouter
        self.isSolicited = isSolicited
        self.isOverride = isOverride
    }

    /// A router's answer to a solicitation that came from `source`: the target is at `hardware` (RFC 4861
    /// §7.2.4).
    public init(
        answering solicitation: NeighbourSolicitation, from source: IPv6Address, at hardware: MACAddress
    ) {
        self.init(
            target: solicitation.target, targetLinkLayerAddress: hardware, isRouter: true,
            isSolicited: !source.isUnspecified, isOverride: true)
    }

    /// Where the answer to a solicitation that came from `source` goes: there, or to all nodes if it came
    /// from `::`.
    public static func destination(answering source: IPv6Address) -> IPv6Address {
        source.isUnspecified ? .allNodes : source
    }

    /// Reads a packet that is a valid advertisement by all rules of RFC 4861 §7.1.2.
    public init(_ packet: borrowing IPv6View) throws(WireError) {
        let message = try NeighbourDiscovery.parse(packet, type: .neighbourAdvertisement, option: .target)
        self.init(
            target: message.target, targetLinkLayerAddress: message.linkLayerAddress,
            isRouter: message.flags & 0x80 != 0, isSolicited: message.flags & 0x40 != 0,
            isOverride: message.flags & 0x20 != 0)
        guard !(isSolicited && packet.destination.isMulticast) else {
            throw WireError(.neighbourDiscovery, .flag)
        }
    }

    /// Writes the advertisement as a whole IPv6 packet.
    /// - Parameter source: an address of the sender's interface, usually the target.
    /// - Returns: the packet's length: 64 bytes, or 72 with a link-layer address.
    @discardableResult
    public func emit(
        from source: IPv6Address, to destination: IPv6Address, into bytes: inout MutableRawSpan,
        at start: Int = 0
    ) -> Int {
        let flags: UInt8 = (isRouter ? 0x80 : 0) | (isSolicited ? 0x40 : 0) | (isOverride ? 0x20 : 0)
        return NeighbourDiscovery.emit(
            .init(flags: flags, target: target, linkLayerAddress: targetLinkLayerAddress),
            type: .neighbourAdvertisement, option: .target, source: source, destination: destination,
            into: &bytes,
            at: start)
    }
}
