import Glibc
import OffloadReference

/// Both edges in one process, on one thread of one processor; the hosts' ends of TCP have the other.
final class MemorySite: Site {
    private let edges: [Edge]
    private let wires: [WirePort]
    private let encapsulation: Case.Encapsulation
    private var stream: ref_stream
    private let stop = ref_share(1)!

    init(_ measured: Case, flows: Int) throws {
        encapsulation = measured.encapsulation
        let hosts = try Hosts()
        stream = hosts.startStream(flows: flows, processor: 1)
        var wires: [WirePort] = []
        edges = try [false, true].map { isServers in
            try Edge(measured, isServers: isServers, host: hosts.ports[isServers ? 1 : 0]) { mac in
                wires.append(WirePort(macAddress: mac))
                return wires[wires.count - 1]
            }
        }
        wires[0].other = wires[1]
        wires[1].other = wires[0]
        self.wires = wires
    }

    var byteCount: UInt64 { ref_load(stream.byte_count) }
    func end() { ref_end_stream(&stream) }

    func pass(byReference: Bool, seconds: Double) -> Double {
        ref_store(stop, 0)
        let descriptors = edges.map { $0.host.pollDescriptor ?? -1 }
        let forwarder = Thread { [self] in
            ref_pin(0)
            if byReference {
                _ = ref_pass_superframes(descriptors[0], descriptors[1], encapsulation == .ipip, stop)
            } else {
                forward()
            }
        }
        let rate = rate(seconds: seconds)
        ref_store(stop, 1)
        forwarder.join()
        return rate
    }

    private func forward() {
        var idling = Idling()
        while ref_load(stop) == 0 {
            var hasWorked = false
            for from in 0..<2 {
                if edges[from].serveHost() { hasWorked = true }
                // What an edge sends back by the wire is taken before either is served again.
                while !wires[0].isEmpty || !wires[1].isEmpty {
                    if !wires[1 - from].isEmpty { _ = edges[1 - from].serveWire() }
                    if !wires[from].isEmpty { _ = edges[from].serveWire() }
                }
            }
            idling.rest(hasWorked, edges[0].host.pollDescriptor, edges[1].host.pollDescriptor)
        }
    }
}
