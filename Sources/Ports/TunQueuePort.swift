import Packets
import Wire

/// A further queue of a TUN or TAP interface, for another thread. The first queue's port keeps the interface as it should
/// be, and knows its MTU and address; this one only looks whether it is there.
///
/// The kernel gives a packet to the queue by which the other direction of its flow was last sent, else by a hash of its
/// addresses and ports; it knows no flows in frames that aren't IP, and gives all of these to one queue.
final class TunQueuePort: PacketPort {
    let name: String
    private let queue: TunInterface

    init(
        name: String, interface: String, kind: TunDevice.Kind, mtu: Int, offload: Bool, engine: PortEngine?,
        watch: KernelWatch?
    ) throws(InterfaceError) {
        self.name = name
        queue = try TunInterface(
            interface: interface, kind: kind, mtu: mtu, offload: offload, engine: engine, role: .further,
            watch: watch)
    }

    /// The further ones of so many queues; none where the interface was made for one.
    /// - Parameter first: the first one, which is open.
    static func ports(
        _ count: Int, name: String, behind first: TunInterface, offload: Bool, engine: PortEngine?,
        watch: KernelWatch?, warn: (String) -> Void
    ) throws(InterfaceError) -> [any PacketPort] {
        guard count > 1 else { return [] }
        guard first.takesQueues else {
            warn(
                "interface \(first.interface) was made for one queue, and one worker takes all from it; take it away "
                    + "(`ip link delete \(first.interface)`) before the start to have it made for \(count)")
            return []
        }
        var ports: [any PacketPort] = []
        for _ in 1..<count {
            ports.append(
                try TunQueuePort(
                    name: name, interface: first.interface, kind: first.kind, mtu: first.mtu,
                    offload: offload, engine: engine, watch: watch))
        }
        return ports
    }

    var link: LinkType { queue.kind.link }
    var macAddress: MACAddress? { nil }
    var mtu: Int { queue.mtu }
    var state: PortState { queue.state }
    var pollDescriptor: Int32? { queue.pollDescriptor }
    var statistics: PortStatistics { queue.statistics }
    var offloads: PortOffloads { queue.offloads }
    var engine: PortEngine? { queue.engine }
    var notes: [String] { queue.notes }

    func receive(into vector: PacketVector) -> Int { queue.receive(into: vector) }

    func transmit(_ vector: PacketVector, selection: UnsafeBufferPointer<UInt8>) {
        unsafe queue.transmit(vector, selection: selection)
    }

    func maintain() { queue.maintain() }
}
