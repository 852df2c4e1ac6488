import Glibc
import OffloadReference
import Ports
import Wire

/// Each edge a process, and a veth pair between.
final class VethSite: Site {
    private var stream: ref_stream
    private let children: [pid_t]
    /// What the edges are to do: `Duty`; then whether each is at rest.
    private let words = ref_share(3)!

    private enum Duty: UInt64 { case rest, forward, reference }

    init(_ measured: Case, flows: Int) throws {
        let hosts = try Hosts()
        let own = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)
        let core = ref_make_namespace()
        guard core >= 0, ref_enter_namespace(core) == 0 else {
            throw Failure("make a network namespace", EPERM)
        }
        guard ref_make_veth("wl-core0", "wl-core1", 1500) == 0 else {
            throw Failure("make a veth pair", EINVAL)
        }
        stream = hosts.startStream(flows: flows)
        var children: [pid_t] = []
        for place in 0..<2 {
            let child = ref_fork()
            if child == 0 { Self.run(measured, hosts.ports[place], place, words) }
            children.append(child)
        }
        self.children = children
        _ = ref_enter_namespace(own)
        close(own)
    }

    var byteCount: UInt64 { ref_load(stream.byte_count) }

    func end() {
        ref_end_stream(&stream)
        for child in children { ref_kill(child) }
    }

    func pass(byReference: Bool, seconds: Double) -> Double {
        ref_store(words, (byReference ? Duty.reference : .forward).rawValue)
        let rate = rate(seconds: seconds)
        ref_store(words, Duty.rest.rawValue)
        while ref_load(words + 1) != 0 || ref_load(words + 2) != 0 { usleep(1000) }
        return rate
    }

    /// The edge's process.
    private static func run(
        _ measured: Case, _ host: TUNPort, _ place: Int, _ words: UnsafeMutablePointer<UInt64>
    ) -> Never {
        let stop = ref_share(1)!
        while true {
            while ref_load(words) == Duty.rest.rawValue { usleep(1000) }
            ref_store(words + 1 + place, 1)
            let duty = ref_load(words)
            ref_store(stop, 0)
            let watch = Thread {
                while ref_load(words) == duty { usleep(1000) }
                ref_store(stop, 1)
            }
            if duty == Duty.reference.rawValue {
                reference(measured, host, place, stop)
            } else {
                forward(measured, host, place, stop)
            }
            watch.join()
            ref_store(words + 1 + place, 0)
        }
    }

    private static func reference(
        _ measured: Case, _ host: TUNPort, _ place: Int, _ stop: UnsafeMutablePointer<UInt64>
    ) {
        let macs = [false, true].map { octets(Edge.mac($0)) }
        _ = ref_pass_edge(
            host.pollDescriptor ?? -1, "wl-core\(place)", macs[place], macs[1 - place],
            measured.encapsulation == .ipip, stop)
    }

    private static func octets(_ mac: MACAddress) -> [UInt8] {
        (0..<6).map { UInt8(truncatingIfNeeded: mac.rawValue >> UInt64(40 - 8 * $0)) }
    }

    private static func forward(
        _ measured: Case, _ host: TUNPort, _ place: Int, _ stop: UnsafeMutablePointer<UInt64>
    ) {
        do {
            let edge = try Edge(measured, isServers: place == 1, host: host) { mac in
                try PacketSocketPort(.init(name: "core0", interface: "wl-core\(place)", macAddress: mac))
            }
            var idling = Idling()
            while ref_load(stop) == 0 {
                idling.rest(edge.serve(), edge.host.pollDescriptor, edge.wire.pollDescriptor)
            }
        } catch {
            ref_fail("edge: \(error)", 1)
        }
    }
}
