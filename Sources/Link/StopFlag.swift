import Synchronization

/// Tells a thread to come to its end.
public final class StopFlag: Sendable {
    private let flag = Atomic(false)

    public init() {}

    public var isRaised: Bool { flag.load(ordering: .acquiring) }

    public func raise() { flag.store(true, ordering: .releasing) }
}
