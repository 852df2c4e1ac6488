import Glibc
import Testing

@testable import Link

@Suite("Listening") struct ListenerTests {
    @Test("Where nobody can be taken in, it rests and says why, and asks again afterwards")
    func rest() throws {
        // Nothing that accept(2) takes: any errno will do that isn't gone at the next attempt.
        var listener = Listener(Descriptor(open("/dev/null", O_RDONLY)))
        let start = ContinuousClock.now
        #expect(listener.pollRequest.fd >= 0 && listener.nextDeadline == nil && listener.fault == nil)
        #expect(listener.accept(at: start) == nil)
        #expect(listener.fault == meaning(ofErrno: ENOTSOCK))
        #expect(listener.pollRequest.fd < 0, "poll would say at once that somebody waits")
        let deadline = try #require(listener.nextDeadline)
        #expect(deadline > start && deadline <= start + .seconds(1))
        #expect(listener.accept(at: start) == nil && listener.nextDeadline == deadline)
        #expect(listener.accept(at: deadline) == nil)
        #expect(try #require(listener.nextDeadline) > deadline, "it has been asked again")
    }

    @Test("Clients are taken in one after the other, and then there is nobody")
    func clients() throws {
        let path = "/tmp/wayleave-listener-\(getpid())-\(UInt32.random(in: 0...(.max))).sock"
        var listener = Listener(try UnixSocket.listen(at: path))
        defer { unlink(path) }
        let clients = try (0..<3).map { _ in try UnixSocket.connect(to: path) }
        let accepted = clients.map { _ in listener.accept(at: .now) }
        #expect(accepted.allSatisfy { $0 != nil } && listener.accept(at: .now) == nil)
        #expect(listener.fault == nil && listener.nextDeadline == nil && listener.pollRequest.fd >= 0)
    }
}
