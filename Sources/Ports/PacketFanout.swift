import CLinux
import Synchronization

/// Sockets of one process on one interface among which the kernel spreads what comes (PACKET_FANOUT), so that a flow stays
/// with one of them, in both directions.
///
/// The kernel's own hash (PACKET_FANOUT_HASH) finds no addresses under labels, and would give all MPLS frames to one
/// socket; by processor (PACKET_FANOUT_CPU) or in turn (PACKET_FANOUT_LB) a flow would be torn apart wherever its sender
/// is on several. So a program of our own looks: see `FlowProgram`. For any thread.
final class PacketFanout: Sendable {
    /// The groups' numbers by interface index: sockets that have lost their interface keep the group of that one alive.
    private let groups = Mutex<[Int32: Int32]>([:])

    /// Adds a socket that is bound to the interface. Until then it would get what the others get, too; so it must accept
    /// nothing before.
    /// - Throws: where the kernel has no such groups (before 4.3).
    func join(_ descriptor: Int32, on interface: String, index: Int32) throws(InterfaceError) {
        let result = groups.withLock { groups -> Int32 in
            if let group = groups[index], wl_packet_fanout_join(descriptor, group) == 0 { return group }
            var program = FlowProgram.program
            let group = unsafe wl_packet_fanout_make(descriptor, &program, UInt16(program.count))
            if group >= 0 { groups[index] = group }
            return group
        }
        guard result < 0 else { return }
        throw InterfaceError(
            interface: interface, action: "spread its packets over several workers", errorNumber: -result)
    }
}
