import ExchangeFile

/// The OpenAPI 3.1 document of a set of endpoints.
enum OpenAPI {
    static func document(_ endpoints: [Endpoint]) -> DocumentValue {
        var paths: [DocumentValue.Member] = []
        for endpoint in endpoints {
            let path = "/\(Responder.version)\(endpoint.path)"
            let operation = DocumentValue.Member(endpoint.method.rawValue.lowercased(), endpoint.document)
            if let index = paths.firstIndex(where: { $0.key == path }) {
                paths[index].value = .map(paths[index].value.members + [operation])
            } else {
                paths.append(.init(path, .map([operation])))
            }
        }
        return [
            "openapi": "3.1.0",
            "info": [
                "title": "Wayleave control plane", "version": .text(Responder.version),
                "description":
                    "What an edge is told to be, and what it has counted. Served on the instance's Unix socket `api.sock`.",
            ],
            "servers": [["url": "/"]], "paths": .map(paths),
            "components": ["schemas": Schemas.all],
        ]
    }

    /// What is answered with this status, and with which schema.
    static func answer(_ summary: String, _ content: [(type: ContentType, schema: DocumentValue)])
        -> DocumentValue
    {
        var answer: DocumentValue = ["description": .text(summary)]
        if !content.isEmpty { answer.set("content", Self.content(content)) }
        return answer
    }

    static func content(_ content: [(type: ContentType, schema: DocumentValue)]) -> DocumentValue {
        .map(content.map { .init($0.type.rawValue, ["schema": $0.schema]) })
    }
}

extension Endpoint {
    /// Its operation object.
    fileprivate var document: DocumentValue {
        var document: DocumentValue = ["operationId": .text(name), "summary": .text(summary)]
        if !parameters.isEmpty { document.set("parameters", .list(parameters.map(\.document))) }
        if let body {
            document.set("requestBody", ["required": true, "content": OpenAPI.content(body.types)])
        }
        var responses = answers.map { answer in
            var object = OpenAPI.answer(answer.summary, answer.content)
            if answer.hasRevision {
                object.set(
                    "headers",
                    ["ETag": ["description": "The object's revision.", "schema": ["type": "string"]]])
            }
            return DocumentValue.Member(String(answer.status), object)
        }
        for kind in [.malformed, .failed] + problems {
            responses.append(
                .init(
                    String(kind.status),
                    OpenAPI.answer("\(kind.title).", [(.problem, Schemas.reference("Problem"))])))
        }
        document.set("responses", .map(responses.sorted { $0.key < $1.key }))
        return document
    }
}
