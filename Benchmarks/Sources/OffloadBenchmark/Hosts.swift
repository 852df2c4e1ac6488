import Glibc
import OffloadReference
import Ports

/// The namespaces of both hosts, with a TUN each.
struct Hosts {
    let namespaces: [Int32]
    let ports: [TUNPort]

    init() throws {
        let own = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)
        var ports: [TUNPort] = []
        var namespaces: [Int32] = []
        for isServers in [false, true] {
            let namespace = ref_make_namespace()
            guard namespace >= 0 else { throw Failure("make a network namespace", -namespace) }
            guard ref_enter_namespace(namespace) == 0 else {
                throw Failure("enter a network namespace", EPERM)
            }
            ports.append(try Edge.openHost(isServers: isServers))
            // As long as in a test without loss: what waits is no loss.
            _ = ref_set_queue_length("wl-host", 5000)
            namespaces.append(namespace)
        }
        _ = ref_enter_namespace(own)
        close(own)
        (self.namespaces, self.ports) = (namespaces, ports)
    }

    func startStream(flows: Int, processor: Int32 = -1) -> ref_stream {
        ref_start_stream(namespaces[0], namespaces[1], Edge.server, 5001, Int32(flows), processor)
    }
}

/// What can't be had.
struct Failure: Error, CustomStringConvertible {
    let description: String
    init(_ action: String, _ errorNumber: Int32) {
        description = "can't \(action): \(String(cString: strerror(errorNumber)))"
    }
}
