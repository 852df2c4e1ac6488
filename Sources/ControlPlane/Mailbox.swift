import Glibc
import Link
import Synchronization

/// What waits for one thread to take it. Any thread may post.
final class Mailbox<Message: Sendable>: Sendable {
    private let contents = Mutex(Contents())
    private let wakeUp = WakeUp()

    private struct Contents {
        var messages: [Message] = []
        var isClosed = false
    }

    /// Leaves a message.
    /// - Returns: false, and the message isn't taken, once the mailbox is closed.
    func post(_ message: Message) -> Bool {
        let (isTaken, isFirst) = contents.withLock { contents in
            guard !contents.isClosed else { return (false, false) }
            contents.messages.append(message)
            return (true, contents.messages.count == 1)
        }
        if isFirst { wakeUp.signal() }
        return isTaken
    }

    /// How many messages wait.
    var count: Int { contents.withLock { $0.messages.count } }

    /// All messages, in the order in which they were posted; waits for one, at most until the time given.
    func takeAll(until deadline: ContinuousClock.Instant) -> [Message] {
        while true {
            let messages = take()
            let left = ContinuousClock.now.duration(to: deadline)
            guard messages.isEmpty, left > .zero else { return messages }
            var poller = pollfd(fd: wakeUp.descriptor, events: Int16(POLLIN), revents: 0)
            // Rounded up, so that the last wait isn't a spin.
            let milliseconds =
                left.components.seconds * 1_000 + left.components.attoseconds / 1_000_000_000_000_000 + 1
            _ = poll(&poller, 1, Int32(clamping: milliseconds))
            wakeUp.clear()
        }
    }

    /// Takes no more messages.
    /// - Returns: those that waited.
    func close() -> [Message] {
        contents.withLock { contents in
            contents.isClosed = true
            defer { contents.messages = [] }
            return contents.messages
        }
    }

    private func take() -> [Message] {
        contents.withLock { contents in
            defer { contents.messages = [] }
            return contents.messages
        }
    }
}
