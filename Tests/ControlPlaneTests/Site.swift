import Exchange
import Glibc
import Logging
import Synchronization
import Testbed

@testable import ControlPlane

/// The directories of one instance, gone when the test is, and how control planes are started in them.
final class Site: Sendable {
    let path: String
    let configuration: ControlPlane.Configuration

    /// - Parameter stateDirectory: where the journal is, if not beside the rest.
    init(stateDirectory: String? = nil, _ change: (inout ControlPlane.Configuration) -> Void = { _ in }) {
        var template = Array("/tmp/wayleave-site-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { fatalError("no scratch folder: errno \(errno)") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        var configuration = ControlPlane.Configuration(instance: "test")
        configuration.runDirectory = "\(path)/run"
        configuration.stateDirectory = stateDirectory ?? "\(path)/state"
        // Usage is collected when a test says so.
        configuration.collectInterval = .seconds(3_600)
        change(&configuration)
        self.configuration = configuration
    }

    deinit { Self.remove(path) }

    /// Starts a control plane that keeps quiet.
    func open() throws -> ControlPlane {
        try ControlPlane(configuration, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    /// Starts the next control plane, as soon as the one before has let go of its lock.
    func reopen() async throws -> ControlPlane {
        var plane: ControlPlane?
        let isFree = try await eventually {
            do {
                plane = try open()
                return true
            } catch let error as ControlPlaneError where error.kind == .instanceTaken {
                return false
            }
        }
        guard isFree, let plane else { fatalError("the lock is held for ever") }
        return plane
    }

    /// The journal as it is on the disk at this moment, as the site of another instance: what a crash would leave.
    func copy() -> Site {
        let other = Site { $0.collectInterval = self.configuration.collectInterval }
        let target = "\(other.configuration.stateDirectory)/test"
        mkdir(other.configuration.stateDirectory, 0o755)
        mkdir(target, 0o755)
        other.takeJournal(of: self)
        return other
    }

    /// Loses its journal, of which no control plane may run now.
    func loseJournal() {
        for suffix in ["", "-wal", "-shm"] { unlink(configuration.journalPath + suffix) }
    }

    /// Goes on with another site's journal instead of its own.
    func takeJournal(of other: Site) {
        loseJournal()
        for suffix in ["", "-wal"] {
            guard let bytes = fileContents(other.configuration.journalPath + suffix) else { continue }
            write(bytes, to: configuration.journalPath + suffix)
        }
    }

    private func write(_ bytes: [UInt8], to path: String) {
        guard let stream = fopen(path, "w") else { fatalError("\(path): errno \(errno)") }
        fwrite(bytes, 1, bytes.count, stream)
        fclose(stream)
    }

    private static func remove(_ path: String) {
        for name in folderEntries(path) where unlink("\(path)/\(name)") != 0 { remove("\(path)/\(name)") }
        rmdir(path)
    }
}

/// Waits until something is so, for at most ten seconds.
func eventually(_ condition: () async throws -> Bool) async rethrows -> Bool {
    let deadline = ContinuousClock.now + .seconds(10)
    while try await !condition() {
        guard .now < deadline else { return false }
        try? await Task.sleep(for: .milliseconds(5))
    }
    return true
}

extension ControlPlane {
    /// Waits until all forwarders that have connected forward by a command, and for the first of them: on a host that has
    /// other things to do it may come later than whoever asks once is ready to wait.
    func isApplied(_ sequence: UInt64) async -> Bool {
        var outcome = ApplyOutcome(.noForwarder)
        _ = await eventually {
            outcome = await waitUntilApplied(sequence, timeout: .seconds(10))
            return outcome.result != .noForwarder
        }
        return outcome.result == .applied
    }
}

/// A control plane that runs, until it is stopped or abandoned.
final class RunningPlane: Sendable {
    private let contents: Mutex<ControlPlane?>
    private let task: Task<Void, any Error>

    init(_ site: Site) async throws {
        let plane = try await site.reopen()
        contents = Mutex(plane)
        task = Task { try await plane.run() }
    }

    /// It, before its end.
    var plane: ControlPlane {
        guard let plane = contents.withLock({ $0 }) else { preconditionFailure("it has been ended") }
        return plane
    }

    /// Ends it as SIGTERM does.
    func stop() async throws {
        contents.withLock { $0 = nil }
        task.cancel()
        try await task.value
    }

    /// Ends it as a crash does.
    func crash() async {
        contents.withLock { contents in
            contents?.abandon()
            contents = nil
        }
        task.cancel()
        _ = await task.result
    }
}

extension ControlPlane {
    /// Makes changes.
    /// - Returns: why they were refused; nil if they weren't.
    func refusal(of changes: [Change]) async -> [Rejection]? {
        do {
            try await submit(changes)
            return nil
        } catch {
            if case .rejected(let rejections) = error { return rejections }
            fatalError("\(error)")
        }
    }

    /// The hash of everything it knows.
    func digest() async -> String? { await status(withDigest: true).digest }

    /// Puts in everything that a good exchange file describes.
    @discardableResult func apply(_ text: String) async throws -> Receipt {
        try await apply(Edges.describe(text)).receipt
    }
}

extension String {
    /// The text with one passage, which must be there, put in place of another.
    func replacing(_ old: String, with new: String) -> String {
        guard let range = firstRange(of: old) else { preconditionFailure("no '\(old)' in the text") }
        return replacingSubrange(range, with: new)
    }

    private func replacingSubrange(_ range: Range<Index>, with new: String) -> String {
        String(self[..<range.lowerBound]) + new + String(self[range.upperBound...])
    }
}
