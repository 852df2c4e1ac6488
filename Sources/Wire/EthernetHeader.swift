/// An Ethernet II header as a value (RFC 894). `EthernetField` draws the layout.
public struct EthernetHeader: Equatable, Sendable {
    /// The station or group that the frame is for.
    public var destination: MACAddress
    /// The station that sends the frame.
    public var source: MACAddress
    /// What follows the header.
    public var etherType: EtherType

    /// A header of these three fields.
    public init(destination: MACAddress, source: MACAddress, etherType: EtherType) {
        self.destination = destination
        self.source = source
        self.etherType = etherType
    }

    /// The values in a frame's header.
    public init(_ view: borrowing EthernetView) {
        destination = view.destination
        source = view.source
        etherType = view.etherType
    }

    /// Writes the 14 bytes of the header.
    /// - Parameter start: where in `bytes` the header begins; it must fit.
    /// - Returns: 14, the bytes written.
    @discardableResult
    public func emit(into bytes: inout MutableRawSpan, at start: Int = 0) -> Int {
        bytes.store(destination, at: start + EthernetField.destination)
        bytes.store(source, at: start + EthernetField.source)
        bytes.store(etherType.rawValue, at: start + EthernetField.etherType)
        return EthernetField.byteCount
    }
}
