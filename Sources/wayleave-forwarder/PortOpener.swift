import Exchange
import Packets
import Ports
import TableCompiler

/// Makes live ports out of port plans.
enum PortOpener {
    /// Opens a port. An interface that isn't there yet is no error: the port's state says so.
    /// - Parameter warn: takes what the operator should know, in a sentence.
    /// - Throws: what can't come right by itself: a missing right, an unreadable file.
    static func open(_ plan: PortPlan, warn: @escaping (String) -> Void) throws -> any PacketPort {
        let port = plan.port
        switch port.medium {
        case .tun(let interface):
            return try TUNPort(
                TUNPort.Configuration(
                    name: port.name, interface: interface, addresses: port.addresses, routes: plan.routes,
                    mtu: plan.mtu ?? Line.defaultMTU))
        case .tap(let interface):
            return try TAPPort(
                TAPPort.Configuration(
                    name: port.name, interface: interface, mtu: plan.mtu ?? Line.defaultMTU,
                    macAddress: plan.mac))
        case .packet(let interface):
            return try PacketSocketPort(
                PacketSocketPort.Configuration(
                    name: port.name, interface: interface, macAddress: plan.mac, mtu: plan.mtu), warn: warn)
        case .capture(let interface):
            return try CapturePort(
                CapturePort.Configuration(
                    name: port.name, interface: interface, macAddress: plan.mac, mtu: plan.mtu,
                    link: .ethernet))
        case .file(let read, let write, let link):
            return try PcapFilePort(
                PcapFilePort.Configuration(
                    name: port.name, inputPath: read, outputPath: write,
                    link: link == .ethernet ? .ethernet : .ip,
                    macAddress: plan.mac, mtu: plan.mtu ?? Line.defaultMTU))
        }
    }

    /// Slots for the longest packet of any port, with its link header and room to spare: 2 KiB for an MTU of 1,500.
    static func slotByteCount(_ ports: [any PacketPort]) -> Int {
        let longest = (ports.map(\.mtu).max() ?? 1500) + 22 + PacketVector.headroom + PacketVector.tailroom
        return max(2048, (longest + 63) & ~63)
    }
}
