import CLinux
import Glibc

/// A thread of the operating system's, for what waits or turns in a loop of its own.
public final class NativeThread: Sendable {
    private let thread: pthread_t

    /// Starts the thread. Somebody must call `join`.
    /// - Parameters:
    ///   - name: shown by `ps` and debuggers; up to 15 bytes.
    ///   - givesWay: whether other threads of the process go before it where processors are few, as those that forward
    ///     packets before those that change tables (nice(2), 10).
    public init(_ name: String, givesWay: Bool = false, _ body: @escaping @Sendable () -> Void) {
        let work = Unmanaged.passRetained(Work(name: name, givesWay: givesWay, body: body))
        var thread = pthread_t()
        let result = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                let work = Unmanaged<Work>.fromOpaque(argument).takeRetainedValue()
                wl_name_thread(work.name)
                // Linux takes the calling thread alone for 0. Nothing is lost where it refuses.
                if work.givesWay { _ = setpriority(.init(PRIO_PROCESS.rawValue), 0, 10) }
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
        let givesWay: Bool
        let body: @Sendable () -> Void

        init(name: String, givesWay: Bool, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.givesWay = givesWay
            self.body = body
        }
    }
}
