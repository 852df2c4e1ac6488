import Glibc

/// A file descriptor that is closed at the end of its life.
final class Descriptor: Sendable {
    let number: Int32

    init(_ number: Int32) { self.number = number }

    deinit { close(number) }
}

/// What an `errno` means.
func meaning(ofErrno number: Int32) -> String { String(cString: strerror(number)) }
