import Glibc

/// What the client's thread does: connects, polls the connection, and turns what comes into events.
struct LinkClientLoop {
    /// Transactions that may wait for the handler. Beyond that nothing is read: they stand in the control plane's
    /// memory then, not in ours.
    private static let unansweredLimit = 2

    let wakeUp: WakeUp
    let answers: Answers
    let settings: LinkClient.Settings

    func run(until stop: StopFlag) {
        var wait = settings.tuning.retry.lowerBound
        var lastReason: String?
        while !stop.isRaised {
            let begin = ContinuousClock.now
            let attempt = talk(until: stop)
            if attempt.wasWelcome {
                settings.handler(.disconnected(reason: attempt.reason))
                // One that always ends at once, as by a transaction that can't be read, is no reason to hurry.
                if begin.duration(to: .now) > settings.tuning.retry.upperBound {
                    wait = settings.tuning.retry.lowerBound
                }
                lastReason = nil
            } else if attempt.reason != lastReason, !stop.isRaised {
                settings.handler(.unreachable(reason: attempt.reason))
                lastReason = attempt.reason
            }
            sleep(wait, until: stop)
            wait = min(wait * 2, settings.tuning.retry.upperBound)
        }
    }

    private func sleep(_ duration: Duration, until stop: StopFlag) {
        let end = ContinuousClock.now + duration
        while !stop.isRaised, ContinuousClock.now < end {
            var request = pollfd(fd: wakeUp.descriptor, events: Int16(POLLIN), revents: 0)
            _ = poll(&request, 1, pollTimeout(from: .now, until: end))
            wakeUp.clear()
        }
    }

    /// One connection, from the attempt to its end.
    private func talk(until stop: StopFlag) -> (wasWelcome: Bool, reason: String) {
        var wasWelcome = false
        let outbox = Outbox(wakeUp: wakeUp)
        defer { answers.end() }
        do throws(LinkError) {
            let socket = try UnixSocket.connect(to: settings.path)
            let peer = Peer(socket, outbox: outbox, tuning: settings.tuning, at: .now)
            outbox.append([Message.hello(settings.hello()).frame.bytes])
            var assembler = TransactionAssembler()
            while !stop.isRaised {
                let wants = answers.unansweredCount < Self.unansweredLimit
                let reads = wait(for: peer, reads: wants) || wants
                wakeUp.clear()
                let now = ContinuousClock.now
                var ending: LinkError?
                if reads { do throws(LinkError) { try peer.receive(at: now) } catch { ending = error } }
                while answers.unansweredCount < Self.unansweredLimit, let frame = try peer.next() {
                    try handle(Message(frame), peer, &assembler, &wasWelcome)
                }
                if let ending { throw ending }
                try peer.keepAlive(isListening: reads, at: now)
                try peer.send()
            }
            return (wasWelcome, "the forwarder stops")
        } catch {
            return (wasWelcome, error.description)
        }
    }

    /// Waits for something to do.
    /// - Returns: whether the other end is gone, which only reading finds out.
    private func wait(for peer: Peer, reads: Bool) -> Bool {
        var requests = [
            peer.pollRequest(reads: reads), pollfd(fd: wakeUp.descriptor, events: Int16(POLLIN), revents: 0),
        ]
        _ = poll(&requests, nfds_t(requests.count), pollTimeout(from: .now, until: peer.nextDeadline))
        return Int32(requests[0].revents) & (POLLHUP | POLLERR) != 0
    }

    private func handle(
        _ message: Message, _ peer: Peer, _ assembler: inout TransactionAssembler, _ wasWelcome: inout Bool
    ) throws(LinkError) {
        switch message {
        case .welcome(let welcome) where !wasWelcome:
            guard LinkProtocol.versions.contains(welcome.version) else {
                throw LinkError(
                    "the control plane chose version \(welcome.version), which is not spoken here")
            }
            wasWelcome = true
            answers.begin(peer.outbox)
            settings.handler(.connected(welcome))
        case .refusal(let reason): throw LinkError("the control plane refused us: \(reason)")
        case .ping: peer.outbox.append([Message.pong.frame.bytes])
        case .pong: break
        case .begin(let head) where wasWelcome: try assembler.begin(head)
        case .changes(let piece) where wasWelcome: try assembler.add(piece)
        case .commit(let end) where wasWelcome:
            let expected = try assembler.commit(end)
            settings.handler(
                .transaction(
                    ReceivedTransaction(
                        transaction: expected.transaction, tableHash: expected.tableHash,
                        connection: answers.noteTransaction())))
        default: throw LinkError("a control plane doesn't send a \(message.kind) frame here")
        }
    }
}
