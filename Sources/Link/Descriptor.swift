import Glibc

/// A file descriptor that is closed at the end of its life.
package final class Descriptor: Sendable {
    package let number: Int32

    package init(_ number: Int32) { self.number = number }

    deinit { close(number) }
}

/// What an `errno` means.
package func meaning(ofErrno number: Int32) -> String { String(cString: strerror(number)) }
