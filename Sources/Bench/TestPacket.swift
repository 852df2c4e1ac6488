public import Wire

/// What test packets look like: a UDP packet between two addresses, labelled or not, in an Ethernet frame.
public struct TestPacketFormat: Sendable {
    public var destinationMAC: MACAddress
    public var source: IPAddress
    public var destination: IPAddress
    /// Pushed before the packet, the top first.
    public var labels: [Label] = []
    /// Different source ports that the packets take in turn: as many flows. 1…16,384.
    public var flowCount = 1
    public var destinationPort: UInt16 = 7

    public init(destinationMAC: MACAddress, source: IPAddress, destination: IPAddress) {
        self.destinationMAC = destinationMAC
        self.source = source
        self.destination = destination
    }

    /// From text; nil unless everything is understood, and both addresses are of one version.
    /// - Parameter labels: up to eight, with commas between them.
    public init?(mac: String, source: String, destination: String, labels: String?) {
        guard let mac = MACAddress(mac), let source = IPAddress(source),
            let destination = IPAddress(destination), source.version == destination.version
        else { return nil }
        self.init(destinationMAC: mac, source: source, destination: destination)
        let parts = labels?.split(separator: ",", omittingEmptySubsequences: false) ?? []
        self.labels = parts.compactMap { UInt32($0).flatMap { Label(rawValue: $0) } }
        guard self.labels.count == parts.count, parts.count <= 8 else { return nil }
    }

    private var isIPv6: Bool { if case .v6 = source { true } else { false } }
    private var ipHeaderByteCount: Int { isIPv6 ? 40 : 20 }

    /// The shortest frame, its check sequence included, that the headers and a signature fit.
    public var leastFrameSize: Int {
        max(64, 14 + 4 * labels.count + ipHeaderByteCount + 8 + Signature.byteCount + 4)
    }

    /// A frame without check sequence, numbered 0 of no run.
    func frame(from mac: MACAddress, size: Int) -> TestFrame {
        precondition(size >= leastFrameSize)
        let udpByteCount = size - 4 - 14 - 4 * labels.count - ipHeaderByteCount
        var frame = FrameBytes()
        frame.appendEthernet(
            to: destinationMAC, from: mac, labels.isEmpty ? (isIPv6 ? .ipv6 : .ipv4) : .mpls)
        frame.append(labels: labels)
        switch (source, destination) {
        case (.v4(let source), .v4(let destination)):
            frame.appendIPv4(.udp, from: source, to: destination, payloadByteCount: udpByteCount)
        case (.v6(let source), .v6(let destination)):
            frame.appendIPv6(.udp, from: source, to: destination, payloadByteCount: udpByteCount)
        default: preconditionFailure("\(source) can't send to \(destination)")
        }
        let udp = frame.bytes.count
        frame.appendUDP(from: Self.firstPort, to: destinationPort, payloadByteCount: udpByteCount - 8)
        frame.append(zeros: udpByteCount - 8)
        // Addresses, protocol and length as RFC 768 and RFC 8200 §8.1 sum them, and the header.
        let addressByteCount = isIPv6 ? 32 : 8
        var sum = UInt64(FrameBytes.sum(frame.bytes[udp - addressByteCount..<udp]))
        sum += UInt64(IPProtocol.udp.rawValue) + UInt64(udpByteCount)
        sum += UInt64(FrameBytes.sum(frame.bytes[udp..<udp + 8]))
        return TestFrame(bytes: frame.bytes, udp: udp, baseSum: sum, flowCount: flowCount)
    }

    /// Source ports count up from here.
    static let firstPort: UInt16 = 49_152
}

/// What a test packet says of itself, in the last octets of its payload, where no header that is pushed or popped moves it
/// against the packet's end. All in network order.
///
/// ```
/// |  magic 32  |  number 32  |  time of sending, ns since the Unix epoch 64  |
/// ```
struct Signature: Equatable {
    static let byteCount = 16
    /// Octets that a link may have put behind a short packet, to fill its frame.
    private static let mostPadding = 46

    /// Of one trial: what comes late from another is none of its.
    var magic: UInt32
    /// 0 and on, in the order of sending.
    var number: UInt32
    var nanoseconds: UInt64

    init(magic: UInt32, number: UInt32, nanoseconds: UInt64) {
        self.magic = magic
        self.number = number
        self.nanoseconds = nanoseconds
    }

    /// Finds the signature of this trial at the end of a frame, or before its padding.
    init?(in frame: UnsafeRawBufferPointer, magic: UInt32) {
        for padding in 0...Self.mostPadding {
            let start = frame.count - Self.byteCount - padding
            guard start >= 14 else { return nil }
            func load<Number: FixedWidthInteger>(_ offset: Int) -> Number {
                Number(bigEndian: frame.loadUnaligned(fromByteOffset: start + offset, as: Number.self))
            }
            guard load(0) == magic else { continue }
            self.init(magic: magic, number: load(4), nanoseconds: load(8))
            return
        }
        return nil
    }

    func write(to memory: UnsafeMutableRawPointer) {
        memory.storeBytes(of: magic.bigEndian, as: UInt32.self)
        memory.storeBytes(of: number.bigEndian, toByteOffset: 4, as: UInt32.self)
        memory.storeBytes(of: nanoseconds.bigEndian, toByteOffset: 8, as: UInt64.self)
    }

    /// The sum of its 16-bit words.
    var sum: UInt64 {
        func words(_ number: UInt64) -> UInt64 {
            (0..<4).reduce(0) { $0 + (number >> (16 * UInt64($1)) & 0xffff) }
        }
        return words(UInt64(magic) << 32 | UInt64(number)) + words(nanoseconds)
    }
}

/// A frame of which only source port, checksum and signature differ from packet to packet.
struct TestFrame {
    let bytes: [UInt8]
    /// Where the UDP header begins.
    let udp: Int
    /// The sum that the UDP checksum is made of, but for port and signature.
    let baseSum: UInt64
    let flowCount: Int

    /// Makes a copy of `bytes` at `memory` the packet with this signature.
    func sign(_ memory: UnsafeMutableRawPointer, _ signature: Signature) {
        let flow = UInt16(Int(signature.number) % flowCount)
        signature.write(to: memory + bytes.count - Signature.byteCount)
        memory.storeBytes(
            of: (TestPacketFormat.firstPort + flow).bigEndian, toByteOffset: udp, as: UInt16.self)
        // A signature at an odd distance from the header has its octets in the other halves of the words.
        var words = signature.sum
        while words > 0xffff { words = words & 0xffff + words >> 16 }
        if (bytes.count - Signature.byteCount - udp) % 2 == 1 { words = (words << 8 | words >> 8) & 0xffff }
        var sum = baseSum + UInt64(flow) + words
        while sum > 0xffff { sum = sum & 0xffff + sum >> 16 }
        // Zero would say that there is no checksum (RFC 768).
        let checksum = sum == 0xffff ? 0xffff : ~UInt16(sum)
        memory.storeBytes(of: checksum.bigEndian, toByteOffset: udp + 6, as: UInt16.self)
    }
}
