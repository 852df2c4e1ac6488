import Synchronization

/// Bytes that wait to be sent on a connection: any thread puts frames in, the connection's thread takes them out.
final class Outbox: Sendable {
    private struct State {
        var frames: [[UInt8]] = []
        /// Frames at the front that have been sent.
        var sentCount = 0
        var byteCount = 0
        /// Why the connection must end; nothing is taken in any more.
        var closing: String?
    }

    private let state = Mutex(State())
    private let wakeUp: WakeUp

    /// - Parameter wakeUp: signalled when there is something for the connection's thread to do.
    init(wakeUp: WakeUp) { self.wakeUp = wakeUp }

    /// Bytes not sent yet.
    var byteCount: Int { state.withLock { $0.byteCount } }
    var closing: String? { state.withLock { $0.closing } }

    /// Puts frames in, all or none.
    /// - Returns: false if the connection is closing.
    @discardableResult func append(_ frames: [[UInt8]]) -> Bool {
        let isTaken = state.withLock { state in
            guard state.closing == nil else { return false }
            state.frames += frames
            state.byteCount += frames.reduce(0) { $0 + $1.count }
            return true
        }
        if isTaken { wakeUp.signal() }
        return isTaken
    }

    /// Ends the connection. The first reason counts.
    func close(_ reason: String) {
        state.withLock { state in if state.closing == nil { state.closing = reason } }
        wakeUp.signal()
    }

    /// The frame to be sent next.
    var front: [UInt8]? {
        state.withLock { $0.sentCount < $0.frames.count ? $0.frames[$0.sentCount] : nil }
    }

    /// Drops the frame at the front: it has been sent.
    func removeFront() {
        state.withLock { state in
            state.byteCount -= state.frames[state.sentCount].count
            state.frames[state.sentCount] = []
            state.sentCount += 1
            if state.sentCount == state.frames.count {
                state.frames.removeAll(keepingCapacity: state.sentCount <= 64)
                state.sentCount = 0
            }
        }
    }
}
