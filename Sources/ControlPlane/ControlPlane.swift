import Crypto
public import Exchange
public import Journal
import Link
public import Logging
public import ServiceLifecycle
import Synchronization

/// The control plane of one instance: everything that has been decided, its journal, and its forwarders.
///
/// Commands are judged, applied and journaled one after the other by one engine; many that come at once share a commit.
/// Its lock keeps out other daemons of the same instance for as long as this object lives.
public final class ControlPlane: ServiceLifecycle.Service, Sendable {
    /// The version of this software, for people.
    public static let version = "0.3.0"
    /// Commands and questions that may wait at once.
    private static let queueLimit = 65_536

    /// What it was started with.
    public let configuration: Configuration
    private let directory: InstanceDirectory
    private let lock: InstanceLock
    private let journal: Journal
    private let logger: Logger
    private let mailbox = Mailbox<EngineMessage>()
    private let engine: EngineThread
    private let failures: AsyncStream<ControlPlaneError>

    /// Claims the instance, opens its journal and recovers the state: the newest snapshot, then every command behind it.
    /// Commands are taken from then on; forwarders once it runs.
    /// - Throws: a sentence, if another daemon has the instance, a directory can't be used, or the journal is damaged or
    ///   of a newer version.
    public init(_ configuration: Configuration, logger: Logger) throws(ControlPlaneError) {
        self.configuration = configuration
        self.logger = logger
        (directory, lock) = try Self.claim(configuration)
        let recovered: Recovery
        do {
            journal = try Journal(path: configuration.journalPath)
            recovered = try Recovery(from: journal, logger)
        } catch let error as ControlPlaneError {
            throw error
        } catch {
            throw ControlPlaneError(.of(error), "\(error)")
        }
        let (failures, reportFailure) = AsyncStream.makeStream(of: ControlPlaneError.self)
        self.failures = failures
        let engine = Engine(
            configuration, directory: directory, journal: journal, recovered: recovered, logger: logger
        ) { reportFailure.yield($0) }
        self.engine = EngineThread(engine, mailbox)
        logger.notice(
            "control plane ready",
            metadata: [
                "instance": "\(configuration.instance)", "command": "\(recovered.state.sequence)",
                "snapshot": "\(recovered.snapshotSequence)",
            ])
    }

    /// Ends at once, if `run` hasn't ended it gracefully before: nothing is lost, since what was answered is journaled.
    deinit { abandon() }

    /// Ends the engine in the middle of things, as a crash would.
    func abandon() { engine.stop(isGraceful: false) }

    /// Talks to forwarders until it is cancelled or told to shut down gracefully; then answers what waits, collects usage
    /// once more and writes a snapshot. The forwarders forward on.
    /// - Throws: a sentence, if the link's socket can't be listened on, or the journal can't be read any more.
    public func run() async throws {
        let mailbox = mailbox
        let server: LinkServer
        do throws(LinkError) {
            server = try LinkServer(path: directory.linkSocket, holding: lock, journal: journal.id) { event in
                _ = mailbox.post(.link(event))
            }
        } catch { throw ControlPlaneError(.unreachable, "\(error)") }
        let failures = failures
        let failure = await withTaskGroup(of: ControlPlaneError?.self) { group in
            group.addTask {
                try? await gracefulShutdown()
                return nil
            }
            group.addTask { await failures.first { _ in true } }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
        engine.stop(isGraceful: true)
        server.stop()
        if let failure { throw failure }
    }

    /// Makes changes, all or none. When it returns they are durable; the forwarders follow.
    /// - Throws: `.rejected` if they can't be made, `.unavailable` if they can't be kept. Nothing is changed then.
    @discardableResult public func submit(_ changes: [Change]) async throws(SubmitError) -> Receipt {
        let mailbox = mailbox
        let result: Result<Receipt, SubmitError> = await withCheckedContinuation { continuation in
            if let error = self.refusal() { return continuation.resume(returning: .failure(error)) }
            if !mailbox.post(.submit(changes) { continuation.resume(returning: $0) }) {
                continuation.resume(returning: .failure(Self.stopped))
            }
        }
        return try result.get()
    }

    /// Makes the state equal to a description: the changes are found and made in one step, with nothing in between.
    /// - Parameter dryRun: whether nothing is to be made, and only judged.
    /// - Returns: the changes, none of them if there is no difference.
    /// - Throws: like `submit`. Faults of the description itself have their place in its file.
    public func apply(
        _ description: ExchangeDescription, dryRun: Bool = false
    ) async throws(SubmitError) -> (receipt: Receipt, changes: [Change]) {
        let rejections = description.validate()
        guard rejections.isEmpty else { throw .rejected(rejections) }
        let mailbox = mailbox
        let result: Result<AppliedDescription, SubmitError> = await withCheckedContinuation { continuation in
            if let error = self.refusal() { return continuation.resume(returning: .failure(error)) }
            let message = EngineMessage.apply(description, dryRun: dryRun) {
                continuation.resume(returning: $0)
            }
            if !mailbox.post(message) { continuation.resume(returning: .failure(Self.stopped)) }
        }
        let applied = try result.get()
        return (applied.receipt, applied.changes)
    }

    /// Looks at the state as it is journaled.
    ///
    /// `body` runs on the engine's thread, so it should be short. For something long take a copy, `read { $0 }`, which
    /// costs nothing by itself, and work on that; the engine copies what it changes meanwhile.
    public func read<Value: Sendable>(_ body: @escaping @Sendable (State) -> Value) async -> Value {
        await perform { body($0.state) }
    }

    /// Waits until every connected forwarder forwards by a command.
    /// - Parameter sequence: from a `Receipt`.
    /// - Returns: at once if that is so already; `noForwarder` after two seconds, in which one might have come back.
    public func waitUntilApplied(_ sequence: UInt64, timeout: Duration) async -> ApplyOutcome {
        let mailbox = mailbox
        return await withCheckedContinuation { continuation in
            let message = EngineMessage.perform { engine in
                engine.wait(for: sequence, timeout: timeout) { continuation.resume(returning: $0) }
            }
            if !mailbox.post(message) { continuation.resume(returning: ApplyOutcome(.noForwarder)) }
        }
    }

    /// How everything is.
    /// - Parameter withDigest: whether the state is encoded and hashed for it, which takes a second for a million objects.
    public func status(withDigest: Bool = false) async -> Status {
        guard withDigest else { return await perform { $0.status() } }
        var (status, state) = await perform { ($0.status(), $0.state) }
        status.digest = SHA256.hash(data: state.encoded).map { octet in
            (octet < 16 ? "0" : "") + String(octet, radix: 16)
        }.joined()
        return status
    }

    /// What has been counted up to now. Cost: goes through all sessions.
    public func counters() async -> CounterSnapshot {
        await perform { $0.counterSnapshot() }
    }

    /// Dropped packets by reason as in `counters()`, without the cost of all sessions.
    public func drops() async -> [CounterSnapshot.DropCount] {
        await perform { $0.dropCounts() }
    }

    /// The traffic of one open session as in `counters()`, without the cost of all others; nil: there is none.
    public func traffic(ofSession name: String) async -> CounterSnapshot.SessionTraffic? {
        await perform { $0.traffic(ofSession: name) }
    }

    /// The usage history. Holds up neither the engine nor the thread that asks.
    /// - Throws: `.unavailable`, if the journal can't be read.
    public func usage(_ filter: UsageFilter = UsageFilter()) async throws(SubmitError) -> [UsageRow] {
        do throws(JournalError) {
            return try await journal.usageHistory(filter)
        } catch { throw .unavailable("\(error)") }
    }

    /// Journals what the counter files have, and returns when that is done.
    public func collectUsage() async {
        await perform { $0.collect() }
    }

    private func perform<Value: Sendable>(_ body: @escaping @Sendable (Engine) -> Value) async -> Value {
        let (mailbox, thread) = (mailbox, engine)
        return await withCheckedContinuation { continuation in
            if !mailbox.post(.perform { continuation.resume(returning: body($0)) }) {
                continuation.resume(returning: thread.afterEnd(body))
            }
        }
    }

    private func refusal() -> SubmitError? {
        guard mailbox.count >= Self.queueLimit else { return nil }
        return .unavailable("nothing was changed: \(Self.queueLimit) requests wait already; try again later")
    }

    private static let stopped = SubmitError.unavailable("nothing was changed: the control plane is stopping")

    private static func claim(
        _ configuration: Configuration
    ) throws(ControlPlaneError) -> (InstanceDirectory, InstanceLock) {
        guard configuration.collectInterval > .zero, configuration.snapshotEvery > 0 else {
            throw ControlPlaneError(
                .configuration, "usage can be collected, and snapshots taken, at intervals above zero only")
        }
        let directory: InstanceDirectory
        do throws(InstanceError) {
            directory = try InstanceDirectory(configuration.instance, base: configuration.runDirectory)
        } catch { throw ControlPlaneError(.configuration, "\(error)") }
        do throws(InstanceError) { try directory.create() } catch {
            throw ControlPlaneError(.unreachable, "\(error)")
        }
        do throws(InstanceError) {
            let what = "control plane of instance '\(configuration.instance)'"
            return (directory, try InstanceLock(directory.controlPlaneLock, for: what))
        } catch {
            let isTaken = InstanceLock.isHeld(directory.controlPlaneLock)
            throw ControlPlaneError(isTaken ? .instanceTaken : .unreachable, "\(error)")
        }
    }
}

extension ControlPlaneError.Kind {
    /// What an error of the journal is to whoever starts the control plane.
    fileprivate static func of(_ error: any Error) -> Self {
        switch (error as? JournalError)?.kind {
        case .unreachable, .full, .inputOutput: .unreachable
        case .locked: .instanceTaken
        default: .journal
        }
    }
}
