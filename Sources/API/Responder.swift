import ExchangeFile
import Hummingbird
import Logging

/// Leads each request to its endpoint, and its answer back.
struct Responder: HTTPResponder {
    typealias Context = BasicRequestContext

    /// The version of the interface: the first part of every path.
    static let version = "v1"

    let endpoints: [Endpoint]
    let logger: Logger

    func respond(to request: Request, context: Context) async throws -> Response {
        do {
            return Self.response(try await reply(to: request))
        } catch let problem as Problem {
            return Self.response(problem)
        } catch is CancellationError {
            return Self.response(
                Problem(.unavailable, "the control plane is stopping; ask again when it runs"))
        } catch {
            logger.error(
                "a request failed", metadata: ["path": "\(request.uri.path)", "error": "\(error)"])
            return Self.response(Problem(.failed, "\(error)"))
        }
    }

    private func reply(to request: Request) async throws -> Reply {
        // A name may hold an encoded slash, so the path is taken apart before it is decoded.
        let parts = request.uri.path.split(separator: "/", omittingEmptySubsequences: false)
            .map { PercentEncoding.decode($0) }
        guard parts.first == "", parts.count > 2, parts[1] == Self.version, !parts.contains(nil) else {
            throw Self.noSuchPath(request)
        }
        let matches = endpoints.compactMap { endpoint in
            endpoint.match(parts.dropFirst(2).compactMap { $0 }).map { (endpoint: endpoint, path: $0) }
        }
        guard !matches.isEmpty else { throw Self.noSuchPath(request) }
        guard let match = matches.first(where: { $0.endpoint.method == request.method }) else {
            let allowed = matches.map(\.endpoint.method)
            var problem = Problem(
                .methodNotAllowed,
                "\(request.uri.path) takes \(allowed.map(\.rawValue).joined(separator: ", ")) only")
            problem.allowedMethods = allowed
            throw problem
        }
        return try await match.endpoint.handle(
            Call(request, endpoint: match.endpoint, path: match.path))
    }

    private static func noSuchPath(_ request: Request) -> Problem {
        Problem(
            .notFound, "there is nothing at \(request.uri.path); /\(version)/openapi.json lists what there is"
        )
    }

    private static func response(_ reply: Reply) -> Response {
        var response = Response(status: HTTPResponse.Status(code: reply.status), body: reply.body)
        if let type = reply.contentType { response.headers[.contentType] = type.rawValue }
        if let revision = reply.revision { response.headers[.eTag] = "\"\(revision)\"" }
        return response
    }

    static func response(_ problem: Problem) -> Response {
        var reply = Reply.json(problem.document, status: problem.kind.status)
        reply.contentType = .problem
        var response = response(reply)
        if !problem.allowedMethods.isEmpty {
            response.headers[.allow] = problem.allowedMethods.map(\.rawValue).joined(separator: ", ")
        }
        if problem.kind == .unavailable { response.headers[.retryAfter] = "5" }
        return response
    }
}
