public import Wire

/// Label stack entries in a UDP datagram of an outer IPv4 or IPv6 packet (RFC 7510): the tunnel's path label, where it has
/// one, and the session's user label.
///
/// ```
/// | outer IP | UDP: entropy → 6635 | path label, if any | user label, S | packet |
/// ```
public struct MPLSUDPEncapsulation: Equatable, Sendable {
    /// The outer header, as that of IP-in-IP.
    public var outer: IPIPEncapsulation
    /// The path label to send with. Nil: the user label stands alone.
    public var send: Label?
    /// The path label to receive by. Nil: the user label arrives alone.
    public var receive: Label?
    /// Which checksums are sent, and must arrive.
    public var checksum: Checksum

    /// Takes every property as it is; `ExchangeDescription.validate()` judges it.
    public init(
        outer: IPIPEncapsulation, send: Label? = nil, receive: Label? = nil, checksum: Checksum? = nil
    ) {
        self.outer = outer
        self.send = send
        self.receive = receive
        self.checksum = checksum ?? Self.defaultChecksum(outer.remote.version)
    }

    /// What is put before a packet, in bytes.
    public var overheadByteCount: Int { outer.overheadByteCount + UDPField.byteCount + (send == nil ? 4 : 8) }

    /// UDP checksums (RFC 7510 §3.1). One that arrives is verified in any case.
    public enum Checksum: String, CaseIterable, Sendable {
        /// Each datagram is sent with one. Over IPv6 those without are refused.
        case on
        /// None is sent, and those without are taken.
        case off
    }

    /// Over IPv4 none (RFC 7510 §3.1), over IPv6 one (RFC 8200 §8.1).
    public static func defaultChecksum(_ version: IPVersion) -> Checksum { version == .v4 ? .off : .on }
}
