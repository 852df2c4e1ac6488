public import Packets
public import Wire

/// A way for packets in and out of the forwarder. Everything here is called from one worker thread; nothing blocks.
/// An interface of several queues is as many ports, of which the first one leads to the others.
///
/// A frame is what the link carries: Ethernet with its VLAN tags on an `.ethernet` port, a bare IP packet on an `.ip`
/// port. Frames are complete as they come in: superframes segmented, checksums filled in, tags restored.
public protocol PacketPort: AnyObject {
    var name: String { get }
    var link: LinkType { get }
    /// Nil on an `.ip` port, and while an interface whose address we take over is absent.
    var macAddress: MACAddress? { get }
    /// The longest network-layer packet that the link takes, in bytes.
    var mtu: Int { get }
    var state: PortState { get }
    /// What to poll for input, or nil for a port that is asked in turn (memory, file).
    var pollDescriptor: Int32? { get }

    /// Appends what has arrived to `vector`, until it is full or nothing is left. Frames that can't be stored are
    /// appended as dropped, so that they count.
    /// - Returns: the number appended.
    func receive(into vector: PacketVector) -> Int

    /// Sends the packets of `vector` that `selection` names, in that order, and gives each its outcome: `.forwarded`,
    /// or `.dropped` with `.portDown` or `.transmitFailed`.
    func transmit(_ vector: PacketVector, selection: UnsafeBufferPointer<UInt8>)

    /// What it has lost. Cost: up to a system call.
    var statistics: PortStatistics { get }
    var offloads: PortOffloads { get }
    /// How packets pass to the kernel and back; nil where there is but one way, or none now.
    var engine: PortEngine? { get }
    /// What is not in force of what was asked for, and why, each in a sentence.
    var notes: [String] { get }
    /// The interface whose neighbours the kernel resolves for us; nil where we ask ourselves.
    var kernelInterfaceIndex: Int32? { get }

    /// The other queues of the same interface, each of which another thread may use; none where it has one queue. The kernel
    /// keeps the packets of a flow on one queue.
    var furtherQueues: [any PacketPort] { get }

    /// Called about once a second: looks whether the interface has come, gone or changed.
    func maintain()
}

extension PacketPort {
    public var statistics: PortStatistics { PortStatistics() }
    public var offloads: PortOffloads { [] }
    public var engine: PortEngine? { nil }
    public var notes: [String] { [] }
    public var kernelInterfaceIndex: Int32? { nil }
    public var furtherQueues: [any PacketPort] { [] }
}

/// What a port's frames begin with.
public enum LinkType: UInt8, Sendable, BitwiseCopyable, CustomStringConvertible {
    /// An Ethernet header.
    case ethernet
    /// An IP header.
    case ip

    /// As libpcap's users know it.
    public var description: String {
        switch self {
        case .ethernet: "Ethernet"
        case .ip: "raw IP"
        }
    }
}

/// Operational state of a port.
public enum PortState: Equatable, Sendable {
    case up
    /// The interface exists but is down.
    case down
    /// There is no such interface (yet), or it can't be used; with the reason.
    case absent(String)
    /// A file that has been read to its end.
    case finished
}
