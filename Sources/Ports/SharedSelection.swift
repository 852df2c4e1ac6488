public import Wire

/// Which frames of an interface are ours, where the kernel keeps the interface's addresses.
///
/// Ours is what is sent to the interface's own MAC address and is
/// - an MPLS frame, or
/// - IP-in-IP (protocol 4 or 41, fragments and packets with extension headers included) to one of `ends`, or
/// - where `takesForwarded` says so, an IP packet that a router would forward: not to an address of the host's, nor a
///   link-local, loopback, multicast or broadcast one;
///
/// and all that comes under an outer VLAN id of `tags`, neighbour discovery included: such a VLAN is ours as an owned
/// interface is. ICMP errors to one of `ends` about IP-in-IP from there are for both of us. The rest is the kernel's, ARP
/// and neighbour discovery among it.
public struct SharedSelection: Hashable, Sendable {
    /// Our ends of the tunnels on the port.
    public var ends: Set<IPAddress>
    /// Whether packets of plain legs, or of subscribers, come in here.
    public var takesForwarded: Bool
    /// Outer VLAN ids of lines and subscribers.
    public var tags: Set<UInt16>

    public init(ends: Set<IPAddress> = [], takesForwarded: Bool = false, tags: Set<UInt16> = []) {
        self.ends = ends
        self.takesForwarded = takesForwarded
        self.tags = tags
    }
}
