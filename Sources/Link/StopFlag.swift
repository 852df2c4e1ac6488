import Glibc
import Synchronization

/// Tells a thread to come to its end.
public final class StopFlag: Sendable {
    private let flag = Atomic(false)

    public init() {}

    public var isRaised: Bool { flag.load(ordering: .acquiring) }

    /// Waits for it to be raised; false if it isn't by then.
    public func isRaised(by deadline: ContinuousClock.Instant) -> Bool {
        while !isRaised {
            guard ContinuousClock.now < deadline else { return false }
            usleep(1000)
        }
        return true
    }

    public func raise() { flag.store(true, ordering: .releasing) }
}
