public import ControlPlane
import Glibc
import Hummingbird
public import Logging
public import ServiceLifecycle

/// Serves the control plane's programming interface over HTTP, on a Unix socket that its owner and group may use.
public struct APIServer: Service {
    private let controlPlane: ControlPlane
    private let socketPath: String
    private let logger: Logger
    /// Called when requests can come.
    private let onListening: @Sendable () -> Void

    /// A server on `socketPath`, to be run by who holds the instance's lock: a socket that is there is taken for one
    /// left by a daemon that died.
    public init(_ controlPlane: ControlPlane, socketPath: String, logger: Logger) {
        self.init(controlPlane, socketPath: socketPath, logger: logger, onListening: {})
    }

    init(
        _ controlPlane: ControlPlane, socketPath: String, logger: Logger,
        onListening: @escaping @Sendable () -> Void
    ) {
        self.onListening = onListening
        self.controlPlane = controlPlane
        self.socketPath = socketPath
        self.logger = logger
    }

    /// Serves until asked to stop; requests that have begun are answered then.
    public func run() async throws {
        var quiet = logger
        quiet.logLevel = max(.notice, logger.logLevel)
        let application = Application(
            responder: Responder(endpoints: Endpoints.all(controlPlane), logger: logger),
            configuration: ApplicationConfiguration(
                address: .unixDomainSocket(path: socketPath), serverName: "wayleaved"),
            onServerRunning: { [socketPath, logger, onListening] _ in
                // The folder is closed to others, so that nobody gets in before this.
                if chmod(socketPath, 0o660) != 0 {
                    logger.error(
                        "the socket can't be closed to others",
                        metadata: ["path": "\(socketPath)", "error": "\(String(cString: strerror(errno)))"])
                }
                logger.info("listening", metadata: ["path": "\(socketPath)"])
                onListening()
            },
            logger: quiet)
        try await application.run()
    }
}
