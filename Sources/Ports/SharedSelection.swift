public import Wire

/// Which frames of an interface are ours, where the kernel keeps the interface's addresses.
///
/// Ours is what is sent to the interface's own MAC address and is
/// - an MPLS frame, or
/// - IP-in-IP (protocol 4 or 41, fragments and packets with extension headers included) to one of `ends`, or
/// - MPLS-in-UDP (to port 6635, RFC 7510) to one of `datagramEnds`: of fragments the first ones, or
/// - where `takesForwarded` says so, an IP packet that a router would forward: not to an address of the host's, nor a
///   link-local, loopback, multicast or broadcast one;
///
/// and all that comes under an outer VLAN id of `tags`, neighbour discovery included: such a VLAN is ours as an owned
/// interface is. ICMP errors to our end of a tunnel about what was sent from there are for both of us. The rest is the kernel's, ARP
/// and neighbour discovery among it.
public struct SharedSelection: Hashable, Sendable {
    /// Our ends of the IP-in-IP tunnels on the port.
    public var ends: Set<IPAddress>
    /// Our ends of the MPLS-in-UDP tunnels on the port.
    public var datagramEnds: Set<IPAddress>
    /// Whether packets of plain legs, or of subscribers, come in here.
    public var takesForwarded: Bool
    /// Outer VLAN ids of lines and subscribers.
    public var tags: Set<UInt16>

    public init(
        ends: Set<IPAddress> = [], datagramEnds: Set<IPAddress> = [], takesForwarded: Bool = false,
        tags: Set<UInt16> = []
    ) {
        self.ends = ends
        self.datagramEnds = datagramEnds
        self.takesForwarded = takesForwarded
        self.tags = tags
    }
}
