import Exchange
import Link

/// What is asked of the engine, from any thread.
enum EngineMessage: Sendable {
    /// Changes to be made.
    case submit([Change], @Sendable (Result<Receipt, SubmitError>) -> Void)
    /// The state to be made equal to a description, which is valid by itself.
    case apply(ExchangeDescription, dryRun: Bool, @Sendable (Result<AppliedDescription, SubmitError>) -> Void)
    /// Something to be done on the engine's thread when nothing is uncommitted.
    case perform(@Sendable (Engine) -> Void)
    /// Something that happened on the link.
    case link(LinkServer.Event)
    /// The end. Graceful: what waits is answered, usage collected, a snapshot written.
    case stop(isGraceful: Bool)
}

/// What became of a description.
struct AppliedDescription: Sendable {
    var receipt: Receipt
    var changes: [Change]
}
