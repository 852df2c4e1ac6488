import Wire

extension ForwardingTables {
    /// What no router forwards, as source or destination: "this network", loopback, link-local, multicast, reserved and
    /// broadcast (RFC 6890; RFC 1812 §5.3.7; RFC 4291 §2.5.2, §2.5.3, §2.5.6).
    ///
    /// They stand among the subscribers' and the services' prefixes, so that a default route does not take them in, and
    /// the look-up that every packet needs anyway finds them. A subscriber or service that names such a prefix, or a
    /// longer one inside, has it: 240.0.0.0/4 is somebody's private space, and 169.254.169.254 somebody's server.
    static let confined: [IPPrefix] = {
        func v4(_ address: UInt32, _ bitCount: Int) -> IPPrefix {
            IPPrefix(covering: .v4(IPv4Address(rawValue: address)), bitCount: bitCount)
        }
        func v6(_ high: UInt64, _ bitCount: Int) -> IPPrefix {
            IPPrefix(covering: .v6(IPv6Address(high: high, low: 0)), bitCount: bitCount)
        }
        return [
            v4(0, 8), v4(0x7f00_0000, 8), v4(0xa9fe_0000, 16), v4(0xe000_0000, 3),
            // :: and ::1.
            v6(0, 127), v6(0xfe80 << 48, 10), v6(0xff00 << 48, 8),
        ]
    }()
}

extension IPPrefix {
    /// The address of everybody on a link with this prefix (RFC 919); none on a point-to-point link (RFC 3021), nor in
    /// IPv6.
    var broadcastAddress: IPPrefix? {
        guard case .v4(let first) = address, bitCount < 31 else { return nil }
        return IPPrefix(.v4(IPv4Address(rawValue: first.rawValue | UInt32.max >> UInt32(bitCount))))
    }
}
