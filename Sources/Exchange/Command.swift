/// One step of the state machine: everything that a change of state depends on, time included, so that the same
/// commands lead to the same state wherever and whenever they are applied.
public struct Command: Equatable, Sendable {
    /// When it was accepted, in nanoseconds since the Unix epoch.
    public var time: UInt64
    /// What is to be done.
    public var action: Action

    /// A command.
    public init(time: UInt64, action: Action) {
        self.time = time
        self.action = action
    }

    /// What a command can do.
    public enum Action: Equatable, Sendable {
        /// Puts objects in and takes objects out, all or none, in any order.
        case change([Change])
        /// Takes in what a forwarder's counters say.
        case usage(UsageReadings)
    }
}

/// One object put in or taken out.
public struct Change: Equatable, Sendable {
    /// The object to put in, in place of the one with its key; or the key of the one to take out.
    public var edit: Edit
    /// The revision that the object must have now; 0: it must not exist. Nil: any.
    public var expectedRevision: UInt64?

    /// A change.
    public init(_ edit: Edit, expectedRevision: UInt64? = nil) {
        self.edit = edit
        self.expectedRevision = expectedRevision
    }

    /// Putting in or taking out.
    public enum Edit: Equatable, Sendable {
        case put(ExchangeObject)
        case remove(ExchangeKey)
    }

    /// The object that it is about.
    public var key: ExchangeKey {
        switch edit {
        case .put(let object): object.key
        case .remove(let key): key
        }
    }
}

/// What the counter file of one forwarder says, read at one time. Readings are absolute, so that one taken in twice
/// counts once: each is all that its leg has counted in this file since its count started, and nothing of what others
/// have counted in the same slot.
public struct UsageReadings: Equatable, Sendable {
    /// The forwarder's name.
    public var forwarder: String
    /// The counter file's own number: another one begins at zero again.
    public var file: UInt64
    /// In ascending order of slots.
    public var readings: [Reading]
    /// Slots that no forwarder counts on any more, whose last value is among the readings or was before: their legs
    /// are closed and the slots free for others.
    public var closed: [Int]

    /// One collection.
    public init(forwarder: String, file: UInt64, readings: [Reading], closed: [Int] = []) {
        self.forwarder = forwarder
        self.file = file
        self.readings = readings
        self.closed = closed
    }

    /// A slot's counters.
    public struct Reading: Equatable, Sendable {
        /// The counter slot.
        public var slot: Int
        /// Whose it is, as the counter file says.
        public var leg: LegID
        /// Where the leg's count started: a number that is greater each time that the leg gets the slot anew in the
        /// same file, after others have counted there. Then `total` begins again at zero. That happens where a journal
        /// is restored, and gives a leg the slot back that another has had since.
        public var start: UInt64
        /// What the leg has counted since then.
        public var total: Traffic

        /// A reading.
        public init(slot: Int, leg: LegID, start: UInt64, total: Traffic) {
            self.slot = slot
            self.leg = leg
            self.start = start
            self.total = total
        }
    }
}

/// A leg of a session: the session's number, and which of its legs, counted from 1. Never used again.
///
/// A journal can be lost, or replaced by an old copy, while counter files and bills that name its legs live on. The
/// next journal must not give their numbers to others. So a session's number is one more than the last, but not less
/// than the microseconds from the Unix epoch to the command that opened it: what a journal knows nothing of any more
/// has a smaller number. That holds while sessions are opened, on average since the first, not faster than a million a
/// second, and while the clock isn't set back behind the last of them.
public struct LegID: Hashable, Sendable {
    /// The session's number.
    public var session: UInt64
    /// Which of the session's legs, from 1: another begins whenever the session's way changes.
    public var leg: UInt32

    /// A leg.
    public init(session: UInt64, leg: UInt32) {
        self.session = session
        self.leg = leg
    }
}

/// Packets and bytes both ways. Bytes are those of the inner IP packets.
public struct Traffic: Hashable, Sendable {
    /// From the subscriber.
    public var upPackets: UInt64
    public var upBytes: UInt64
    /// To the subscriber.
    public var downPackets: UInt64
    public var downBytes: UInt64

    /// None, unless said.
    public init(upPackets: UInt64 = 0, upBytes: UInt64 = 0, downPackets: UInt64 = 0, downBytes: UInt64 = 0) {
        self.upPackets = upPackets
        self.upBytes = upBytes
        self.downPackets = downPackets
        self.downBytes = downBytes
    }
}
