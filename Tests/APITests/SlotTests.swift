import ExchangeFile
import Testbed
import Testing

@testable import API

@Suite("Names and slots") struct SlotTests {
    @Test("Names lead to slots and slots to names; a subscriber's sessions are found")
    func lookup() async throws {
        try await Site.run { site in
            let put = try await site.ask("PUT", "/exchange", Edges.subscriberEdge, type: "application/yaml")
            #expect(put.status == 200, "\(put.text)")
            for kind in ["ports", "subscribers", "services", "tunnels", "sessions"] {
                let items = try await site.ask("GET", "/slots?kind=\(kind)").document["items"]?.items ?? []
                #expect(!items.isEmpty, "\(kind)")
                for item in items {
                    let name = try #require(item["name"]?.scalar)
                    let one = try await site.ask("GET", "/slots?kind=\(kind)&name=\(name)").document["items"]
                    #expect(one?.items == [item])
                    let slot = try #require(item["slot"]?.scalar)
                    let same = try await site.ask("GET", "/slots?kind=\(kind)&from=\(slot)&limit=1").document[
                        "items"]
                    #expect(same?.items == [item])
                }
            }
            let sessions = try await site.ask("GET", "/slots?kind=sessions&subscriber=alice").document[
                "items"]?.items
            let names = sessions?.compactMap { $0["name"]?.scalar } ?? []
            #expect(!names.isEmpty && names.allSatisfy { $0.hasPrefix("alice-") }, "\(names)")
            #expect(
                try await site.ask("GET", "/slots?kind=sessions&name=nobody").document["items"]?.items == [])
            #expect(try await site.ask("GET", "/slots?kind=planets").status == 400)
            #expect(try await site.ask("GET", "/slots").status == 400)
        }
    }
}
