import CLinux
import Glibc
public import Wire

/// An Ethernet interface that test packets leave or arrive by.
public struct TestInterface: Sendable {
    public let name: String
    public let mac: MACAddress
    /// The longest IP packet it takes, in bytes.
    public let mtu: Int
    let index: Int32

    /// Looks at an interface of this process's network namespace.
    public init(_ name: String) throws(BenchError) {
        var found = wl_probe_interface()
        let error = wl_probe_look(name, &found)
        guard error == 0 else {
            throw BenchError(
                error == -ENODEV
                    ? "there is no interface \(name) here: `ip -br link` lists those of this network namespace"
                    : "interface \(name): \(String(cString: strerror(-error)))")
        }
        guard found.is_ethernet else {
            throw BenchError(
                "interface \(name) is no Ethernet interface: test packets go by veth, TAP or a network card")
        }
        guard found.is_up else {
            throw BenchError(
                "interface \(name) is down, or its other end is: `ip link set \(name) up`, there too")
        }
        self.name = name
        mac = MACAddress(
            rawValue: withUnsafeBytes(of: found.mac) { $0.reduce(0) { $0 << 8 | UInt64($1) } })
        mtu = Int(found.mtu)
        index = found.index
    }

    /// Packets that the kernel says it has dropped on the interface since it came to be, in either direction.
    var droppedCount: UInt64 {
        // Each line: name, then eight numbers of what was received and eight of what was sent; the fourth is "drop".
        guard let file = fopen("/proc/thread-self/net/dev", "r") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 512)
        while fgets(&line, Int32(line.count), file) != nil {
            let text = String(
                decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            let fields = text.split { $0 == " " || $0 == ":" || $0 == "\n" }
            guard fields.first.map(String.init) == name, fields.count >= 13 else { continue }
            return (UInt64(fields[4]) ?? 0) + (UInt64(fields[12]) ?? 0)
        }
        return 0
    }

    /// What to say of a system call that failed.
    func failure(_ action: String, _ error: Int32) -> BenchError {
        let isPermission = error == EPERM || error == EACCES
        return BenchError(
            "interface \(name): can't \(action): \(String(cString: strerror(error)))"
                + (isPermission ? " (it takes root, or CAP_NET_RAW)" : ""))
    }
}
