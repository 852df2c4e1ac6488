import ExchangeFile
import Hummingbird

/// One thing that can be done over HTTP: what is asked, what is answered, and who does it. Requests are served by these,
/// and the OpenAPI document is made of them, so that they can't differ.
struct Endpoint: Sendable {
    let method: HTTPRequest.Method
    /// Behind the version, as in `/lines/{name}`.
    let path: String
    /// The operation's own name, for generated clients.
    let name: String
    let summary: String
    /// Of the path, the query and the header, in this order.
    var parameters: [Parameter] = []
    /// What is to be handed over; nil for nothing.
    var body: Body?
    /// The good answers.
    let answers: [Answer]
    /// The problems that can arise besides a malformed request.
    var problems: [Problem.Kind] = []
    /// Who does it.
    let handle: @Sendable (Call) async throws -> Reply

    /// What is to be handed over.
    struct Body: Sendable {
        /// The first one is what people are told to send.
        let types: [(type: ContentType, schema: DocumentValue)]
        /// In bytes.
        let limit: Int
    }

    /// One good answer.
    struct Answer: Sendable {
        let status: Int
        let summary: String
        var content: [(type: ContentType, schema: DocumentValue)] = []
        var hasRevision = false
    }

    /// The path's parts.
    var segments: [Substring] { path.split(separator: "/") }

    /// The values of the path's parameters; nil if it is another path.
    func match(_ parts: [String]) -> [String: String]? {
        guard parts.count == segments.count else { return nil }
        var values: [String: String] = [:]
        for (segment, part) in zip(segments, parts) {
            if segment.hasPrefix("{") {
                values[String(segment.dropFirst().dropLast())] = part
            } else if segment != part {
                return nil
            }
        }
        return values
    }
}
