import CPcap
public import Ports

/// An expression in the language of pcap-filter(7), compiled for both kinds of links.
public final class PacketFilter: @unchecked Sendable {
    /// Nil where the expression makes no sense on that link: no packet there passes.
    private var ethernet: UnsafeMutablePointer<bpf_program>?
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
        guard let program = link == .ethernet ? ethernet : ip, let start = frame.baseAddress else { return false }
        let bytes = start.assumingMemoryBound(to: UInt8.self)
        return bpf_filter(program.pointee.bf_insns, bytes, UInt32(frame.count), UInt32(frame.count)) != 0
    }
}

/// Why something can't be observed, in a sentence.
public struct ObservationError: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String
    public init(_ description: String) { self.description = description }
}
