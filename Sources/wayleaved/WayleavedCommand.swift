import API
import ArgumentParser
import ControlPlane
@preconcurrency import Glibc
import Logging
import ServiceLifecycle

@main
struct WayleavedCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wayleaved",
        abstract: "The control plane of one edge: its register, its journal, its programming interface.",
        discussion: """
            Keeps what the edge is told to be in a journal, and the forwarder's tables the same as that. Runs until \
            SIGTERM or SIGINT. The forwarder (wayleave-forwarder run) may come and go, and forwards on while this is away.

            Example:
              wayleaved --instance main
              wayleave status --instance main

            Exit codes: 0 stopped as asked; 64 wrong options; 65 the journal can't be understood; 70 an unforeseen \
            failure; 74 a directory, file or socket can't be used; 75 another daemon has the instance.
            """)

    @Option(help: "The edge's name on this host.")
    var instance = "main"

    @Option(help: ArgumentHelp("Where sockets and counters are, on tmpfs.", valueName: "DIR"))
    var runDirectory = "/run/wayleave"

    @Option(help: ArgumentHelp("Where the journal is.", valueName: "DIR"))
    var stateDirectory = "/var/lib/wayleave"

    @Option(help: ArgumentHelp("How often usage is journaled.", valueName: "SECONDS"))
    var collectInterval = 5.0

    @Option(help: "How log lines on standard error look: text or json.")
    var logFormat = StandardErrorLog.Format.text

    func validate() throws {
        guard (0.01...3600).contains(collectInterval) else {
            throw ValidationError("--collect-interval is from 0.01 to 3600 seconds")
        }
    }

    /// How long requests that have begun may take once the daemon is to stop.
    private static let patience = Duration.seconds(10)

    func run() async throws {
        signal(SIGPIPE, SIG_IGN)
        let format = logFormat
        LoggingSystem.bootstrap { StandardErrorLog(label: $0, format: format) }
        var logger = Logger(label: "wayleaved")
        logger[metadataKey: "instance"] = "\(instance)"
        var configuration = ControlPlane.Configuration(instance: instance)
        configuration.runDirectory = runDirectory
        configuration.stateDirectory = stateDirectory
        configuration.collectInterval = .seconds(collectInterval)
        do {
            let controlPlane = try ControlPlane(configuration, logger: logger)
            let server = APIServer(controlPlane, socketPath: configuration.apiSocketPath, logger: logger)
            // Stopped in the opposite order: nobody asks any more when the control plane writes its last lines.
            var group = ServiceGroupConfiguration(
                services: [controlPlane, server], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger
            )
            group.maximumGracefulShutdownDuration = Self.patience
            let services = ServiceGroup(configuration: group)
            logger.info("started", metadata: ["pid": "\(getpid())"])
            do {
                try await services.run()
            } catch is CancellationError {
                logger.notice("a client that didn't finish its request was cut off")
            }
            logger.info("stopped")
        } catch let error as ControlPlaneError {
            throw Self.fail("\(error)", error.exitCode)
        } catch {
            throw Self.fail("\(error)", 70)
        }
    }

    private static func fail(_ sentence: String, _ code: Int32) -> ExitCode {
        fputs("wayleaved: \(sentence)\n", stderr)
        return ExitCode(code)
    }
}

extension ControlPlaneError {
    /// As sysexits.h has them.
    fileprivate var exitCode: Int32 {
        switch kind {
        case .configuration: 64
        case .journal: 65
        case .unreachable: 74
        case .instanceTaken: 75
        }
    }
}
