import Exchange
import Link
import TableCompiler
import Tables

extension Engine {
    /// How often an unanswered transaction is complained about, and a refused one tried again.
    private static var patience: Duration { .seconds(10) }

    func handle(_ event: LinkServer.Event) {
        switch event {
        case .connected(let connection): welcome(connection)
        case .applied(let connection, let applied): take(applied, from: connection)
        case .rejected(let connection, let rejected): take(rejected, from: connection)
        case .ports(let connection, let ports): peer(connection)?.ports = ports
        case .disconnected(let connection, let reason):
            guard let peer = peer(connection) else { return }
            logger.warning("forwarder gone", metadata: ["forwarder": "\(peer.name)", "why": "\(reason)"])
            peer.connection = nil
            peer.unanswered = nil
            peer.waiting = SlotQueue()
            peer.applied = 0
            peer.ports = []
        case .refused(let reason):
            logger.warning("connection on the link refused", metadata: ["why": "\(reason)"])
        }
    }

    /// Sends what the forwarder lacks, as soon as it has answered what it was sent before: changes made in between travel
    /// together.
    func send(to peer: ForwarderPeer) {
        guard let connection = peer.connection else { return }
        if let unanswered = peer.unanswered { return complain(about: unanswered, of: peer) }
        let isRetryDue = peer.rejection.map { $0.retry <= .now || !peer.waiting.isEmpty } ?? true
        guard !peer.needsReset || isRetryDue else { return }
        guard peer.needsReset || peer.needsConfirmation || !peer.waiting.isEmpty else {
            peer.applied = state.sequence
            return
        }
        guard connection.canSend else { return }
        let (number, isReset) = (state.sequence, peer.needsReset)
        let compilation = Compilation(of: state)
        let changeCount = isReset ? compilation.objectCount : peer.waiting.slots.count
        let isSent = connection.send(
            number: number, isReset: isReset, changeCount: changeCount, tableHash: ledger.sum
        ) { stream in
            if isReset {
                compilation.forEach { stream.append($0) }
            } else {
                for slot in peer.waiting.slots { stream.append(compilation.change(slot)) }
            }
        }
        guard isSent else { return }
        peer.unanswered = ForwarderPeer.Unanswered(
            number: number, isReset: isReset, tableHash: ledger.sum,
            sentAt: WallClock.now,
            complaint: .now + configuration.answerTimeout)
        peer.waiting = SlotQueue()
        peer.needsReset = false
        peer.needsConfirmation = false
        logger.debug(
            "transaction sent",
            metadata: [
                "forwarder": "\(peer.name)", "number": "\(number)", "changes": "\(changeCount)",
                "reset": "\(isReset)",
            ])
    }

    private func peer(_ connection: LinkConnection) -> ForwarderPeer? {
        peers.first { $0.connection === connection }
    }

    private func welcome(_ connection: LinkConnection) {
        // The name becomes part of paths.
        guard InstanceDirectory.isName(connection.name) else {
            return connection.close(
                "a forwarder's name has 1 to 32 letters, digits, '-' and '_'; give it such a --name")
        }
        let peer: ForwarderPeer
        if let known = peers.first(where: { $0.name == connection.name }) {
            peer = known
            peer.hello = connection.hello
            peer.connection = connection
            peer.connectedAt = WallClock.now
        } else {
            peer = ForwarderPeer(connection, at: WallClock.now)
            peers.append(peer)
        }
        peer.unanswered = nil
        peer.rejection = nil
        peer.ports = []
        peer.waiting = SlotQueue()
        // Its number may be lower: commands without any effect on the tables aren't sent. A higher one is of a journal
        // that has lost its end.
        let tables = connection.hello.tables
        peer.needsReset =
            tables.journal != journal.id || tables.number > state.sequence || tables.hash != ledger.sum
        peer.needsConfirmation = !peer.needsReset
        peer.applied = 0
        logger.notice(
            "forwarder connected",
            metadata: [
                "forwarder": "\(peer.name)", "pid": "\(connection.hello.processID)",
                "version": "\(connection.hello.software)", "tables": "\(tables.number)",
                "refill": "\(peer.needsReset)",
            ])
    }

    private func take(_ applied: AppliedTransaction, from connection: LinkConnection) {
        guard let peer = peer(connection), let unanswered = peer.unanswered,
            unanswered.number == applied.number
        else {
            logger.error(
                "an answer to no transaction",
                metadata: ["forwarder": "\(connection.name)", "number": "\(applied.number)"])
            return
        }
        peer.unanswered = nil
        peer.lastTransaction = applied
        guard applied.tableHash == unanswered.tableHash else {
            return refused(peer, unanswered, "its tables are not what they should be after the transaction")
        }
        peer.rejection = nil
        peer.applied = applied.number
        collector.wantsSweep = collector.wantsSweep || !state.drainingSlots.isEmpty
    }

    private func take(_ rejected: RejectedTransaction, from connection: LinkConnection) {
        guard let peer = peer(connection), let unanswered = peer.unanswered,
            unanswered.number == rejected.number
        else { return }
        peer.unanswered = nil
        refused(peer, unanswered, rejected.reason)
    }

    /// Has everything sent: at once, if it refused changes alone; later, if it was everything.
    private func refused(_ peer: ForwarderPeer, _ transaction: ForwarderPeer.Unanswered, _ reason: String) {
        peer.needsReset = true
        if transaction.isReset {
            peer.rejection = ForwarderPeer.Refusal(
                number: transaction.number, reason: reason, retry: .now + Self.patience)
        }
        logger.error(
            "transaction refused",
            metadata: [
                "forwarder": "\(peer.name)", "number": "\(transaction.number)",
                "reset": "\(transaction.isReset)", "why": "\(reason)",
            ])
    }

    private func complain(about unanswered: ForwarderPeer.Unanswered, of peer: ForwarderPeer) {
        guard unanswered.complaint <= .now else { return }
        peer.unanswered?.complaint = .now + Self.patience
        let seconds = (WallClock.now - min(WallClock.now, unanswered.sentAt)) / 1_000_000_000
        logger.error(
            "the forwarder hasn't answered; is one of its workers stuck?",
            metadata: [
                "forwarder": "\(peer.name)", "number": "\(unanswered.number)", "seconds": "\(seconds)",
            ])
    }
}
