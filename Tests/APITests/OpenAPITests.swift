import APIClient
import Testing

@testable import API
@testable import ExchangeFile

@Suite("The OpenAPI document") struct OpenAPITests {
    @Test("It is served, and every operation in it leads to an endpoint")
    func operationsAreServed() async throws {
        try await Site.run { site in
            let document = try await site.ask("GET", "/openapi.json").document
            #expect(document["openapi"] == "3.1.0")
            let endpoints = Endpoints.all(site.controlPlane)
            let paths = document["paths"]?.members ?? []
            #expect(paths.reduce(0) { $0 + $1.value.members.count } == endpoints.count)
            var names: Set<String> = []
            for path in paths {
                for operation in path.value.members {
                    let name = try #require(operation.value["operationId"]?.scalar)
                    #expect(names.insert(name).inserted, "\(name) stands twice")
                    let endpoint = try #require(endpoints.first { $0.name == name })
                    #expect(path.key == "/v1" + endpoint.path)
                    // A request without what is due is refused by the endpoint, not for want of one.
                    let sample = endpoint.segments.map { $0.hasPrefix("{") ? "16" : $0 }.joined(
                        separator: "/")
                    let answer = try await site.ask(operation.key.uppercased(), "/\(sample)?none=1")
                    #expect(answer.status == 400, "\(operation.key) \(path.key): \(answer.text)")
                    let problems = operation.value["responses"]?.members.map(\.key) ?? []
                    #expect(problems.contains("400"))
                }
            }
        }
    }

    @Test("What is referred to is there, and nothing else")
    func references() async throws {
        try await Site.run { site in
            let document = try await site.ask("GET", "/openapi.json").document
            let defined = Set(document["components"]?["schemas"]?.members.map(\.key) ?? [])
            #expect(
                references(document).map { String($0.split(separator: "/").last ?? "") }.allSatisfy(
                    defined.contains))
            #expect(Set(references(document).map { String($0.split(separator: "/").last ?? "") }) == defined)
        }
    }

    private func references(_ value: DocumentValue) -> [String] {
        let own = value["$ref"]?.scalar.map { [$0] } ?? []
        return own + value.members.flatMap { references($0.value) } + value.items.flatMap { references($0) }
    }

    @Test("Each kind's schema has the keys that are taken", arguments: ExchangeKind.allCases)
    func keys(kind: ExchangeKind) throws {
        let schema = try #require(Schemas.all[kind.title])
        let keys = schema["properties"]?.members.map(\.key) ?? []
        #expect(Set(keys) == Set(Schema.item(kind).keys))
    }
}
