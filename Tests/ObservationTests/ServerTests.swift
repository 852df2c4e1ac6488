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
        var readings: [RuntimeReading] = []
        // By attempts, not by time: beside other tests a pause of a moment may be a long one.
        for _ in 0..<2000 where readings.isEmpty {
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

@Suite("Rings of taps") struct RingTests {
    private static func tap() -> Tap { Tap(.capture(CaptureRequest()), ports: nil, filter: nil) }

    @Test("The ring of a tap that is gone is freed when the worker has let go of it, and not by the worker")
    func reclaiming() {
        let observer = WorkerObserver()
        weak var ring: RecordRing?
        do {
            let tap = Self.tap()
            ring = tap.ring
            observer.arm(tap)
            observer.refresh()
            observer.disarm(tap)
        }
        #expect(!observer.isArmed && observer.retiredRingCount == 1)
        #expect(!observer.reclaimRings() && ring != nil, "the worker may still write to it")
        observer.refresh()
        #expect(ring != nil, "the worker frees it")
        #expect(observer.reclaimRings() && ring == nil)
    }

    @Test("A tap that is armed loses nothing when another one goes")
    func others() {
        let observer = WorkerObserver()
        let (one, other) = (Self.tap(), Self.tap())
        observer.arm(one)
        observer.arm(other)
        observer.refresh()
        observer.disarm(one)
        observer.refresh()
        #expect(observer.reclaimRings() && observer.isArmed)
        observer.disarm(other)
        #expect(!observer.reclaimRings())
        observer.refresh()
        #expect(observer.reclaimRings() && !observer.isArmed)
    }

    @Test("Captures that come and go faster than the worker looks are refused before they use up memory")
    func bound() throws {
        let observer = WorkerObserver()
        for _ in 0..<ObservationServer.retiredRingLimit {
            let tap = Self.tap()
            observer.arm(tap)
            observer.disarm(tap)
        }
        var ends: [Int32] = [0, 0]
        try #require(
            socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0, &ends) == 0)
        let peer = ObservationPeer(Descriptor(ends[0]), [observer])
        var client = RawClient(socket: Descriptor(ends[1]))
        var bytes: [UInt8] = []
        ObservationFrames.append(ObservationRequest.capture(CaptureRequest()).bytes, to: &bytes)
        #expect(client.send(bytes) == bytes.count)
        peer.advance(isTapFree: true)
        guard case .refused(let reason) = try client.take().first else {
            Issue.record("it is armed")
            return
        }
        #expect(reason.contains("try again in a second"))
    }
}
