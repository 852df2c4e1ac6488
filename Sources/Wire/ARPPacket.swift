/// An ARP packet for Ethernet and IPv4, as a value (RFC 826). `ARPField` draws the layout.
public struct ARPPacket: Equatable, Sendable {
    /// What an ARP packet does.
    public enum Operation: UInt16, Sendable {
        /// Who has `targetProtocol`?
        case request = 1
        /// `senderProtocol` is at `senderHardware`.
        case reply = 2
    }

    /// Whether the packet asks or answers.
    public var operation: Operation
    /// Where `senderProtocol` is found.
    public var senderHardware: MACAddress
    /// The address of who sends this.
    public var senderProtocol: IPv4Address
    /// Zero in a request.
    public var targetHardware: MACAddress
    /// The address asked for, or of who asked.
    public var targetProtocol: IPv4Address

    /// Asks, as `sender`, who has `target`. Sent to the broadcast address, or to a neighbour to see if it
    /// still lives.
    public init(requestFor target: IPv4Address, from sender: IPv4Address, at hardware: MACAddress) {
        operation = .request
        senderHardware = hardware
        senderProtocol = sender
        targetHardware = MACAddress(rawValue: 0)
        targetProtocol = target
    }

    /// Answers `request`: the address asked for is at `hardware`. Sent to `request.senderHardware`.
    public init(replyTo request: ARPPacket, at hardware: MACAddress) {
        operation = .reply
        senderHardware = hardware
        senderProtocol = request.targetProtocol
        targetHardware = request.senderHardware
        targetProtocol = request.senderProtocol
    }

    /// The values in a packet.
    public init(_ view: borrowing ARPView) {
        operation = view.operation
        senderHardware = view.senderHardware
        senderProtocol = view.senderProtocol
        targetHardware = view.targetHardware
        targetProtocol = view.targetProtocol
    }

    /// Writes the packet's 28 bytes, without padding.
    /// - Parameter start: where in `bytes` the packet begins, behind its Ethernet header; it must fit.
    /// - Returns: 28, the bytes written.
    @discardableResult
    public func emit(into bytes: inout MutableRawSpan, at start: Int = 0) -> Int {
        bytes.store(ARPField.ethernetHardwareType, at: start + ARPField.hardwareType)
        bytes.store(EtherType.ipv4.rawValue, at: start + ARPField.protocolType)
        bytes.store(6 as UInt8, at: start + ARPField.hardwareLength)
        bytes.store(4 as UInt8, at: start + ARPField.protocolLength)
        bytes.store(operation.rawValue, at: start + ARPField.operation)
        bytes.store(senderHardware, at: start + ARPField.senderHardware)
        bytes.store(senderProtocol, at: start + ARPField.senderProtocol)
        bytes.store(targetHardware, at: start + ARPField.targetHardware)
        bytes.store(targetProtocol, at: start + ARPField.targetProtocol)
        return ARPField.byteCount
    }
}
