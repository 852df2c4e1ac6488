import Glibc
import Link
import Ports

/// The thread that hears what the kernel says of interfaces and neighbours, so that neither workers nor the thread that
/// edits the tables have to ask for it.
final class KernelThread: Sendable {
    private let watch: KernelWatch
    private let thread: NativeThread

    /// Notifications come in bursts; those of this time are passed on together.
    private static let pauseMicroseconds: UInt32 = 10_000

    /// Starts the thread.
    /// - Parameter stop: ends it, when `join` is called.
    /// - Parameter notify: is told that there is news, and whether it is of interfaces or addresses.
    init(_ watch: KernelWatch, stop: StopFlag, notify: @escaping @Sendable (Bool) -> Void) {
        self.watch = watch
        thread = NativeThread("kernel") {
            var serial = watch.serial
            while !stop.isRaised {
                watch.wait(milliseconds: 1000)
                if watch.readEvents() {
                    notify(watch.serial != serial)
                    serial = watch.serial
                    if !stop.isRaised { usleep(Self.pauseMicroseconds) }
                }
            }
        }
    }

    /// Waits for the thread's end, after `stop` has been raised.
    func join() {
        watch.wake()
        thread.join()
    }
}
