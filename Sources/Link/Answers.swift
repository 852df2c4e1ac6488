import Synchronization

/// Where other threads put what a connection shall say.
final class Answers: Sendable {
    private struct State {
        var connection: UInt64 = 0
        /// Of the connection; nil when it is over.
        var outbox: Outbox?
        /// Transactions given to the handler and not answered.
        var unansweredCount = 0
    }

    private let state = Mutex(State())
    private let wakeUp: WakeUp

    init(wakeUp: WakeUp) { self.wakeUp = wakeUp }

    /// Transactions of this connection that were given to the handler and are not answered yet.
    var unansweredCount: Int { state.withLock { $0.unansweredCount } }

    /// A connection begins.
    func begin(_ outbox: Outbox) {
        state.withLock { $0 = State(connection: $0.connection + 1, outbox: outbox) }
    }

    /// The connection, if there was one, is over.
    func end() {
        state.withLock { state in
            state.outbox = nil
            state.unansweredCount = 0
        }
    }

    /// Counts a transaction, and says by which connection it came.
    func noteTransaction() -> UInt64 {
        state.withLock { state in
            state.unansweredCount += 1
            return state.connection
        }
    }

    /// - Parameter connection: the one that this answers a transaction of; nil for what is no answer.
    func add(_ message: Message, on connection: UInt64? = nil) {
        let outbox: Outbox? = state.withLock { state in
            guard let connection else { return state.outbox }
            guard connection == state.connection, state.unansweredCount > 0 else { return nil }
            state.unansweredCount -= 1
            return state.outbox
        }
        // This also wakes a client that reads nothing before it is answered.
        outbox?.append([message.frame.bytes])
    }
}
