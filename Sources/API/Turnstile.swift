import Synchronization

/// Lets work through one piece at a time, in the order in which it came.
///
/// Reading and writing a whole exchange takes seconds of one of the few threads that serve requests, and many times the
/// text's length of memory. One by one they leave room for the requests beside them.
final class Turnstile: Sendable {
    private let queue = Mutex(Queue())

    private struct Queue {
        var isTaken = false
        /// The next one first.
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    /// Does the work when its turn comes. It can't wait for anything itself, so that nobody keeps the others out.
    func pass<Value, Failure: Error>(_ work: () throws(Failure) -> Value) async throws(Failure) -> Value {
        await withCheckedContinuation { turn in
            let isFree = queue.withLock { queue in
                guard queue.isTaken else {
                    queue.isTaken = true
                    return true
                }
                queue.waiting.append(turn)
                return false
            }
            if isFree { turn.resume() }
        }
        defer { leave() }
        return try work()
    }

    /// Hands the turn on; it is free where nobody waits.
    private func leave() {
        let next = queue.withLock { queue -> CheckedContinuation<Void, Never>? in
            guard queue.waiting.isEmpty else { return queue.waiting.removeFirst() }
            queue.isTaken = false
            return nil
        }
        next?.resume()
    }
}
