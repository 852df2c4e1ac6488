/// What a worker does when there are no packets.
public enum IdleMode: String, Sendable, CaseIterable {
    /// It goes on looking for 20 µs, because being woken costs as much, and then sleeps until a port is readable: without
    /// traffic no processor time, and a packet that finds it asleep is late by a wake-up.
    case adaptive
    /// It goes on looking for ever: no packet waits for it, and a processor is its alone.
    case spin
}
