public import Ports
public import Tables
public import Wire

/// Makes live ports out of port objects.
public enum PortOpener {
    /// Opens a port. An interface that isn't there yet is no error: the port's state says so.
    /// - Parameters:
    ///   - routes: what the kernel is to route into a TUN.
    ///   - queues: how many it is to have where that can be: TUN, TAP, and AF_PACKET on an interface that is ours alone.
    ///   - watch: says when interfaces change; nil: ports ask the kernel each second.
    ///   - warn: takes what the operator should know, in a sentence.
    /// - Throws: what can't come right by itself: a missing right, an unreadable file.
    public static func open(
        _ port: PortObject, routes: [IPPrefix], queues: Int = 1, watch: KernelWatch? = nil,
        warn: @escaping (String) -> Void
    ) throws -> any PacketPort {
        let mtu = port.mtu.map { Int($0) }
        let engine = Self.engine(port.engine)
        switch port.medium {
        case .tun(let interface):
            return try TUNPort(
                TUNPort.Configuration(
                    name: port.name, interface: interface, addresses: port.addresses, routes: routes,
                    mtu: self.mtu(of: port), offload: port.hasOffload, engine: engine,
                    queueCount: queues), watch: watch, warn: warn)
        case .tap(let interface):
            return try TAPPort(
                TAPPort.Configuration(
                    name: port.name, interface: interface, mtu: self.mtu(of: port), macAddress: port.mac,
                    offload: port.hasOffload, engine: engine, queueCount: queues),
                watch: watch, warn: warn)
        case .packet(let interface):
            return try PacketSocketPort(
                PacketSocketPort.Configuration(
                    name: port.name, interface: interface, macAddress: port.mac, mtu: mtu,
                    offload: port.hasOffload, engine: engine, queueCount: queues),
                watch: watch, warn: warn)
        case .sharedPacket(let interface):
            // What is ours there is said when the tables are known: until then all is the kernel's.
            return try PacketSocketPort(
                PacketSocketPort.Configuration(
                    name: port.name, interface: interface, macAddress: port.mac, mtu: mtu,
                    sharing: SharedSelection(), offload: port.hasOffload, engine: engine), watch: watch,
                warn: warn)
        case .capture(let interface):
            return try CapturePort(
                CapturePort.Configuration(
                    name: port.name, interface: interface, macAddress: port.mac, mtu: mtu, link: .ethernet),
                watch: watch)
        case .file(let read, let write, let isEthernet):
            return try PcapFilePort(
                PcapFilePort.Configuration(
                    name: port.name, inputPath: read, outputPath: write, link: isEthernet ? .ethernet : .ip,
                    macAddress: port.mac, mtu: self.mtu(of: port)))
        }
    }

    private static func engine(_ engine: Tables.PortEngine) -> Ports.PortEngine? {
        switch engine {
        case .automatic: nil
        case .readWrite: .readWrite
        case .ioUring: .ioUring
        case .ring: .ring
        case .mmsg: .mmsg
        }
    }

    /// The longest packet of a port whose MTU is ours to say.
    static func mtu(of port: PortObject) -> Int { port.mtu.map { Int($0) } ?? defaultMTU }

    /// Bytes of a full Ethernet frame's payload.
    private static let defaultMTU = 1500
}
