import CLinux
import Glibc

/// The control plane's side of the link: listens on a Unix socket and talks with the forwarders that connect.
///
/// A thread of its own polls the socket and all connections. None of them can hold up the others: what a forwarder
/// doesn't read waits in memory, bounded by `LinkConnection.canSend`.
public final class LinkServer: Sendable {
    /// What happens on the link. Of one connection: `connected`, any number of the others, `disconnected`.
    public enum Event: Sendable {
        case connected(LinkConnection)
        case applied(LinkConnection, AppliedTransaction)
        case rejected(LinkConnection, RejectedTransaction)
        /// All ports of the forwarder as they are now.
        case ports(LinkConnection, [PortStatus])
        case disconnected(LinkConnection, reason: String)
        /// Somebody connected and was not taken, with the reason.
        case refused(reason: String)
    }

    /// What the server's thread is made with.
    struct Settings: Sendable {
        var journal: UInt64
        var tuning: LinkTuning
        var handler: @Sendable (Event) -> Void
    }

    public let path: String
    private let wakeUp = WakeUp()
    private let stopping: StopFlag
    private let thread: NativeThread
    /// The claim to the instance, without which the socket wouldn't be ours to take.
    private let lock: InstanceLock

    /// Listens.
    ///
    /// A socket that is there already, and on which nobody answers, was left by a process that died: it is replaced,
    /// since `lock` says that the instance is ours.
    /// - Parameter path: where; owner and group may connect (mode 0660).
    /// - Parameter journal: the id of the journal that transactions come from.
    /// - Parameter handler: called on the server's thread, one event after the other. It must not wait: connections on
    ///   which nothing moves for `tuning.silence` are dead.
    /// - Throws: a sentence, if the path can't be listened on.
    public init(
        path: String, holding lock: InstanceLock, journal: UInt64, tuning: LinkTuning = LinkTuning(),
        handler: @escaping @Sendable (Event) -> Void
    ) throws(LinkError) {
        let listener = try UnixSocket.listen(at: path)
        let settings = Settings(journal: journal, tuning: tuning, handler: handler)
        let (wakeUp, stopping) = (wakeUp, StopFlag())
        self.path = path
        self.lock = lock
        self.stopping = stopping
        thread = NativeThread("link-server") {
            var loop = LinkServerLoop(listener: listener, wakeUp: wakeUp, settings: settings)
            loop.run(until: stopping)
        }
    }

    /// Ends all connections (each with `disconnected`), removes the socket, and returns when the last event has been
    /// handled. To be called once, and not by the handler.
    public func stop() {
        stopping.raise()
        wakeUp.signal()
        thread.join()
        unlink(path)
    }
}
