import ControlPlane
import ExchangeFile
import ServiceLifecycle

extension ControlPlane {
    /// What is said of changes that are in the journal: after waiting for the forwarders, if the client wants that, also
    /// what became of them there.
    func document(_ receipt: Receipt, wait: Duration?) async -> DocumentValue {
        var document: DocumentValue = [
            "sequence": DocumentValue(receipt.sequence), "changeCount": DocumentValue(receipt.changeCount),
        ]
        guard let wait else { return document }
        let outcome = await outcome(of: receipt, timeout: wait)
        switch outcome.result {
        case .applied: document.set("outcome", "applied")
        case .noForwarder: document.set("outcome", "noForwarder")
        case .timedOut: document.set("outcome", "timedOut")
        case .rejected(let sentence):
            document.set("outcome", "rejected")
            document.set("detail", .text(sentence))
        }
        document.set("absentPorts", .list(outcome.absentPorts.map(\.document)))
        let forwarders = await status().forwarders.filter { $0.connectedSince != nil }
        document.set(
            "transactions",
            .list(
                forwarders.compactMap { forwarder in
                    forwarder.lastTransaction.map { transaction in
                        var item: DocumentValue = ["forwarder": .text(forwarder.name)]
                        for member in transaction.document.members { item.set(member.key, member.value) }
                        return item
                    }
                }))
        return document
    }

    /// What became of a change at the forwarders. Waits in short steps, so that a daemon that is to stop isn't kept from
    /// it by a forwarder that doesn't answer.
    private func outcome(of receipt: Receipt, timeout: Duration) async -> ApplyOutcome {
        let step = Duration.seconds(3)
        let deadline = ContinuousClock.now + timeout
        while true {
            let rest = max(.zero, deadline - .now)
            let outcome = await waitUntilApplied(receipt.sequence, timeout: min(step, rest))
            if outcome.result != .timedOut || rest <= step || Task.isShuttingDownGracefully
                || Task.isCancelled
            {
                return outcome
            }
        }
    }
}
