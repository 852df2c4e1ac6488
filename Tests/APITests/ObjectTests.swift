import APIClient
import Exchange
import ExchangeFile
import Testbed
import Testing

@testable import API

@Suite("Objects over HTTP") struct ObjectTests {
    @Test("PX-6 a service register: providers and services are put, read, changed and removed")
    func lifeOfAnObject() async throws {
        try await Site.run { site in
            let created = try await site.ask("PUT", "/providers/acme", #"{"title":"Acme Media"}"#)
            #expect(created.status == 201)
            #expect(created.document["changeCount"] == 1)
            let service = #"{"provider":"acme","prefixes":["198.51.100.0/24"]}"#
            #expect(try await site.ask("PUT", "/services/video", service).status == 201)
            let read = try await site.ask("GET", "/services/video")
            #expect(read.status == 200)
            #expect(read.header("ETag") == "\"2\"")
            #expect(
                read.text
                    == #"{"name":"video","provider":"acme","prefixes":["198.51.100.0/24"],"revision":2}"#
                    + "\n")
            // What was read may be put back, and changes nothing.
            let same = try await site.ask("PUT", "/services/video", read.text)
            #expect(same.status == 200)
            #expect(same.document["changeCount"] == 0)
            #expect(same.header("ETag") == "\"2\"")
            // It is used.
            #expect(try await site.ask("DELETE", "/providers/acme").status == 422)
            #expect(try await site.ask("DELETE", "/services/video").status == 204)
            #expect(try await site.ask("GET", "/services/video").status == 404)
            #expect(try await site.ask("DELETE", "/services/video").status == 404)
            let removed = try await site.ask("DELETE", "/providers/acme?wait=0")
            #expect(removed.document["outcome"] != nil)
        }
    }

    @Test("Each of many clients at once is told the revision that it has made itself")
    func ownRevision() async throws {
        try await Site.run { site in
            let answers = try await withThrowingTaskGroup(of: APIResponse.self) { group in
                for number in 0..<40 {
                    group.addTask {
                        try await site.ask("PUT", "/providers/acme", #"{"title":"title \#(number)"}"#)
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            for answer in answers {
                let sequence = try #require(answer.document["sequence"]?.scalar)
                #expect(answer.header("ETag") == "\"\(sequence)\"", "\(answer.text)")
            }
        }
    }

    @Test("Two clients that change the same object: the second is told of the conflict")
    func conflict() async throws {
        try await Site.run { site in
            let put = { (title: String, header: (String, String)) in
                try await site.ask("PUT", "/providers/acme", #"{"title":"\#(title)"}"#, headers: [header])
            }
            #expect(try await put("one", ("If-None-Match", "*")).status == 201)
            #expect(try await put("two", ("If-None-Match", "*")).status == 409)
            #expect(try await put("two", ("If-Match", "\"1\"")).status == 200)
            let late = try await put("three", ("If-Match", "\"1\""))
            #expect(late.status == 409)
            #expect(late.header("Content-Type") == "application/problem+json")
            let detail = try #require(late.document["detail"]?.scalar)
            #expect(detail.contains("1") && detail.contains("2"), "\(detail) tells both revisions")
            #expect(
                try await site.ask("DELETE", "/providers/acme", headers: [("If-Match", "\"1\"")]).status
                    == 409)
            #expect(try await site.ask("GET", "/providers/acme").document["title"] == "two")
        }
    }

    @Test("Lists come page by page, each object once")
    func pages() async throws {
        try await Site.run { site in
            let providers = (0..<25).map { Change(.put(.provider(Provider(name: "p\($0)", title: "\($0)")))) }
            _ = try await site.controlPlane.submit(providers)
            var names: [String] = []
            var next: String? = "/providers?limit=10"
            while let path = next, names.count < 100 {
                let page = try await site.ask("GET", path).document
                names += page["items"]?.items.compactMap { $0["name"]?.scalar } ?? []
                next = page["next"]?.scalar.map { "/providers?limit=10&after=\($0)" }
            }
            #expect(names == (0..<25).map { "p\($0)" })
        }
    }

    @Test("Every kind of object can be read by its key", arguments: ExchangeKind.allCases)
    func kinds(kind: ExchangeKind) async throws {
        try await Site.run { site in
            try await site.applySubscriberEdge()
            let list = try await site.ask("GET", "/\(kind.rawValue)").document["items"]?.items ?? []
            #expect(!list.isEmpty)
            for item in list {
                let name =
                    switch kind {
                    case .conditions: "\(item["subscriber"]?.scalar ?? "")/\(item["service"]?.scalar ?? "")"
                    case .labels: item["in"]?.scalar ?? ""
                    default: item["name"]?.scalar ?? ""
                    }
                let one = try await site.ask("GET", "/\(kind.rawValue)/\(name)")
                #expect(one.document == item)
                let put = try await site.ask("PUT", "/\(kind.rawValue)/\(name)", one.text)
                #expect(put.status == 200 && put.document["changeCount"] == 0, "\(put.text)")
            }
        }
    }

    @Test("PX-5 a session of several paths is put and read as a list, tells each leg, and can be put back")
    func paths() async throws {
        try await Site.run { site in
            try await site.applySubscriberEdge()
            let session = """
                {"subscriber":"alice","service":"beta-music","access":{"port":"access0"},
                 "network":[{"tunnel":"beta-west"},{"tunnel":"acme-north","send":100,"receive":200}],
                 "policer":{"up":{"committed":"1Mbit","red":{"dscp":"af13"}},"down":{"committed":8000,"burst":3000}}}
                """
            let put = try await site.ask("PUT", "/sessions/alice-music", session)
            #expect(put.status == 200, "\(put.text)")
            let read = try await site.ask("GET", "/sessions/alice-music")
            #expect(read.document["network"]?.items.count == 2)
            #expect(read.document["leg"] == 2, "the first path stays, the second is a new leg")
            let none: DocumentValue = ["packets": 0, "bytes": 0]
            #expect(
                read.document["legs"]
                    == [
                        ["leg": 1, "up": none, "down": none], ["leg": 2, "up": none, "down": none],
                    ])
            let again = try await site.ask("PUT", "/sessions/alice-music", read.text)
            #expect(again.status == 200 && again.document["changeCount"] == 0, "\(again.text)")
            let counters = try await site.ask("GET", "/counters").document["sessions"]
            #expect(counters?["alice-music"]?["legs"]?.items.count == 2)
            #expect(counters?["alice-video"]?["legs"] == nil)
            let twice = session.replacing("acme-north", with: "beta-west").replacing(
                ",\"send\":100,\"receive\":200", with: "")
            let refused = try await site.ask("PUT", "/sessions/alice-music", twice)
            #expect(refused.status == 422 && refused.text.contains("stands twice among the paths"))
        }
    }

    @Test("A session tells its number, its leg and its traffic")
    func session() async throws {
        try await Site.run { site in
            try await site.applySubscriberEdge()
            let session = try await site.ask("GET", "/sessions/alice-video").document
            #expect(session["leg"] == 1)
            #expect(session["up"] == ["packets": 0, "bytes": 0])
            let openedAt = try #require(session["openedAt"]?.scalar)
            #expect(Timestamp(openedAt) != nil)
        }
    }
}
