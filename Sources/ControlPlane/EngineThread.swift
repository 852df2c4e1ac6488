import Link
import Synchronization

/// The thread that an engine lives on, and its end.
final class EngineThread: Sendable {
    private let mailbox: Mailbox<EngineMessage>
    private let thread: NativeThread
    /// The thread's alone while it runs; afterwards of whoever has `hasEnded` locked.
    private nonisolated(unsafe) let engine: Engine
    private let hasEnded = Mutex(false)

    init(_ engine: sending Engine, _ mailbox: Mailbox<EngineMessage>) {
        self.mailbox = mailbox
        self.engine = engine
        nonisolated(unsafe) let engine = engine
        thread = NativeThread("engine") { engine.run(mailbox) }
    }

    /// Ends it and waits for that. Only the first call does something.
    func stop(isGraceful: Bool) {
        hasEnded.withLock { hasEnded in
            guard !hasEnded else { return }
            _ = mailbox.post(.stop(isGraceful: isGraceful))
            thread.join()
            hasEnded = true
        }
    }

    /// Asks the engine when its thread doesn't turn any more.
    func afterEnd<Value>(_ body: (Engine) -> Value) -> Value {
        hasEnded.withLock { _ in body(engine) }
    }
}
