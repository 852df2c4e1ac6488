import Glibc

/// What the server's thread does: polls the listener and every connection, and turns what comes into events.
struct LinkServerLoop {
    /// Who is connected, or about to be.
    private final class Client {
        let peer: Peer
        /// Nil before the hello.
        var connection: LinkConnection?
        var isOver = false

        init(_ peer: Peer) { self.peer = peer }
    }

    /// Connections at once. More have come only when something is wrong.
    private static let clientLimit = 64

    private var listener: Listener
    private let wakeUp: WakeUp
    private let settings: LinkServer.Settings
    /// The oldest first.
    private var clients: [Client] = []

    init(listener: Descriptor, wakeUp: WakeUp, settings: LinkServer.Settings) {
        self.listener = Listener(listener)
        self.wakeUp = wakeUp
        self.settings = settings
    }

    mutating func run(until stop: StopFlag) {
        while !stop.isRaised {
            wait()
            wakeUp.clear()
            let now = ContinuousClock.now
            // The oldest first: a forwarder that came again is met after its old connection has been seen to be dead.
            for client in clients { serve(client, at: now) }
            clients.removeAll { $0.isOver }
            acceptAll(at: now)
        }
        for client in clients { end(client, "the control plane stops") }
    }

    private func wait() {
        let now = ContinuousClock.now
        var requests = clients.map { $0.peer.pollRequest(reads: true) }
        requests.append(pollfd(fd: wakeUp.descriptor, events: Int16(POLLIN), revents: 0))
        if clients.count < Self.clientLimit {
            requests.append(listener.pollRequest)
        }
        let deadlines = clients.map { $0.peer.nextDeadline } + [listener.nextDeadline].compactMap { $0 }
        let deadline = deadlines.min() ?? now + .seconds(60)
        _ = poll(&requests, nfds_t(requests.count), pollTimeout(from: now, until: deadline))
    }

    private mutating func acceptAll(at now: ContinuousClock.Instant) {
        while clients.count < Self.clientLimit, let socket = listener.accept(at: now) {
            let outbox = Outbox(wakeUp: wakeUp)
            clients.append(Client(Peer(socket, outbox: outbox, tuning: settings.tuning, at: now)))
        }
    }

    /// Reads, answers and writes.
    private func serve(_ client: Client, at now: ContinuousClock.Instant) {
        let peer = client.peer
        do throws(LinkError) {
            // What came before the end counts, so the end is thrown only behind it.
            var ending: LinkError?
            do throws(LinkError) { try peer.receive(at: now) } catch { ending = error }
            while let frame = try peer.next() { try handle(frame, client) }
            if let ending { throw ending }
            try peer.keepAlive(isListening: true, at: now)
            try peer.send()
            if let reason = peer.outbox.closing { throw LinkError(reason) }
        } catch {
            end(client, error.description)
        }
    }

    private func end(_ client: Client, _ reason: String) {
        client.isOver = true
        client.peer.outbox.close(reason)
        if let connection = client.connection {
            settings.handler(.disconnected(connection, reason: reason))
        } else {
            settings.handler(.refused(reason: reason))
        }
    }

    private func handle(_ frame: LinkFrame, _ client: Client) throws(LinkError) {
        guard let connection = client.connection else { return try greet(frame, client) }
        switch try Message(frame) {
        case .applied(let applied): settings.handler(.applied(connection, applied))
        case .rejected(let rejected): settings.handler(.rejected(connection, rejected))
        case .ports(let ports): settings.handler(.ports(connection, ports))
        case .ping: client.peer.outbox.append([Message.pong.frame.bytes])
        case .pong: break
        default: throw LinkError("a forwarder doesn't send a \(frame.kind) frame")
        }
    }

    /// Takes in who it is, or refuses.
    private func greet(_ frame: LinkFrame, _ client: Client) throws(LinkError) {
        guard frame.kind == .hello else { throw LinkError("a \(frame.kind) frame where a hello is due") }
        let versions = try Hello.versions(in: frame)
        guard let version = LinkProtocol.common(LinkProtocol.versions, versions) else {
            return try refuse(LinkServer.refusal(of: versions), client)
        }
        guard case .hello(let hello) = try Message(frame) else { preconditionFailure("a hello is one") }
        let others = clients.filter { !$0.isOver }.compactMap(\.connection)
        if let other = others.first(where: { $0.name == hello.name }) {
            return try refuse(
                "a forwarder named '\(hello.name)' is connected already, process \(other.hello.processID); "
                    + "give this one another --name", client)
        }
        let welcome = Welcome(version: version, journal: settings.journal)
        client.peer.outbox.append([Message.welcome(welcome).frame.bytes])
        let connection = LinkConnection(
            hello: hello, outbox: client.peer.outbox, queueByteLimit: settings.tuning.queueByteLimit)
        client.connection = connection
        settings.handler(.connected(connection))
    }

    /// Says why not. One frame finds room in a socket that nothing has been written to.
    private func refuse(_ reason: String, _ client: Client) throws(LinkError) {
        client.peer.outbox.append([Message.refusal(reason).frame.bytes])
        try client.peer.send()
        throw LinkError(reason)
    }
}

extension LinkServer {
    /// What a forwarder is told that speaks none of our versions.
    static func refusal(of versions: ClosedRange<UInt16>) -> String {
        func words(_ range: ClosedRange<UInt16>) -> String {
            range.count == 1
                ? "version \(range.lowerBound)" : "versions \(range.lowerBound) to \(range.upperBound)"
        }
        return "the forwarder speaks \(words(versions)) of the link protocol, the control plane "
            + "\(words(LinkProtocol.versions)); install programs of the same release"
    }
}
