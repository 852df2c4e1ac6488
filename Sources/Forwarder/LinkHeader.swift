import Tables
import Wire

/// The link header of a frame of our own: addresses, VLAN tags and ethertype (RFC 894, IEEE 802.1Q); nothing on a link
/// that has none.
struct LinkHeader: Equatable {
    /// 0, 14, 18 or 22.
    let byteCount: Int
    private var destination = MACAddress(rawValue: 0)
    private var source = MACAddress(rawValue: 0)
    /// Up to two VLAN tags with the ethertypes before them, as they are sent, the outer one first.
    private var outerTag: UInt32 = 0
    private var innerTag: UInt32 = 0
    private var etherType = EtherType(rawValue: 0)

    /// The header that a frame begins with.
    /// - Parameter byteCount: 0, 14, 18 or 22 bytes, which the frame has.
    init(_ frame: RawSpan, byteCount: Int) {
        self.byteCount = byteCount
        guard byteCount > 0 else { return }
        destination = frame.macAddress(at: EthernetField.destination)
        source = frame.macAddress(at: EthernetField.source)
        if byteCount > EthernetField.byteCount { outerTag = frame.uint32(at: EthernetField.etherType) }
        if byteCount > EthernetField.byteCount + 4 {
            innerTag = frame.uint32(at: EthernetField.etherType + 4)
        }
        etherType = EtherType(rawValue: frame.uint16(at: byteCount - 2))
    }

    /// The header that an adjacency puts before what it sends. The ethertype is for `to` or `carrying` to say.
    init(_ adjacency: Adjacency) {
        let bytes = adjacency.headerBytes
        unsafe self.init(bytes.span.bytes, byteCount: bytes.count)
    }

    /// The header of an answer to a frame with this one: to its sender, under the same tags and ethertype.
    func reply(from mac: MACAddress) -> LinkHeader {
        var header = self
        (header.destination, header.source) = (source, mac)
        return header
    }

    /// The same header to another station or group, with another ethertype.
    func to(_ destination: MACAddress, _ etherType: EtherType) -> LinkHeader {
        var header = carrying(etherType)
        header.destination = destination
        return header
    }

    /// The same header before something else.
    func carrying(_ etherType: EtherType) -> LinkHeader {
        var header = self
        header.etherType = etherType
        return header
    }

    /// Writes the header to the beginning of a frame, which it must fit.
    func emit(into frame: inout MutableRawSpan) {
        guard byteCount > 0 else { return }
        frame.store(destination, at: EthernetField.destination)
        frame.store(source, at: EthernetField.source)
        if byteCount > EthernetField.byteCount { frame.store(outerTag, at: EthernetField.etherType) }
        if byteCount > EthernetField.byteCount + 4 { frame.store(innerTag, at: EthernetField.etherType + 4) }
        frame.store(etherType.rawValue, at: byteCount - 2)
    }
}
