import CLinux
import Glibc

/// A thread of the operating system's, for what waits or turns in a loop of its own.
public final class NativeThread: Sendable {
    private let thread: pthread_t

    /// Starts the thread. Somebody must call `join`.
    /// - Parameter name: shown by `ps` and debuggers; up to 15 bytes.
    public init(_ name: String, _ body: @escaping @Sendable () -> Void) {
        let work = Unmanaged.passRetained(Work(name: name, body: body))
        var thread = pthread_t()
        let result = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                let work = Unmanaged<Work>.fromOpaque(argument).takeRetainedValue()
                wl_name_thread(work.name)
                work.body()
                return nil
            }, work.toOpaque())
        precondition(result == 0, "can't start a thread: errno \(result)")
        self.thread = thread
    }

    /// Waits until its body has returned. To be called once, by another thread.
    public func join() { pthread_join(thread, nil) }

    private final class Work: Sendable {
        let name: String
        let body: @Sendable () -> Void

        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }
}
