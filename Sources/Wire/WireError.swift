/// Why bytes are not the header that they were taken for: which header, and what is wrong with it.
public struct WireError: Error, Equatable, Sendable {
    /// The headers that can be found wanting.
    public enum Header: String, Sendable {
        case ethernet = "Ethernet"
        case vlan = "VLAN tag"
        case arp = "ARP"
        case ipv4 = "IPv4"
        case ipv6 = "IPv6"
        case ipv6Extension = "IPv6 extension headers"
        case icmpv4 = "ICMP"
        case icmpv6 = "ICMPv6"
        case neighbourDiscovery = "neighbour discovery"
    }

    /// What can be wrong with a header.
    public enum Fault: String, Sendable {
        /// Fewer bytes than the header takes.
        case truncated
        /// Another version, hardware or protocol type than the one understood here.
        case version = "wrong version or type"
        /// A header length below the fixed part.
        case headerLength = "bad header length"
        /// A length field that is below the header's own length, or above the bytes at hand.
        case length = "bad length"
        /// The checksum doesn't match.
        case checksum = "bad checksum"
        /// Extension headers that the packet ends in, or more of them than are followed.
        case chain = "truncated or too many in a row"
        /// A code that the message must not have.
        case code = "bad code"
        /// A hop limit other than 255: the packet may come from beyond the link (RFC 4861 §7.1).
        case hopLimit = "hop limit not 255"
        /// An address that the message must not have in that place.
        case address = "address out of place"
        /// An option that has no length, or must not be there.
        case option = "bad option"
        /// A flag that the message must not have set.
        case flag = "flag out of place"
    }

    /// Which header.
    public let header: Header
    /// What is wrong with it.
    public let fault: Fault

    /// The fault of a header.
    public init(_ header: Header, _ fault: Fault) {
        self.header = header
        self.fault = fault
    }
}

extension WireError: CustomStringConvertible {
    /// As in `IPv4: bad length`.
    public var description: String { "\(header.rawValue): \(fault.rawValue)" }
}
