import APIClient
import ControlPlane
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

    // MARK: Bounds

    /// A list in an object, of which the document says how long it may be.
    struct Bound: CustomTestStringConvertible {
        let kind: ExchangeKind
        let name: String
        /// Where the list is.
        let keys: [String]
        /// The object with a list of so many items.
        let object: @Sendable (Int) -> DocumentValue

        var testDescription: String { "\(kind) \(keys.joined(separator: "."))" }
    }

    static let bounds = [
        Bound(kind: .tunnels, name: "t", keys: ["mpls", "send"]) {
            ["line": "north", "mpls": ["send": numbers($0, from: 16_100), "receive": 17_100]]
        },
        Bound(kind: .lines, name: "l", keys: ["vlan"]) {
            ["port": "core0", "nextHop": "10.0.0.2", "vlan": numbers($0, from: 1)]
        },
        Bound(kind: .subscribers, name: "s", keys: ["vlan"]) {
            ["port": "access1", "addresses": ["10.2.0.77"], "vlan": numbers($0, from: 1)]
        },
        Bound(kind: .subscribers, name: "s", keys: ["addresses"]) {
            ["addresses": .list((0..<$0).map { .text("10.2.9.\($0)") })]
        },
        Bound(kind: .services, name: "s", keys: ["prefixes"]) {
            ["provider": "acme", "prefixes": .list((0..<$0).map { .text("10.2.9.\($0)") })]
        },
        Bound(kind: .conditions, name: "bob/beta-music", keys: ["allow"]) {
            ["allow": .list((0..<$0).map { ["protocol": "udp", "ports": numbers(1, from: $0)] })]
        },
        Bound(kind: .conditions, name: "bob/beta-music", keys: ["allow", "ports"]) {
            ["allow": [["protocol": "udp", "ports": numbers($0, from: 0)]]]
        },
        Bound(kind: .conditions, name: "bob/beta-music", keys: ["allow", "types"]) {
            ["allow": [["protocol": 1, "types": numbers($0, from: 0)]]]
        },
        Bound(kind: .conditions, name: "bob/beta-music", keys: ["allow", "dscp"]) {
            ["allow": [["dscp": numbers($0, from: 0)]]]
        },
        Bound(kind: .labels, name: "19000", keys: ["swap"]) {
            ["swap": numbers($0, from: 30_000), "via": "north"]
        },
    ]

    private static func numbers(_ count: Int, from first: Int) -> DocumentValue {
        .list((first..<first + count).map { DocumentValue($0) })
    }

    @Test(
        "Lists may be as short and as long as the document says, and no shorter or longer", arguments: bounds)
    func listBounds(bound: Bound) async throws {
        let schema = try #require(Schemas.all[bound.kind.title].flatMap { list(bound.keys[...], in: $0) })
        let least = schema["minItems"]?.scalar.flatMap { Int($0) } ?? 0
        let most = schema["maxItems"]?.scalar.flatMap { Int($0) }
        try #require(least > 0 || most != nil, "the document says nothing of \(bound)")
        try await Site.run { site in
            try await site.applySubscriberEdge()
            let path = "/\(bound.kind.rawValue)/\(bound.name)"
            func isTaken(_ count: Int) async throws -> Bool {
                try await site.ask("PUT", path, bound.object(count).json).status < 300
            }
            if least > 0 {
                #expect(try await isTaken(least))
                #expect(try await !isTaken(least - 1))
            }
            if let most {
                #expect(try await isTaken(most))
                #expect(try await !isTaken(most + 1))
            }
        }
    }

    /// The schema of the list that keys lead to, through lists and choices.
    private func list(_ keys: ArraySlice<String>, in schema: DocumentValue) -> DocumentValue? {
        for choice in schema["anyOf"]?.items ?? [] {
            if let found = list(keys, in: choice) { return found }
        }
        if schema["type"] == "array" {
            return keys.isEmpty ? schema : schema["items"].flatMap { list(keys, in: $0) }
        }
        guard let key = keys.first else { return nil }
        return schema["properties"]?[key].flatMap { list(keys.dropFirst(), in: $0) }
    }

    @Test("Where an answer about usage ended reads back, and fits the pattern")
    func usageCursors() throws {
        let pattern = try Regex(UsageCursor.pattern)
        let position = UsageFilter.Position(session: 1 << 62, leg: .max, forwarder: "main", sequence: .max)
        let text = "\(UsageCursor(position))"
        #expect(text.wholeMatch(of: pattern) != nil && UsageCursor(text).map { "\($0)" } == text)
        for text in ["1.2.3.", "1.2.3.a b", "1.2.3", "1.2.4294967296.a", "-1.2.3.a"] {
            #expect(UsageCursor(text) == nil, "\(text)")
        }
    }
}
