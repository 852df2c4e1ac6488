import Synchronization
import Tables
import Wire

/// What one worker finds out and all should know. Times are those of the live clock, which all workers share.
enum WorkerNews: Sendable {
    /// A next hop or neighbour has been asked for: it counts as asked by all, so that nobody asks again at once, and each
    /// takes the answer, whoever gets it, for one.
    case asked(NeighbourResolver.Key, at: UInt64)
    /// A neighbour has said where it is.
    case heard(NeighbourResolver.Key, MACAddress, isForUs: Bool, at: UInt64)
    /// The kernel says where a neighbour is, on a port that it resolves for us; nil: it has lost it.
    case kernel(port: Int, IPAddress, MACAddress?, at: UInt64)
    /// A router has said what a tunnel's path takes.
    /// - Parameter serial: of the publication that the tunnel's number is from.
    case pathMTU(Int, of: TunnelIndex, serial: UInt64, at: UInt64)
}

/// What the workers of one forwarder share: what they tell each other, and what policers have let through. Nothing in it
/// is touched for a packet that is forwarded, but by policers.
public final class WorkerShare: Sendable {
    /// News that wait for one worker at most: what comes beyond is lost, as a frame on the link might be, and found out
    /// by asking again.
    static let capacity = 1024

    private final class Box: Sendable {
        let news = Mutex<[WorkerNews]>([])
        let isFull = Atomic(false)
    }

    private let boxes: [Box]
    private let wake: @Sendable (Int) -> Void
    let policers: PolicerStates

    /// - Parameters:
    ///   - count: of workers.
    ///   - wake: is told the number of a worker that has got news, and may sleep.
    public init(workers count: Int, wake: @escaping @Sendable (Int) -> Void = { _ in }) {
        precondition(count > 0)
        boxes = (0..<count).map { _ in Box() }
        self.wake = wake
        policers = PolicerStates(isShared: count > 1)
    }

    /// Workers.
    public var count: Int { boxes.count }

    /// Tells all workers but the one that has found it out. Cost: nothing where there is one.
    func tell(_ news: WorkerNews, from worker: Int) {
        for (number, box) in boxes.enumerated() where number != worker {
            let isTaken = box.news.withLock { waiting in
                guard waiting.count < Self.capacity else { return false }
                waiting.append(news)
                return true
            }
            guard isTaken else { continue }
            box.isFull.store(true, ordering: .sequentiallyConsistent)
            wake(number)
        }
    }

    /// Whether there is news for a worker. Cost: a load.
    public func hasNews(for worker: Int) -> Bool {
        boxes[worker].isFull.load(ordering: .sequentiallyConsistent)
    }

    /// The news since the last call, oldest first.
    func take(for worker: Int) -> [WorkerNews] {
        let box = boxes[worker]
        box.isFull.store(false, ordering: .sequentiallyConsistent)
        return box.news.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
    }
}
