import Forwarder
@preconcurrency import Glibc
import Link

/// Options and wiring.
@main
enum WayleaveForwarder {
    /// What the control plane is told, for people.
    private static let software = "wayleave-forwarder 0.3"

    static func main() {
        switch ForwarderOptions.read(Array(CommandLine.arguments.dropFirst())) {
        case .help: fputs(ForwarderOptions.help, stdout)
        case .refuse(let reason):
            report("\(reason)\nSee 'wayleave-forwarder --help'.")
            exit(64)
        case .run(let options):
            do { try run(options) } catch {
                report("\(error)")
                exit(error is InvalidName || error is ForeignProcessor ? 64 : 1)
            }
        }
    }

    private static func run(_ options: ForwarderOptions) throws {
        for name in [options.instance, options.name] where !InstanceDirectory.isName(name) {
            throw InvalidName(name: name)
        }
        // First, so that a signal during the start is not lost.
        let signal = StopSignal()
        let allowed = Set(Processors.allowed)
        if let processor = options.processors.first(where: { !allowed.contains($0) }) {
            throw ForeignProcessor(processor: processor, allowed: allowed.sorted())
        }
        let directory = try InstanceDirectory(options.instance, base: options.runDirectory)
        try directory.create()
        let lock = try InstanceLock(
            directory.forwarderLock(options.name),
            for: "forwarder '\(options.name)' of instance '\(options.instance)'")
        let counters = try CounterFile(
            path: directory.counterFile(forwarder: options.name), region: .forwarding,
            workers: options.workerCount)
        let forwarder = RunningForwarder(
            LinkThread.Configuration(
                socketPath: directory.linkSocket, name: options.name, software: software,
                processID: UInt32(getpid()), counterFile: counters.fileID), counters: counters,
            workers: RunningForwarder.Workers(
                count: options.workerCount, processors: options.processors, idleMode: options.idleMode),
            observationSocket: directory.observationSocket(forwarder: options.name), report: report)
        report("instance \(options.instance): forwarder '\(options.name)' runs")
        signal.wait()
        // Without the usual clearing up, which could wait for the worker: the kernel does what matters.
        guard forwarder.end() else { _exit(1) }
        report("instance \(options.instance): forwarder '\(options.name)' stopped")
        withExtendedLifetime(lock) {}
    }

    /// A line to standard error.
    @Sendable private static func report(_ line: String) { fputs("wayleave-forwarder: \(line)\n", stderr) }
}

/// A name that can't be one.
private struct InvalidName: Error, CustomStringConvertible {
    let name: String
    var description: String { "name '\(name)': 1 to 32 letters, digits, '-' and '_' are possible" }
}

/// A processor that a worker can't be kept on.
private struct ForeignProcessor: Error, CustomStringConvertible {
    let processor: Int
    let allowed: [Int]

    var description: String {
        let list = allowed.map(String.init).joined(separator: ", ")
        return "--pin \(processor): no processor of this number is this process's to use; it may use \(list)"
    }
}
