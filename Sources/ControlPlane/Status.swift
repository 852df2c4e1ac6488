import Exchange
public import Wire

/// How the control plane and its forwarders are.
public struct Status: Equatable, Sendable {
    /// The name of the instance.
    public var instance: String
    /// The version of this software.
    public var version: String
    /// When this control plane began, in nanoseconds since the Unix epoch.
    public var startedAt: UInt64
    /// The journal.
    public var journal: JournalStatus
    /// SHA-256 over the state's encoding in hexadecimal; only if it was asked for, since it takes time.
    public var digest: String?
    /// How many objects of each kind there are.
    public var counts: ObjectCounts
    /// Connected forwarders, and those that were and may come back, by name.
    public var forwarders: [ForwarderStatus]
    /// Every port as each connected forwarder sees it, by forwarder and slot.
    public var ports: [PortStatus]
}

/// How the journal is.
public struct JournalStatus: Equatable, Sendable {
    /// The file.
    public var path: String
    /// Its random number, made with it.
    public var id: UInt64
    /// The number of the last command.
    public var sequence: UInt64
    /// What it takes on disk, in bytes, its write-ahead log included.
    public var byteCount: UInt64
    /// Commits since the start, each with one fsync.
    public var commitCount: UInt64
    /// The number of the command that the last snapshot is of; 0: there is none.
    public var snapshotSequence: UInt64
    /// Why it can't be written at the moment; nil: it can.
    public var fault: String?
}

/// How many objects there are.
public struct ObjectCounts: Equatable, Sendable {
    public var ports: Int
    public var lines: Int
    public var providers: Int
    public var services: Int
    public var tunnels: Int
    public var subscribers: Int
    public var conditions: Int
    public var sessions: Int
    public var labels: Int
    /// Ways of sessions that no packet takes any more, whose last counts are still awaited.
    public var drainingLegs: Int

    init(_ state: State) {
        ports = state.ports.count
        lines = state.lines.count
        providers = state.providers.count
        services = state.services.count
        tunnels = state.tunnels.count
        subscribers = state.subscribers.count
        conditions = state.conditions.count
        sessions = state.sessions.count
        labels = state.labels.count
        drainingLegs = state.drainingSlots.count
    }
}

/// How a forwarder is.
public struct ForwarderStatus: Equatable, Sendable {
    /// Its name.
    public var name: String
    /// The version of its software.
    public var version: String
    /// Its process.
    public var pid: UInt32
    /// When it connected, in nanoseconds since the Unix epoch; nil: it isn't connected.
    public var connectedSince: UInt64?
    /// The number of the last command whose effect it is known to forward by.
    public var appliedSequence: UInt64
    /// What it was sent last and has answered.
    public var lastTransaction: TransactionStatus?
    /// Since when it has owed an answer, in nanoseconds since the Unix epoch; nil: it owes none.
    public var unansweredSince: UInt64?
    /// Why it refused the last transaction; nil: it didn't.
    public var rejection: String?
}

/// What a transaction did.
public struct TransactionStatus: Equatable, Sendable {
    /// The number of the command it brought the tables up to.
    public var number: UInt64
    /// Table objects put in.
    public var setCount: Int
    /// Table objects taken out.
    public var removedCount: Int
    /// Table objects sent that were there already.
    public var untouchedCount: Int
    /// How long it took the forwarder, in microseconds.
    public var microseconds: UInt64
}

/// How a port is at a forwarder.
public struct PortStatus: Equatable, Sendable {
    /// The port's name.
    public var port: String
    /// The forwarder's name.
    public var forwarder: String
    /// Whether packets pass.
    public var condition: Condition
    /// Why not, in a sentence; empty where there is nothing to say.
    public var detail: String
    /// The interface's MAC address, if it has one.
    public var mac: MACAddress?
    /// The longest network-layer packet, in bytes; nil: not known.
    public var mtu: Int?
    /// What it is, in words, as in `AF_PACKET on veth`; empty: not known.
    public var kind = ""
    /// When its condition last changed, in nanoseconds since the Unix epoch; nil: not known.
    public var since: UInt64?
    /// Of the interface; nil where there are none.
    public var receiveQueues: Int?
    public var transmitQueues: Int?
    /// Work that the port and the kernel take over from each other: `checksum`, `segmentation`, `coalescing`.
    public var offloads: [String] = []
    /// How packets pass to the kernel and back, in the words of an exchange file; nil where there is but one way, or none
    /// now.
    public var engine: String?
    /// What is not in force of what was asked for, and why, each in a sentence.
    public var notes: [String] = []
    /// Errors and drops of the interface and the port, and superframes that were cut up or sent, since the forwarder
    /// opened the port: by name, in a fixed order.
    public var counters: [Counter] = []
    /// Packets that the kernel did not take, by its reason.
    public var sendFailures: [Counter] = []

    /// So many packets.
    public struct Counter: Equatable, Sendable {
        /// What of, or why.
        public var name: String
        public var count: UInt64
    }

    /// How a port can be.
    public enum Condition: String, Equatable, Sendable {
        /// Packets pass.
        case up
        /// The interface is there, and down.
        case down
        /// There is no such interface yet, or it can't be used; it is picked up when it comes.
        case absent
        /// A file that has been read to its end.
        case finished
    }
}
