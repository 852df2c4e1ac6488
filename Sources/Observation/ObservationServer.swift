import Glibc
import Link

/// The observation socket of a forwarder, on a thread of its own: it answers whether the control plane is there or not,
/// and however slowly a client reads, packets don't wait for it.
///
/// A client sends one request and is answered until it goes, or all has been said. At most sixteen clients are served
/// at once, four of them with packets; so that nobody keeps the others out, who doesn't ask, or doesn't take the answer,
/// is sent away after a while.
public final class ObservationServer: Sendable {
    static let clientLimit = 16
    static let tapLimit = 4
    /// Rings of earlier taps that may be there yet when one more is armed.
    static let retiredRingLimit = 16

    /// How long a client may be there without a sign of life.
    struct Patience: Sendable {
        /// Until its request is there to the last byte; and from one answer to the next request.
        var request: Duration = .seconds(10)
        /// Until it takes more of what has been answered. Packets may be read as slowly as one likes while they are watched.
        var answer: Duration = .seconds(60)
    }

    private let path: String
    private let stop = StopFlag()
    private let ended = StopFlag()
    private let wakeUp = WakeUp()
    private let thread: NativeThread

    /// Listens from now on. The caller holds the forwarder's lock: what a dead one left at the path is replaced.
    /// - Parameter report: takes a line for people.
    /// - Throws: why that can't be, in a sentence.
    public convenience init(
        path: String, observers: [WorkerObserver], report: @escaping @Sendable (String) -> Void = { _ in }
    ) throws(ObservationError) {
        try self.init(path: path, observers: observers, patience: Patience(), report: report)
    }

    init(
        path: String, observers: [WorkerObserver], patience: Patience,
        report: @escaping @Sendable (String) -> Void = { _ in }
    ) throws(ObservationError) {
        let listener: Descriptor
        do throws(LinkError) { listener = try UnixSocket.listen(at: path) } catch {
            throw ObservationError("\(error)")
        }
        self.path = path
        let (stop, ended, wakeUp) = (stop, ended, wakeUp)
        thread = NativeThread("observation") {
            ObservationLoop(
                listener: Listener(listener), wakeUp: wakeUp, observers: observers, patience: patience
            ) { report("\(path): \($0)") }
            .run(until: stop)
            ended.raise()
        }
    }

    /// Ends the thread, and tells all clients so. A thread that is looking up a host's name for a filter isn't waited for
    /// longer than two seconds: the process is ending.
    public func end() {
        stop.raise()
        wakeUp.signal()
        unlink(path)
        if ended.isRaised(by: .now + .seconds(2)) { thread.join() }
    }
}

/// What the observation thread does.
private final class ObservationLoop {
    /// Clients that are taken in before the others are served.
    private static let acceptLimit = 64
    /// How often it is looked whether workers have let go of rings.
    private static let reclaimInterval: Duration = .milliseconds(250)

    private var listener: Listener
    private let wakeUp: WakeUp
    private let observers: [WorkerObserver]
    private let patience: ObservationServer.Patience
    private let report: (String) -> Void
    private var clients: [ObservationPeer] = []
    /// Whether rings are there that no client has any more.
    private var holdsRings = false

    init(
        listener: Listener, wakeUp: WakeUp, observers: [WorkerObserver],
        patience: ObservationServer.Patience, report: @escaping (String) -> Void
    ) {
        self.listener = listener
        self.wakeUp = wakeUp
        self.observers = observers
        self.patience = patience
        self.report = report
    }

    func run(until stop: StopFlag) {
        while !stop.isRaised {
            wait()
            let now = ContinuousClock.now
            acceptSome(at: now)
            for client in clients {
                let isTapFree = clients.count { $0.hasTap } < ObservationServer.tapLimit
                client.advance(isTapFree: isTapFree, at: now)
            }
            clients.removeAll { $0.isOver }
            holdsRings = observers.count { !$0.reclaimRings() } > 0
        }
        for client in clients { client.stop() }
    }

    private func acceptSome(at now: ContinuousClock.Instant) {
        let oldFault = listener.fault
        for _ in 0..<Self.acceptLimit {
            guard let descriptor = listener.accept(at: now) else { break }
            let peer = ObservationPeer(descriptor, observers, patience: patience, at: now)
            if clients.count { !$0.isRefused } >= ObservationServer.clientLimit { peer.refuse(crowded) }
            clients.append(peer)
        }
        if let fault = listener.fault, oldFault == nil {
            report("who wants to look on has to wait: \(fault)")
        }
    }

    private var crowded: String {
        let busy = clients.count { $0.hasTap }
        return
            "the forwarder has \(ObservationServer.clientLimit) clients already, as many as it serves at once, "
            + "\(busy) of them with captures and traces; try again in \(patience.request): those that ask nothing "
            + "are sent away then"
    }

    /// Waits for something to do. While packets are watched it looks for them fifty times a second: being woken by
    /// the worker would cost the worker more than that costs us.
    private func wait() {
        var requests = [
            listener.pollRequest, pollfd(fd: wakeUp.descriptor, events: Int16(POLLIN), revents: 0),
        ]
        requests += clients.map { $0.pollRequest }
        _ = poll(&requests, nfds_t(requests.count), timeout)
    }

    private var timeout: Int32 {
        if clients.contains(where: { $0.hasMore }) { return 0 }
        if clients.contains(where: { $0.hasTap }) { return 20 }
        let now = ContinuousClock.now
        let deadlines =
            clients.map { $0.nextDeadline } + [listener.nextDeadline].compactMap { $0 }
            + (holdsRings ? [now + Self.reclaimInterval] : [])
        return deadlines.min().map { pollTimeout(from: now, until: $0) } ?? -1
    }
}
