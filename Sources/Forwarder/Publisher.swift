import Glibc
import Link
import Synchronization

/// Where the newest publication is handed to the workers, and where each says that it has taken it in.
///
/// One thread publishes; each worker has a number. On the data path there is one load of a word that changes with
/// publications only. A publication is valid until the next is, so there is never more than one that a worker has yet to
/// take in; the lock is taken once for each.
///
/// A worker that sleeps has to take part, too: the learned neighbours behind retired adjacencies are its own. So it says
/// that it is about to sleep, and is woken.
public final class Publisher: Sendable {
    private final class Seat: Sendable {
        let name: String
        /// The serial of the last publication that the worker has taken in.
        let adopted: Atomic<UInt64>
        let isAsleep = Atomic(false)
        let wakeUp = WakeUp()

        init(name: String, adopted: UInt64) {
            self.name = name
            self.adopted = Atomic(adopted)
        }
    }

    private let seats: [Seat]
    private let latest: Atomic<UInt64>
    private let publication: Mutex<Publication>

    /// - Parameter workers: their names, for people; a worker's number is its place here.
    /// - Parameter first: what all workers begin with.
    public init(workers: [String], first: Publication) {
        let serial = first.tables.serial
        seats = workers.map { Seat(name: $0, adopted: serial) }
        latest = Atomic(serial)
        publication = Mutex(first)
    }

    /// Workers that publications are handed to.
    public var workerCount: Int { seats.count }

    // MARK: The publishing thread

    /// Hands a publication to every worker, and wakes those that sleep. All must have taken in the one before.
    public func publish(_ next: Publication) {
        precondition(workersBehind.isEmpty, "published before every worker had taken in the last")
        publication.withLock { $0 = next }
        latest.store(next.tables.serial, ordering: .sequentiallyConsistent)
        for seat in seats where seat.isAsleep.load(ordering: .sequentiallyConsistent) { seat.wakeUp.signal() }
    }

    /// The workers that have yet to take in the last publication, by name.
    public var workersBehind: [String] {
        let serial = latest.load(ordering: .acquiring)
        return seats.filter { $0.adopted.load(ordering: .acquiring) != serial }.map(\.name)
    }

    /// Waits until every worker has taken in the last publication, and nothing refers to an earlier one.
    /// - Returns: those that have not, when the time is over.
    public func waitUntilPassed(timeout: Duration) -> [String] {
        let end = ContinuousClock.now + timeout
        var pause: UInt32 = 10
        while true {
            let behind = workersBehind
            if behind.isEmpty || ContinuousClock.now >= end { return behind }
            usleep(pause)
            pause = min(2 * pause, 1000)
        }
    }

    /// Wakes a worker that sleeps, or is about to: it finds what it was given before. For any thread.
    public func wakeIfAsleep(_ worker: Int) {
        if seats[worker].isAsleep.load(ordering: .sequentiallyConsistent) { seats[worker].wakeUp.signal() }
    }

    /// Wakes all workers, so that they look around.
    public func wakeAll() { for seat in seats { seat.wakeUp.signal() } }

    // MARK: The workers

    /// What the worker has to take in now, if there is anything. To be asked between vectors.
    public func next(for worker: Int, after serial: UInt64) -> Publication? {
        guard latest.load(ordering: .acquiring) != serial else { return nil }
        return publication.withLock { $0 }
    }

    /// Says that the worker has taken in a publication, and uses nothing of an earlier one.
    public func notePassed(_ serial: UInt64, worker: Int) {
        seats[worker].adopted.store(serial, ordering: .releasing)
    }

    /// Says that the worker is about to sleep until `descriptor(of:)`, among others, is readable.
    /// - Returns: false if it must not, since there is something to take in.
    public func mayFallAsleep(_ worker: Int, after serial: UInt64) -> Bool {
        // This order, and the other one in `publish`: one of the two threads sees what the other has done.
        seats[worker].isAsleep.store(true, ordering: .sequentiallyConsistent)
        if latest.load(ordering: .sequentiallyConsistent) == serial { return true }
        wakeUp(worker)
        return false
    }

    /// Says that the worker is awake again.
    public func wakeUp(_ worker: Int) {
        seats[worker].isAsleep.store(false, ordering: .relaxed)
        seats[worker].wakeUp.clear()
    }

    /// What wakes the worker.
    public func descriptor(of worker: Int) -> Int32 { seats[worker].wakeUp.descriptor }
}
