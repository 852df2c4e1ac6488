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
        guard canSend else { return false }
        let frames = ExpectedTransaction(transaction, tableHash: tableHash).frames
        return outbox.append(frames, unlessQueued: queueByteLimit)
    }

    /// Ends the connection; `disconnected` follows with this reason. The forwarder forwards on, and connects again.
    public func close(_ reason: String) { outbox.close(reason) }
}
