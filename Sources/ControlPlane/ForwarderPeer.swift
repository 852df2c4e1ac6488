import Exchange
import Link
import Wire

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
    /// By kind.
    private var members: [SlotSet] = Array(repeating: SlotSet(), count: StateSlot.kindCount)

    var isEmpty: Bool { slots.isEmpty }

    mutating func insert(_ slot: StateSlot) {
        let (kind, number) = slot.place
        if members[kind].insert(number) { slots.append(slot) }
    }
}

extension StateSlot {
    fileprivate static var kindCount: Int { 7 }

    /// Its kind, and its number there.
    fileprivate var place: (kind: Int, number: Int) {
        switch self {
        case .port(let slot): (0, slot)
        case .tunnel(let slot): (1, slot)
        case .subscriber(let slot): (2, slot)
        case .service(let slot): (3, slot)
        case .leg(let slot): (4, slot)
        case .group(let slot): (5, slot)
        case .label(let label): (6, Int(label.rawValue))
        }
    }
}
