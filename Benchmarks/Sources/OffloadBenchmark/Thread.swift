import Glibc

/// A thread of the system's.
final class Thread {
    private var thread = pthread_t()

    init(_ body: @escaping () -> Void) {
        let start = Unmanaged.passRetained(Start(body))
        let result = pthread_create(
            &thread, nil,
            { argument in
                Unmanaged<Start>.fromOpaque(argument!).takeRetainedValue().body()
                return nil
            }, start.toOpaque())
        precondition(result == 0, "no thread")
    }

    func join() { pthread_join(thread, nil) }

    private final class Start {
        let body: () -> Void
        init(_ body: @escaping () -> Void) { self.body = body }
    }
}
