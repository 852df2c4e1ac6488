import APIClient
import ExchangeFile
import Testbed
import Testing

@testable import API

@Suite("The exchange over HTTP") struct ExchangeTests {
    private static let yaml = "application/yaml"

    @Test("A file is applied by the least change, and exported; applied again, it changes nothing")
    func applyAndExport() async throws {
        try await Site.run { site in
            let dry = try await site.ask(
                "PUT", "/exchange?dryRun=true", Edges.subscriberEdge, type: Self.yaml
            ).document
            #expect(dry["dryRun"] == true && dry["removed"] == [])
            #expect(try await site.ask("GET", "/exchange").text == "ports: {}\n")
            let first = try await site.ask("PUT", "/exchange", Edges.subscriberEdge, type: Self.yaml).document
            #expect(first["added"] == dry["added"])
            #expect(first["added"]?.items.contains("labels/18000") == true)
            let changed = Edges.subscriberEdge.replacing("name: Acme Media", with: "name: Acme")
                .replacing("      - { in: 18005, pop: true, via: north }\n", with: "")
                .replacing("  - { in: 18005, pop: true, via: north }\n", with: "")
            let second = try await site.ask("PUT", "/exchange?wait=0", changed, type: Self.yaml).document
            #expect(second["added"] == [] && second["changed"] == ["providers/acme"])
            #expect(second["removed"] == ["labels/18005"])
            #expect(second["outcome"] != nil)
            for (accept, type) in [("application/yaml", Self.yaml), ("application/json", "application/json")]
            {
                let exported = try await site.ask("GET", "/exchange", headers: [("Accept", accept)])
                #expect(exported.header("Content-Type") == type)
                let again = try await site.ask("PUT", "/exchange", exported.text, type: type).document
                #expect(again["changeCount"] == 0, "\(again.json)")
            }
        }
    }

    @Test("A faulty file changes nothing, and is answered with the place of each fault")
    func faults() async throws {
        try await Site.run { site in
            try await site.applySubscriberEdge()
            let bad = Edges.subscriberEdge.replacing("line: north, mpls", with: "line: nord, mpls")
            let refused = try await site.ask("PUT", "/exchange", bad, type: Self.yaml)
            #expect(refused.status == 422)
            let faults = refused.document["faults"]?.items ?? []
            #expect(faults.count == 2 && faults.allSatisfy { $0["line"] != nil && $0["column"] != nil })
            #expect(try await site.ask("PUT", "/exchange", "ports: [", type: Self.yaml).status == 400)
            #expect(try await site.ask("PUT", "/exchange", "null", type: Self.yaml).status == 400)
            #expect(try await site.ask("PUT", "/exchange", "{ports: {}}").status == 400)
            #expect(try await site.ask("GET", "/status").document["journal"]?["sequence"] == 1)
        }
    }
}
