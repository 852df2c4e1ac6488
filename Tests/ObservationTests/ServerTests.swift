import Glibc
import Link
import Testing

@testable import Observation

@Suite("The observation socket") struct ServerTests {
    private static func path() -> String {
        "/tmp/wayleave-observe-\(getpid())-\(UInt32.random(in: 0...(.max))).sock"
    }

    @Test("Silent clients keep nobody out for long, and who comes meanwhile is told why they must wait")
    func crowd() async throws {
        let path = Self.path()
        let server = try ObservationServer(
            path: path, observers: [WorkerObserver()],
            patience: ObservationServer.Patience(request: .seconds(3)))
        defer { server.end() }
        var silent = try (0..<ObservationServer.clientLimit).map { _ in
            RawClient(socket: try UnixSocket.connect(to: path))
        }
        for client in silent.prefix(8) { #expect(client.send([0, 0, 0]) == 3) }
        let refusal = #expect(throws: ObservationError.self) { _ = try ObservationClient.runtime(path) }
        let words = try #require(refusal).description
        #expect(
            words.contains("the forwarder has 16 clients already")
                && words.contains("try again in 3.0 seconds"))
        let patience = ContinuousClock.now + .seconds(30)
        var readings: [RuntimeReading] = []
        while readings.isEmpty, .now < patience {
            readings = (try? ObservationClient.runtime(path)) ?? []
            try await Task.sleep(for: .milliseconds(10))
        }
        #expect(readings.count == 1)
        for index in silent.indices {
            guard case .refused(let reason) = try silent[index].take().first else {
                Issue.record("client \(index) isn't told that it was sent away")
                continue
            }
            #expect(reason.contains("no whole request"))
        }
    }
}
