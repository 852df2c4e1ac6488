import CLinux
import Glibc
public import Tables

/// The forwarder's side of the link: connects to the control plane, and connects again for as long as it runs.
///
/// A thread of its own polls the connection, so that the control plane hears from a forwarder that is busy with a large
/// transaction.
public final class LinkClient: Sendable {
    /// What happens on the link.
    public enum Event: Sendable {
        /// The control plane has taken us.
        case connected(Welcome)
        /// A whole transaction, to be answered by `answer`.
        case transaction(ReceivedTransaction)
        /// The connection is over.
        case disconnected(reason: String)
        /// There is no connection, and why; told once for as long as the reason stays the same.
        case unreachable(reason: String)
    }

    /// What the client's thread is made with.
    struct Settings: Sendable {
        var path: String
        var tuning: LinkTuning
        var hello: @Sendable () -> Hello
        var handler: @Sendable (Event) -> Void
    }

    private let wakeUp: WakeUp
    private let stopping = StopFlag()
    private let answers: Answers
    private let thread: NativeThread

    /// Begins to connect.
    /// - Parameter hello: called on the client's thread before each attempt.
    /// - Parameter handler: called on the client's thread, one event after the other. It must not wait.
    public init(
        path: String, tuning: LinkTuning = LinkTuning(), hello: @escaping @Sendable () -> Hello,
        handler: @escaping @Sendable (Event) -> Void
    ) {
        let wakeUp = WakeUp()
        let answers = Answers(wakeUp: wakeUp)
        let settings = Settings(path: path, tuning: tuning, hello: hello, handler: handler)
        let stopping = stopping
        self.wakeUp = wakeUp
        self.answers = answers
        thread = NativeThread("link-client") {
            LinkClientLoop(wakeUp: wakeUp, answers: answers, settings: settings).run(until: stopping)
        }
    }

    /// Acknowledges a transaction. Does nothing if the connection that it came by is gone: the next hello says the
    /// same.
    public func answer(_ applied: AppliedTransaction, to transaction: ReceivedTransaction) {
        answers.add(.applied(applied), on: transaction.connection)
    }

    /// Refuses a transaction.
    public func answer(_ rejected: RejectedTransaction, to transaction: ReceivedTransaction) {
        answers.add(.rejected(rejected), on: transaction.connection)
    }

    /// Tells how all ports are. Does nothing while there is no connection.
    public func send(_ ports: [PortStatus]) { answers.add(.ports(ports)) }

    /// Ends the connection, and returns when the last event has been handled. To be called once, and not by the
    /// handler.
    public func stop() {
        stopping.raise()
        wakeUp.signal()
        thread.join()
    }
}

/// A transaction, with the connection it came by.
public struct ReceivedTransaction: Sendable {
    public let transaction: Transaction
    /// What the hash of all tables must be once it is applied.
    public let tableHash: UInt64
    /// The client's connections are counted from 1.
    let connection: UInt64
}
