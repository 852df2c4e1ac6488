import Glibc
import Wire

/// What the kernel says about an interface at one moment.
struct InterfaceStatus: Equatable {
    /// Unique for the interface's lifetime: one that is deleted and made again has another.
    let index: Int32
    let mtu: Int
    /// Nil for an interface without Ethernet addresses.
    let macAddress: MACAddress?
    /// Switched on, with a carrier, and in operation (RFC 2863): frames that are sent do leave.
    let isUp: Bool
}
