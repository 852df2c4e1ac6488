import Testbed
import Wire

/// A TCP or UDP packet as plain fields, for tests of what is joined and cut up. Checksums are right unless told.
struct FlowPacket {
    enum Transport: Equatable {
        case tcp(TCP)
        case udp(ports: (UInt16, UInt16))

        static func == (a: Self, b: Self) -> Bool {
            switch (a, b) {
            case (.tcp, .tcp), (.udp, .udp): true
            default: false
            }
        }
    }

    struct TCP {
        var ports: (UInt16, UInt16) = (40_000, 443)
        var sequence: UInt32 = 1
        var acknowledgement: UInt32 = 77
        var flags: UInt8 = 0x10
        /// The four bits beside the header's length.
        var reserved: UInt8 = 0
        var window: UInt16 = 501
        var urgentPointer: UInt16 = 0
        /// A multiple of four bytes.
        var options: [UInt8] = [1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2]
    }

    var source = "192.0.2.1"
    var destination = "198.51.100.2"
    var transport = Transport.tcp(TCP())
    var ttl: UInt8 = 63
    var trafficClass: UInt8 = 0
    var identification: UInt16 = 100
    /// As IPv4 writes it; DF is 0x4000.
    var fragmentation: UInt16 = 0x4000
    var ipOptions: [UInt8] = []
    var flowLabel: UInt32 = 0x12345
    var payload = [UInt8](repeating: 7, count: 100)
    var hasGoodChecksum = true
    /// IPv4's; IPv6 has none.
    var hasGoodHeaderChecksum = true
    var ethernet: [UInt8] = []

    static let ethernetIPv4: [UInt8] = [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0]

    var tcp: TCP {
        get {
            guard case .tcp(let tcp) = transport else { preconditionFailure("not TCP") }
            return tcp
        }
        set { transport = .tcp(newValue) }
    }

    /// Whether all its checksums are right.
    var isGood: Bool { hasGoodChecksum && (hasGoodHeaderChecksum || source.contains(":")) }

    /// The next packet of its flow.
    func next(payload: [UInt8]? = nil) -> FlowPacket {
        var packet = self
        packet.identification &+= 1
        if case .tcp = transport { packet.tcp.sequence &+= UInt32(self.payload.count) }
        if let payload { packet.payload = payload }
        return packet
    }

    var bytes: [UInt8] {
        guard let source = IPAddress(source), let destination = IPAddress(destination) else {
            preconditionFailure("no addresses")
        }
        var message: [UInt8]
        let `protocol`: IPProtocol
        let field: Int
        switch transport {
        case .tcp(let tcp):
            (`protocol`, field) = (.tcp, 16)
            message = octets(tcp.ports.0) + octets(tcp.ports.1) + octets(tcp.sequence)
            message += octets(tcp.acknowledgement)
            message += [UInt8(5 + tcp.options.count / 4) << 4 | tcp.reserved, tcp.flags]
            message += octets(tcp.window) + [0, 0] + octets(tcp.urgentPointer) + tcp.options + payload
        case .udp(let ports):
            (`protocol`, field) = (.udp, 6)
            message =
                octets(ports.0) + octets(ports.1) + octets(UInt16(8 + payload.count)) + [0, 0] + payload
        }
        let pseudoHeader =
            switch (source, destination) {
            case (.v4(let source), .v4(let destination)):
                TransportChecksum.pseudoHeaderSum(
                    source: source, destination: destination, protocol: `protocol`, byteCount: message.count)
            case (.v6(let source), .v6(let destination)):
                TransportChecksum.pseudoHeaderSum(
                    source: source, destination: destination, protocol: `protocol`, byteCount: message.count)
            default: preconditionFailure("two versions")
            }
        let sum = pseudoHeader &+ InternetChecksum.sum(message.span.bytes)
        let checksum = TransportChecksum.field(sum, protocol: `protocol`)
        withUnsafeBytes(of: hasGoodChecksum ? checksum : ~checksum) {
            (message[field], message[field + 1]) = ($0[0], $0[1])
        }
        var datagram = Datagram(source, destination, `protocol`, message)
        datagram.ttl = ttl
        datagram.trafficClass = trafficClass
        datagram.identification = identification
        datagram.fragmentation = fragmentation
        datagram.options = ipOptions
        datagram.flowLabel = flowLabel
        var packet = datagram.bytes
        if source.version == .v4, !hasGoodHeaderChecksum { packet[10] ^= 0x55 }
        return ethernet + packet
    }
}
