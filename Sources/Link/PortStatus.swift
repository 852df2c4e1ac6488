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
    /// What it is, in words, as in `AF_PACKET on veth`.
    public var kind = ""
    /// When its state last changed, in nanoseconds since the Unix epoch.
    public var since: UInt64 = 0
    /// Of the interface; 0 where there are none.
    public var receiveQueues: UInt16 = 0
    public var transmitQueues: UInt16 = 0
    public var offloads: Offloads = []
    /// How packets pass to the kernel and back, as an exchange file has it; empty where there is but one way, or none now.
    public var engine = ""
    /// What is not in force of what was asked for, and why, each in a sentence; at most `noteLimit` are told.
    public var notes: [String] = []
    public var counters = Counters()
    /// Packets that the kernel did not take, by reason; at most `failureLimit` are told.
    public var sendFailures: [SendFailure] = []

    /// Work that the port and the kernel take over from each other, as it is in force.
    public struct Offloads: OptionSet, Hashable, Sendable {
        public let rawValue: UInt8

        public init(rawValue: UInt8) { self.rawValue = rawValue }

        public static let checksum = Offloads(rawValue: 1)
        public static let segmentation = Offloads(rawValue: 2)
        /// Packets of a flow leave in superframes.
        public static let coalescing = Offloads(rawValue: 4)
    }

    /// What the port and its interface have lost since the forwarder opened the port.
    public struct Counters: Hashable, Sendable {
        /// As the kernel counts them at the interface, packets of the host's own among them.
        public var receiveErrors: UInt64 = 0
        public var receiveDrops: UInt64 = 0
        public var transmitErrors: UInt64 = 0
        public var transmitDrops: UInt64 = 0
        /// Packets that came while the buffer for the forwarder was full.
        public var kernelDrops: UInt64 = 0
        /// Superframes that were cut into segments.
        public var superframes: UInt64 = 0
        /// Superframes that were sent, each made of several packets.
        public var sentSuperframes: UInt64 = 0

        public init() {}
    }

    /// So many packets that could not be sent for one reason.
    public struct SendFailure: Hashable, Sendable {
        /// As the kernel puts it.
        public var reason: String
        public var count: UInt64

        public init(reason: String, count: UInt64) {
            self.reason = reason
            self.count = count
        }
    }

    static let failureLimit = 16
    static let noteLimit = 16

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
        writer.write(String(kind.prefix(64)))
        writer.write(since)
        writer.write(receiveQueues)
        writer.write(transmitQueues)
        writer.write(offloads.rawValue)
        writer.write(String(engine.prefix(64)))
        writer.write(Array(notes.prefix(Self.noteLimit))) { $0.write(sentence: $1) }
        for counter in [
            counters.receiveErrors, counters.receiveDrops, counters.transmitErrors, counters.transmitDrops,
            counters.kernelDrops, counters.superframes, counters.sentSuperframes,
        ] {
            writer.write(counter)
        }
        writer.write(Array(sendFailures.prefix(Self.failureLimit))) { writer, failure in
            writer.write(String(failure.reason.prefix(64)))
            writer.write(failure.count)
        }
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
        kind = try reader.readText()
        since = try reader.read()
        receiveQueues = try reader.read()
        transmitQueues = try reader.read()
        offloads = Offloads(rawValue: try reader.read())
        engine = try reader.readText()
        notes = try reader.readList(elementByteCount: 4) { reader throws(ByteReaderError) in
            try reader.readText()
        }
        counters.receiveErrors = try reader.read()
        counters.receiveDrops = try reader.read()
        counters.transmitErrors = try reader.read()
        counters.transmitDrops = try reader.read()
        counters.kernelDrops = try reader.read()
        counters.superframes = try reader.read()
        counters.sentSuperframes = try reader.read()
        sendFailures = try reader.readList(elementByteCount: 12) { reader throws(ByteReaderError) in
            SendFailure(reason: try reader.readText(), count: try reader.read())
        }
    }
}
