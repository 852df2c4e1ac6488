import APIClient
import ControlPlane
import Testing

@testable import API

@Suite("What can't be served") struct ProblemTests {
    @Test("Each kind of fault has its status, and says in a sentence what to do")
    func statuses() async throws {
        try await Site.run { site in
            let requests: [(method: String, path: String, body: String, type: String, status: Int)] = [
                ("GET", "/nothing", "", "", 404), ("GET", "/lines/a/b", "", "", 404),
                ("GET", "/labels/x", "", "", 400),
                ("GET", "/lines/%", "", "", 404), ("GET", "/lines/%ff", "", "", 404),
                ("POST", "/lines", "", "", 405),
                ("TRACE", "/lines/north", "", "", 405), ("GET", "/lines?color=red", "", "", 400),
                ("GET", "/lines?limit=1&limit=2", "", "", 400), ("GET", "/lines?limit=0", "", "", 400),
                ("GET", "/lines?limit=ten", "", "", 400), ("GET", "/usage?from=yesterday", "", "", 400),
                ("DELETE", "/labels?from=20", "", "", 400), ("DELETE", "/labels?from=21&to=20", "", "", 400),
                ("PUT", "/lines/north", "port: core0", "text/plain", 415),
                ("PUT", "/lines/north", "", "", 415),
                ("PUT", "/lines/north", "{", "application/json", 400),
                ("PUT", "/lines/north", "port: [", "application/yaml", 400),
                ("PUT", "/lines/north", "{}", "application/json", 422),
                ("PUT", "/lines/north", #"{"port":"core0"}"#, "application/json", 422),
                ("PUT", "/lines/north", #"{"port":"core0","name":"south"}"#, "application/json", 422),
                (
                    "PUT", "/lines/north", String(repeating: " ", count: 1 << 20) + "{}", "application/json",
                    413
                ),
                ("PUT", "/exchange", "ports: {}", "text/csv", 415),
            ]
            for request in requests {
                let answer = try await site.ask(
                    request.method, request.path, request.body, type: request.type)
                #expect(answer.status == request.status, "\(request.method) \(request.path): \(answer.text)")
                #expect(answer.header("Content-Type") == "application/problem+json")
                let problem = answer.document
                #expect(problem["status"]?.scalar == "\(request.status)")
                #expect(problem["detail"]?.scalar?.isEmpty == false)
            }
            let bad = try await site.ask(
                "PUT", "/lines/north", #"{"port":"x"}"#, headers: [("If-Match", "1")])
            #expect(bad.status == 400)
            #expect(try await site.ask("POST", "/lines").header("Allow") == "GET")
            #expect(try await site.ask("GET", "/health").document["status"] == "ok")
        }
    }

    @Test("What isn't UTF-8 text is refused with its place")
    func notText() async throws {
        try await Site.run { site in
            for path in ["/v1/exchange", "/v1/lines/north"] {
                let answer = try await site.client.send(
                    APIRequest(
                        "PUT", path, headers: [("Content-Type", "application/yaml")],
                        body: Array("port:\n  a: ".utf8) + [0xff]))
                #expect(answer.status == 400)
                let fault = try #require(answer.document["faults"]?.items.first, "\(answer.text)")
                #expect(fault["line"] == 2 && fault["column"] == 6)
                #expect(fault["message"]?.scalar?.contains("UTF-8") == true)
            }
        }
    }

    @Test("What is encoded in a path is decoded, and can't lead elsewhere")
    func encodedNames() async throws {
        try await Site.run { site in
            let answer = try await site.ask("GET", "/lines/\(APIRequest.encode("a/b c?é"))")
            #expect(answer.status == 400)
            #expect(answer.document["detail"]?.scalar?.contains("`a/b c?é`") == true)
            #expect(try await site.ask("GET", "/%6cines").status == 200)
        }
    }

    @Test("A journal that can't be written is said to be, with when to ask again")
    func unavailable() {
        let response = Responder.response(Problem(SubmitError.unavailable("the disk is full")))
        #expect(response.status.code == 503)
        #expect(response.headers[.retryAfter] == "5")
        #expect(response.headers[.contentType] == "application/problem+json")
    }
}
