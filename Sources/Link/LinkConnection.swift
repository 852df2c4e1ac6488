public import Tables

/// The control plane's end of a connection with a forwarder. Any thread may use it.
public final class LinkConnection: Sendable, Identifiable {
    /// What the forwarder said of itself.
    public let hello: Hello
    private let outbox: Outbox
    private let queueByteLimit: Int

    init(hello: Hello, outbox: Outbox, queueByteLimit: Int) {
        self.queueByteLimit = queueByteLimit
        self.hello = hello
        self.outbox = outbox
    }

    /// The forwarder's name, as in `main`.
    public var name: String { hello.name }

    /// Whether `send` takes a transaction now: the connection stands, and not more than
    /// `LinkTuning.queueByteLimit` bytes wait to be sent. A forwarder that stops reading stops this.
    public var canSend: Bool {
        outbox.closing == nil && outbox.byteCount < queueByteLimit
    }

    /// Queues a transaction to be sent. Never waits; what it takes stands in memory until the forwarder reads it.
    /// The answer is an event, `applied` or `rejected`.
    /// - Parameter tableHash: the sum of the hashes of all table objects once it is applied.
    /// - Returns: false, and nothing is queued, if `canSend` was false.
    @discardableResult public func send(_ transaction: Transaction, tableHash: UInt64) -> Bool {
        send(
            number: transaction.number, isReset: transaction.isReset,
            changeCount: transaction.changes.count, tableHash: tableHash
        ) { stream in for change in transaction.changes { stream.append(change) } }
    }

    /// Likewise a transaction of which each change is made when its turn comes: the forwarder reads the first while the
    /// next are made. One transaction at a time.
    /// - Parameter changes: appends as many as `changeCount` says.
    @discardableResult public func send(
        number: UInt64, isReset: Bool, changeCount: Int, tableHash: UInt64,
        _ changes: (inout TransactionStream) -> Void
    ) -> Bool {
        guard canSend else { return false }
        let head = TransactionHead(number: number, isReset: isReset, changeCount: UInt32(changeCount))
        // If the connection ends meanwhile, the rest goes nowhere.
        var stream = TransactionStream(head) { [outbox] in outbox.append([$0]) }
        changes(&stream)
        stream.finish(tableHash: tableHash)
        return outbox.closing == nil
    }

    /// Ends the connection; `disconnected` follows with this reason. The forwarder forwards on, and connects again.
    public func close(_ reason: String) { outbox.close(reason) }
}
