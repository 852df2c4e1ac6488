import Exchange
import Journal

extension Engine {
    /// How everything is, but for the digest.
    func status() -> Status {
        Status(
            instance: configuration.instance, version: ControlPlane.version, startedAt: startedAt,
            journal: JournalStatus(
                path: journal.path, id: journal.id, sequence: state.sequence, byteCount: journal.byteCount,
                commitCount: journal.commitCount, snapshotSequence: snapshots.lastSequence,
                fault: failure.map(\.description) ?? journalFault.map(\.description)),
            digest: nil, counts: ObjectCounts(state), forwarders: peers.map(ForwarderStatus.init),
            ports: portStatuses())
    }
}

extension ForwarderStatus {
    init(_ peer: ForwarderPeer) {
        self.init(
            name: peer.name, version: peer.hello.software, pid: peer.hello.processID,
            connectedSince: peer.connection == nil ? nil : peer.connectedAt, appliedSequence: peer.applied,
            lastTransaction: peer.lastTransaction.map { applied in
                TransactionStatus(
                    number: applied.number, setCount: Int(applied.setCount),
                    removedCount: Int(applied.removedCount), untouchedCount: Int(applied.untouchedCount),
                    microseconds: applied.microseconds)
            }, unansweredSince: peer.unanswered?.sentAt, rejection: peer.rejection?.reason)
    }
}
