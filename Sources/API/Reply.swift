import ExchangeFile
import Hummingbird

/// What a request is answered.
struct Reply: Sendable {
    var status = 200
    /// The body's type; nil without one.
    var contentType: ContentType?
    var body = ResponseBody()
    /// The revision that the object has now, for the header ETag.
    var revision: UInt64?

    /// A JSON document.
    static func json(_ document: DocumentValue, status: Int = 200, revision: UInt64? = nil) -> Reply {
        text(document.json + "\n", .json, status: status, revision: revision)
    }

    /// A text.
    static func text(
        _ text: String, _ contentType: ContentType, status: Int = 200, revision: UInt64? = nil
    ) -> Reply {
        Reply(
            status: status, contentType: contentType,
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)),
            revision: revision)
    }

    /// A text that is made piece by piece as the client takes it.
    static func pieces(
        _ contentType: ContentType, _ pieces: some Sequence<String> & Sendable
    ) -> Reply {
        Reply(
            contentType: contentType,
            body: ResponseBody { writer in
                for piece in pieces { try await writer.write(ByteBuffer(string: piece)) }
                try await writer.finish(nil)
            })
    }

    /// Done, with nothing to say.
    static let empty = Reply(status: 204)
}

/// The types of bodies, both ways.
enum ContentType: String, CaseIterable, Sendable {
    case json = "application/json"
    case yaml = "application/yaml"
    case csv = "text/csv"
    case problem = "application/problem+json"

    /// What of `offered` a client wants that sends this header, in its own order; the first of them if it doesn't say,
    /// or wants something else.
    static func preferred(_ accept: String?, of offered: [ContentType]) -> ContentType {
        for part in (accept ?? "").split(separator: ",") {
            let type = name(part)
            if let match = offered.first(where: { $0.rawValue == type }) { return match }
        }
        return offered[0]
    }

    /// The type's name in a header's value, without its parameters.
    static func name(_ value: some StringProtocol) -> String {
        String(value.prefix { $0 != ";" }.filter { $0 != " " }).lowercased()
    }
}
