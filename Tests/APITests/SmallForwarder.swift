import Glibc
import Link
import Synchronization
import Tables

/// A forwarder that only answers: it applies every transaction, or refuses it, and says how its ports are.
final class SmallForwarder: Sendable {
    private struct Contents {
        var journal: UInt64 = 0
        var objects: [TableKey: TableObject] = [:]
        var client: LinkClient?
    }

    private let contents = Mutex(Contents())
    /// Why it refuses everything; nil: it doesn't.
    private let refusal: String?
    /// What is wrong with each of its ports; nil: they are up.
    private let fault: String?

    /// Connects to a control plane.
    init(socket: String, refusal: String? = nil, fault: String? = nil) {
        self.refusal = refusal
        self.fault = fault
        let client = LinkClient(path: socket) {
            Hello(
                software: "small", name: "main", processID: UInt32(getpid()), counterFile: 1, tables: .empty)
        } handler: { [weak self] event in
            switch event {
            case .connected(let welcome): self?.contents.withLock { $0.journal = welcome.journal }
            case .transaction(let received): self?.receive(received)
            case .disconnected, .unreachable: break
            }
        }
        contents.withLock { $0.client = client }
    }

    func disconnect() { contents.withLock { $0.client }?.stop() }

    private func receive(_ received: ReceivedTransaction) {
        let transaction = received.transaction
        // It is set by the time that anything can come by it, or a moment later.
        while contents.withLock({ $0.client }) == nil { sched_yield() }
        guard let client = contents.withLock({ $0.client }) else { return }
        if let refusal {
            return client.answer(
                RejectedTransaction(number: transaction.number, reason: refusal), to: received)
        }
        let (hash, ports) = contents.withLock { contents in
            if transaction.isReset { contents.objects = [:] }
            for change in transaction.changes {
                switch change {
                case .set(let object): contents.objects[object.key] = object
                case .remove(let key): contents.objects[key] = nil
                }
            }
            let ports = contents.objects.keys.compactMap { key in
                if case .port(let slot) = key { slot } else { nil }
            }
            return (contents.objects.values.reduce(0) { $0 &+ $1.hash }, ports)
        }
        client.answer(
            AppliedTransaction(
                number: transaction.number, setCount: UInt32(transaction.changes.count), removedCount: 0,
                untouchedCount: 0, tableHash: hash, microseconds: 7), to: received)
        client.send(
            ports.map {
                Link.PortStatus(slot: $0, state: fault == nil ? .up : .absent, detail: fault ?? "", mtu: 1500)
            })
    }
}
