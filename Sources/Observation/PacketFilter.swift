import CPcap
public import Ports

/// An expression in the language of pcap-filter(7), compiled for both kinds of links.
public final class PacketFilter: @unchecked Sendable {
    /// Nil where the expression makes no sense on Ethernet, which none is known to do.
    private var ethernet: UnsafeMutablePointer<bpf_program>?
    /// Nil where it speaks of what stands before an IP header, as in `mpls or udp`.
    private var ip: UnsafeMutablePointer<bpf_program>?

    /// - Throws: libpcap's sentence, if the expression makes sense on neither link.
    public init(_ expression: String) throws(ObservationError) {
        var fault = ""
        ethernet = Self.compile(expression, DLT_EN10MB, &fault)
        var other = ""
        ip = Self.compile(expression, DLT_RAW, &other)
        guard ethernet == nil, ip == nil else { return }
        throw ObservationError("the filter '\(expression)' can't be understood: \(fault)")
    }

    deinit {
        for program in [ethernet, ip].compactMap({ $0 }) {
            pcap_freecode(program)
            program.deallocate()
        }
    }

    private static func compile(
        _ expression: String, _ link: Int32, _ fault: inout String
    ) -> UnsafeMutablePointer<bpf_program>? {
        guard let handle = pcap_open_dead(link, 262_144) else { return nil }
        defer { pcap_close(handle) }
        let program = UnsafeMutablePointer<bpf_program>.allocate(capacity: 1)
        program.initialize(to: bpf_program())
        guard pcap_compile(handle, program, expression, 1, bpf_u_int32.max) == 0 else {
            fault = String(cString: pcap_geterr(handle))
            program.deallocate()
            return nil
        }
        return program
    }

    /// Whether a frame passes. Cost: the program's, tens of nanoseconds.
    public func passes(_ frame: UnsafeRawBufferPointer, _ link: LinkType) -> Bool {
        if link == .ip, ip == nil { return passesAsEthernet(frame) }
        guard let program = link == .ethernet ? ethernet : ip else { return false }
        return Self.run(program, frame, frameByteCount: frame.count)
    }

    /// A bare packet is judged as if it came in an Ethernet frame. Headers stand in its first bytes.
    private func passesAsEthernet(_ packet: UnsafeRawBufferPointer) -> Bool {
        guard let ethernet, let first = packet.first else { return false }
        let type: [UInt8] = first >> 4 == 6 ? [0x86, 0xdd] : [0x08, 0x00]
        let frame = [UInt8](repeating: 0, count: 12) + type + packet.prefix(512)
        return frame.withUnsafeBytes { Self.run(ethernet, $0, frameByteCount: packet.count + 14) }
    }

    private static func run(
        _ program: UnsafeMutablePointer<bpf_program>, _ frame: UnsafeRawBufferPointer, frameByteCount: Int
    ) -> Bool {
        guard let start = frame.baseAddress else { return false }
        let bytes = start.assumingMemoryBound(to: UInt8.self)
        return bpf_filter(program.pointee.bf_insns, bytes, UInt32(frameByteCount), UInt32(frame.count)) != 0
    }
}

/// Why something can't be observed, in a sentence.
public struct ObservationError: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String
    /// Whether it is that no forwarder is there to be asked.
    public let isNobodyThere: Bool

    public init(_ description: String, isNobodyThere: Bool = false) {
        self.description = description
        self.isNobodyThere = isNobodyThere
    }
}
