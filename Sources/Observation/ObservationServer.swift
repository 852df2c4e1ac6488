import Glibc
import Link

/// The observation socket of a forwarder, on a thread of its own: it answers whether the control plane is there or not,
/// and however slowly a client reads, packets don't wait for it.
///
/// A client sends one request and is answered until it goes, or all has been said. At most sixteen clients are served
/// at once, four of them with packets.
public final class ObservationServer: Sendable {
    static let clientLimit = 16
    static let tapLimit = 4

    private let path: String
    private let stop = StopFlag()
    private let ended = StopFlag()
    private let wakeUp = WakeUp()
    private let thread: NativeThread

    /// Listens from now on. The caller holds the forwarder's lock: what a dead one left at the path is replaced.
    /// - Throws: why that can't be, in a sentence.
    public init(path: String, observers: [WorkerObserver]) throws(ObservationError) {
        let listener: Descriptor
        do throws(LinkError) { listener = try UnixSocket.listen(at: path) } catch {
            throw ObservationError("\(error)")
        }
        self.path = path
        let (stop, ended, wakeUp) = (stop, ended, wakeUp)
        thread = NativeThread("observation") {
            ObservationLoop(listener: listener, wakeUp: wakeUp, observers: observers).run(until: stop)
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
    private let listener: Descriptor
    private let wakeUp: WakeUp
    private let observers: [WorkerObserver]
    private var clients: [ObservationPeer] = []

    init(listener: Descriptor, wakeUp: WakeUp, observers: [WorkerObserver]) {
        self.listener = listener
        self.wakeUp = wakeUp
        self.observers = observers
    }

    func run(until stop: StopFlag) {
        while !stop.isRaised {
            wait()
            while let descriptor = UnixSocket.accept(listener) {
                let peer = ObservationPeer(descriptor, observers)
                clients.append(peer)
                if clients.count > ObservationServer.clientLimit {
                    peer.refuse("\(ObservationServer.clientLimit) clients are being served; try again later")
                }
            }
            for client in clients {
                let isTapFree = clients.count { $0.hasTap } < ObservationServer.tapLimit
                client.advance(isTapFree: isTapFree)
            }
            clients.removeAll { $0.isOver }
        }
        for client in clients { client.stop() }
    }

    /// Waits for something to do. While packets are watched it looks for them fifty times a second: being woken by
    /// the worker would cost the worker more than that costs us.
    private func wait() {
        var requests = [
            pollfd(fd: listener.number, events: Int16(POLLIN), revents: 0),
            pollfd(fd: wakeUp.descriptor, events: Int16(POLLIN), revents: 0),
        ]
        requests += clients.map { $0.pollRequest }
        let isWatching = clients.contains { $0.hasTap }
        let hasMore = clients.contains { $0.hasMore }
        _ = poll(&requests, nfds_t(requests.count), hasMore ? 0 : isWatching ? 20 : -1)
    }
}
