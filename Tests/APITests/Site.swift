import APIClient
import ControlPlane
import ExchangeFile
import Glibc
import Logging
import ServiceLifecycle
import Testbed

@testable import API

/// A control plane with its interface, on folders of its own.
struct Site {
    let controlPlane: ControlPlane
    let client: APIClient
    /// What the command line is told to find it by.
    let options: [String]

    /// Runs `body` beside a control plane, which is stopped afterwards.
    static func run<Result>(_ body: (Site) async throws -> Result) async throws -> Result {
        let folder = ScratchFolder()
        defer { removeFolder(folder.path) }
        var configuration = ControlPlane.Configuration(instance: "test")
        configuration.runDirectory = folder.path + "/run"
        configuration.stateDirectory = folder.path + "/state"
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let controlPlane = try ControlPlane(configuration, logger: logger)
        let (listening, isListening) = AsyncStream.makeStream(of: Void.self)
        let server = APIServer(controlPlane, socketPath: configuration.apiSocketPath, logger: logger) {
            isListening.yield()
        }
        let services = ServiceGroup(
            configuration: ServiceGroupConfiguration(services: [controlPlane, server], logger: logger))
        let running = Task {
            defer { isListening.finish() }
            try await services.run()
        }
        for await _ in listening { break }
        let site = Site(
            controlPlane: controlPlane, client: APIClient(socketPath: configuration.apiSocketPath),
            options: ["--instance", "test", "--run-directory", configuration.runDirectory])
        do {
            let result = try await body(site)
            await services.triggerGracefulShutdown()
            try await running.value
            return result
        } catch {
            await services.triggerGracefulShutdown()
            try? await running.value
            throw error
        }
    }

    /// Asks, with a body in a type if one is given.
    func ask(
        _ method: String, _ path: String, _ body: String = "", type: String = "application/json",
        headers: [(name: String, value: String)] = []
    ) async throws -> APIResponse {
        let typed = body.isEmpty ? headers : headers + [("Content-Type", type)]
        return try await client.send(
            APIRequest(method, "/v1" + path, headers: typed, body: Array(body.utf8)))
    }

    /// Makes the edge what `Edges.subscriberEdge` says.
    func applySubscriberEdge() async throws {
        _ = try await controlPlane.apply(Edges.describe(Edges.subscriberEdge))
    }
}

extension APIResponse {
    var text: String { String(decoding: body, as: UTF8.self) }
    var document: DocumentValue { (try? DocumentValue(json: text)) ?? .null }
}

/// Removes a folder and everything in it.
private func removeFolder(_ path: String) {
    for name in folderEntries(path) {
        let entry = "\(path)/\(name)"
        if unlink(entry) != 0 { removeFolder(entry) }
    }
    rmdir(path)
}
