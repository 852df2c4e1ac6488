import Exchange
import ExchangeFile
import Hummingbird
import Wire

/// A request that fits its endpoint: every parameter has its form, and the body is of a type that is taken.
struct Call: Sendable {
    /// Path, query and header by name.
    private let values: [String: String]
    /// What the client wants to get.
    private let accept: String?
    /// What the body is; nil where none is due.
    let contentType: ContentType?
    /// The most bytes that it may have.
    private let bodyLimit: Int
    private let body: RequestBody

    /// Checks a request against the endpoint that its path and method have led to.
    init(_ request: Request, endpoint: Endpoint, path: [String: String]) throws(Problem) {
        var values = path
        for (name, value) in try Self.query(request) {
            guard endpoint.parameters.contains(where: { $0.name == name && $0.place == .query }) else {
                let known = endpoint.parameters.filter { $0.place == .query }.map { "`\($0.name)`" }
                let hint = known.isEmpty ? "none is taken here" : "there are \(known.joined(separator: ", "))"
                throw Problem(.malformed, "there is no query parameter `\(name)`; \(hint)")
            }
            guard values.updateValue(value, forKey: name) == nil else {
                throw Problem(.malformed, "the query parameter `\(name)` is given twice; give it once")
            }
        }
        for parameter in endpoint.parameters where parameter.place == .header {
            let name = parameter.name.lowercased()
            values[parameter.name] = request.headers.first { $0.name.canonicalName == name }?.value
        }
        for parameter in endpoint.parameters {
            if let value = values[parameter.name] {
                guard parameter.accepts(value) else {
                    throw Problem(.malformed, "`\(parameter.name)`: \(parameter.due) is due, not `\(value)`")
                }
            } else if parameter.isRequired {
                throw Problem(.malformed, "`\(parameter.name)` is missing: \(parameter.due)")
            }
        }
        self.values = values
        accept = request.headers[.accept]
        contentType = try endpoint.body.map { (taken) throws(Problem) in try Self.contentType(request, taken)
        }
        bodyLimit = endpoint.body?.limit ?? 0
        body = request.body
        if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > bodyLimit,
            bodyLimit > 0
        {
            throw tooLarge
        }
    }

    private static func query(_ request: Request) throws(Problem) -> [(name: String, value: String)] {
        var parameters: [(String, String)] = []
        for part in (request.uri.query ?? "").split(separator: "&") {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = PercentEncoding.decode(pair[0]),
                let value = PercentEncoding.decode(pair.count > 1 ? pair[1] : "")
            else { throw Problem(.malformed, "the query `\(part)` is not UTF-8 text, percent-encoded") }
            parameters.append((name, value))
        }
        return parameters
    }

    private static func contentType(_ request: Request, _ taken: Endpoint.Body) throws(Problem) -> ContentType
    {
        let given = request.headers[.contentType].map { ContentType.name($0) }
        if let type = taken.types.first(where: { $0.type.rawValue == given })?.type { return type }
        let names = taken.types.map(\.type.rawValue).joined(separator: " or ")
        throw Problem(
            .unsupportedMediaType,
            "the header Content-Type is \(given.map { "`\($0)`" } ?? "missing"); send \(names)")
    }

    // MARK: Parameters

    subscript(_ name: String) -> String? { values[name] }

    func number(_ name: String) -> Int? { values[name].flatMap { Parameter.decimal($0) } }
    func flag(_ name: String) -> Bool { values[name] == "true" }
    func time(_ name: String) -> UInt64? { values[name].flatMap { Timestamp($0)?.nanoseconds } }
    func label(_ name: String) -> Label? { number(name).flatMap { Label(rawValue: UInt32($0)) } }

    /// How long to wait until a change is applied; nil for not at all.
    var wait: Duration? { number("wait").map { .seconds($0) } }

    /// What the headers say of the object's present revision.
    var expectedRevision: UInt64? {
        values["If-None-Match"] != nil ? 0 : values["If-Match"].flatMap { Parameter.revision($0) }
    }

    /// Which of these the client wants.
    func preferred(_ offered: [ContentType]) -> ContentType { ContentType.preferred(accept, of: offered) }

    // MARK: Body

    private var tooLarge: Problem {
        let size = bodyLimit >> 20
        return Problem(.tooLarge, "the body is longer than \(size) MiB; send it in several parts")
    }

    /// The whole body, as text.
    func text() async throws -> String {
        var bytes: [UInt8] = []
        try await forEachPiece { bytes += $0 }
        do throws(Rejection) {
            return try ExchangeFile.text(of: bytes)
        } catch {
            throw Problem(.malformed(fileName: "body", error))
        }
    }

    /// Hands over the body as it comes in.
    func forEachPiece(_ take: ([UInt8]) throws -> Void) async throws {
        var count = 0
        for try await buffer in body {
            count += buffer.readableBytes
            guard count <= bodyLimit else { throw tooLarge }
            try take(Array(buffer.readableBytesView))
        }
    }

    /// How the body is written.
    var format: ExchangeFormat { contentType == .json ? .json : .yaml }
}
