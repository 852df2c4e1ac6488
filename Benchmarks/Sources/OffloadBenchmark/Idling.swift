import Glibc

/// When to look for packets and when to sleep: a forwarder's adaptive idling.
struct Idling {
    private static let spinNanoseconds: UInt64 = 20_000
    private var idleSince: UInt64?

    /// Sleeps until a descriptor is readable, if nothing has come for a while.
    mutating func rest(_ hasWorked: Bool, _ one: Int32?, _ other: Int32?) {
        guard !hasWorked else { return idleSince = nil }
        let now = Clock.now
        let begin = idleSince ?? now
        idleSince = begin
        guard now - begin >= Self.spinNanoseconds else { return }
        var descriptors = [one, other].compactMap { $0 }.map {
            pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
        }
        // At most 20 ms: whoever wants an end is heard.
        poll(&descriptors, nfds_t(descriptors.count), 20)
    }
}
