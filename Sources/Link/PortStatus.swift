public import Wire

/// How a forwarder's port is.
public struct PortStatus: Hashable, Sendable {
    /// What can be said of a port in a word.
    public enum State: UInt8, CaseIterable, Sendable {
        case up = 1
        /// The interface is there and down.
        case down
        /// There is no such interface yet, or it can't be used.
        case absent
        /// A file that has been read to its end.
        case finished
    }

    /// The port's slot in the tables.
    public var slot: UInt16
    public var state: State
    /// What people should know about it, in a sentence; empty if there is nothing to say.
    public var detail: String
    /// Nil where there is none, or none yet.
    public var mac: MACAddress?
    /// The longest network-layer packet that it takes, in bytes; 0 while that isn't known.
    public var mtu: UInt32

    public init(slot: UInt16, state: State, detail: String = "", mac: MACAddress? = nil, mtu: UInt32) {
        self.slot = slot
        self.state = state
        self.detail = detail
        self.mac = mac
        self.mtu = mtu
    }
}

extension PortStatus {
    func write(to writer: inout ByteWriter) {
        writer.write(slot)
        writer.write(state.rawValue)
        writer.write(sentence: detail)
        writer.write(mac) { $0.write($1.rawValue) }
        writer.write(mtu)
    }

    init(reading reader: inout ByteReader) throws(ByteReaderError) {
        let slot: UInt16 = try reader.read()
        guard let state = State(rawValue: try reader.read()) else {
            throw reader.fault("a port state that isn't known", back: 1)
        }
        self.init(
            slot: slot, state: state, detail: try reader.readText(),
            mac: try reader.readOptional { reader throws(ByteReaderError) in
                let bits: UInt64 = try reader.read()
                guard bits >> 48 == 0 else {
                    throw reader.fault("a MAC address of more than 48 bits", back: 8)
                }
                return MACAddress(rawValue: bits)
            }, mtu: try reader.read())
    }
}
