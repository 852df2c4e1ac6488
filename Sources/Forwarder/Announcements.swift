import Tables
import Wire

/// Our own addresses that are to be made known on a link, and when (RFC 5227 §3, RFC 4861 §7.2.6).
struct Announcements {
    /// An address on one VLAN of a port, that is still to be announced so many times.
    struct Announcement: Equatable {
        let port: Int
        /// VLAN ids, packed as in `NeighbourResolver.Key`.
        let tags: UInt32
        let address: IPAddress
        var remaining: Int
        var due: UInt64
    }

    /// Those that are waited for at most; what is beyond goes unannounced, and is found by asking.
    static let capacity = 4096
    /// How often, and how far apart in nanoseconds (RFC 5227 §1.1).
    static let repetitions = 2
    static let interval: UInt64 = 2_000_000_000

    private var pending: [Announcement] = []
    /// By port, whether it was up when last looked at.
    private var wasUp = Array(repeating: false, count: ForwardingTables.portCapacity)
    /// Ports whose addresses have changed since.
    private var changed: Set<Int> = []

    /// The port has other addresses than before, or another MAC address.
    mutating func noteChange(port: Int) { changed.insert(port) }

    /// The ports on which all addresses are to be announced: those that have come up, or have changed and are up.
    mutating func portsToAnnounce(isUp: [Bool]) -> [Int] {
        let ports = isUp.indices.filter { isUp[$0] && (!wasUp[$0] || changed.contains($0)) }
        changed.subtract(ports)
        wasUp = isUp
        return ports
    }

    /// Begins to announce an address.
    mutating func begin(_ address: IPAddress, port: Int, tags: UInt32, at timestamp: UInt64) {
        pending.removeAll { $0.port == port && $0.tags == tags && $0.address == address }
        guard pending.count < Self.capacity else { return }
        pending.append(
            Announcement(
                port: port, tags: tags, address: address, remaining: Self.repetitions, due: timestamp))
    }

    /// Takes out up to `limit` that are due now, each of which stays for its next time.
    mutating func takeDue(at timestamp: UInt64, limit: Int) -> [Announcement] {
        guard !pending.isEmpty else { return [] }
        var due: [Announcement] = []
        for index in pending.indices where due.count < limit && pending[index].due <= timestamp {
            due.append(pending[index])
            pending[index].remaining -= 1
            pending[index].due = timestamp + Self.interval
        }
        pending.removeAll { $0.remaining == 0 }
        return due
    }
}
