import Exchange
import Link

/// What the engine knows of one forwarder. Belongs to the engine's thread.
final class ForwarderPeer {
    let name: String
    /// How it introduced itself the last time.
    var hello: Hello
    /// Nil while it isn't connected.
    var connection: LinkConnection?
    /// In nanoseconds since the Unix epoch.
    var connectedAt: UInt64
    /// The last command whose effect it is known to forward by; 0 until that is known.
    var applied: UInt64 = 0
    /// What it has been sent and hasn't answered.
    var unanswered: Unanswered?
    /// What has changed since that.
    var waiting = SlotQueue()
    /// Whether the next transaction must hold everything.
    var needsReset = true
    /// Whether it must be asked, by a transaction without changes, if its tables are what its hello said: a transaction
    /// of the connection before may still have been on its way into them.
    var needsConfirmation = false
    /// The last transaction of everything that it refused, unless it has taken one since.
    var rejection: Refusal?
    var lastTransaction: AppliedTransaction?
    /// How its ports are, as it has said.
    var ports: [Link.PortStatus] = []

    init(_ connection: LinkConnection, at time: UInt64) {
        name = connection.name
        hello = connection.hello
        self.connection = connection
        connectedAt = time
    }

    /// A transaction under way.
    struct Unanswered {
        var number: UInt64
        /// Whether it holds everything.
        var isReset: Bool
        /// What all its tables' hashes add up to then.
        var tableHash: UInt64
        /// In nanoseconds since the Unix epoch.
        var sentAt: UInt64
        /// When it is to be complained about next.
        var complaint: ContinuousClock.Instant
    }

    /// A transaction that was refused.
    struct Refusal {
        var number: UInt64
        /// Why, as the forwarder says.
        var reason: String
        /// When everything is sent again, even if nothing changes until then.
        var retry: ContinuousClock.Instant
    }
}

/// Slots in the order in which they were first put in, each once.
struct SlotQueue {
    private(set) var slots: [StateSlot] = []
    private var members: Set<StateSlot> = []

    var isEmpty: Bool { slots.isEmpty }

    mutating func insert(_ slot: StateSlot) {
        if members.insert(slot).inserted { slots.append(slot) }
    }
}
