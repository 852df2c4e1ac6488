public import Exchange
public import Journal
public import Logging
public import ServiceLifecycle

/// The control plane of one instance.
public final class ControlPlane: ServiceLifecycle.Service, Sendable {
    /// What it was started with.
    public let configuration: Configuration

    public init(_ configuration: Configuration, logger: Logger) throws(ControlPlaneError) {
        self.configuration = configuration
    }

    public func run() async throws {}

    public func submit(_ changes: [Change]) async throws(SubmitError) -> Receipt {
        throw .unavailable("not yet")
    }

    public func apply(
        _ description: ExchangeDescription, dryRun: Bool = false
    ) async throws(SubmitError) -> (receipt: Receipt, changes: [Change]) {
        throw .unavailable("not yet")
    }

    public func read<Value: Sendable>(_ body: @escaping @Sendable (State) -> Value) async -> Value {
        body(State())
    }

    public func waitUntilApplied(_ sequence: UInt64, timeout: Duration) async -> ApplyOutcome {
        ApplyOutcome(.noForwarder)
    }

    public func status(withDigest: Bool = false) async -> Status {
        fatalError()
    }

    public func counters() async -> CounterSnapshot {
        CounterSnapshot()
    }

    /// The traffic of one open session as in `counters()`, without the cost of all others; nil: there is none.
    public func traffic(ofSession name: String) async -> Traffic? {
        nil
    }

    public func usage(_ filter: UsageFilter = UsageFilter()) async throws(SubmitError) -> [UsageRow] {
        []
    }
}
