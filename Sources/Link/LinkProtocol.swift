/// What both sides of the link agree on before the first byte.
public enum LinkProtocol {
    /// The versions of the messages that this program speaks. Each side takes part only where the ranges meet; of those
    /// the highest is used.
    public static let versions: ClosedRange<UInt16> = 3...3
    /// Bytes of a frame's payload at most.
    public static let payloadLimit = 1 << 20
    /// Changes of one transaction at most: twice everything that the tables can hold.
    public static let changeLimit = 1 << 23
    /// Bytes of the changes of one transaction at most.
    public static let transactionByteLimit = 2 << 30

    /// The version to be used with a peer that speaks `others`; nil if there is none.
    public static func common(
        _ own: ClosedRange<UInt16> = versions, _ others: ClosedRange<UInt16>
    ) -> UInt16? {
        let highest = min(own.upperBound, others.upperBound)
        return highest >= max(own.lowerBound, others.lowerBound) ? highest : nil
    }
}

/// How long the link waits, and how much. Another than the usual is for tests.
public struct LinkTuning: Hashable, Sendable {
    /// A ping is sent this often, each way.
    public var ping: Duration
    /// A connection on which nothing has come for so long is dead.
    public var silence: Duration
    /// Between attempts to connect: the first wait, and the longest; each is twice the one before.
    public var retry: ClosedRange<Duration>
    /// Bytes that wait to be sent on a connection before `LinkConnection.canSend` says no.
    public var queueByteLimit: Int

    public init(
        ping: Duration = .seconds(1), silence: Duration = .seconds(5),
        retry: ClosedRange<Duration> = .milliseconds(100) ... .seconds(1),
        queueByteLimit: Int = 64 << 20
    ) {
        self.ping = ping
        self.silence = silence
        self.retry = retry
        self.queueByteLimit = queueByteLimit
    }
}
