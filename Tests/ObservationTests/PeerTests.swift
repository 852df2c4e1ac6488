import Glibc
import Link
import Packets
import Ports
import Testing

@testable import Observation

@Suite("One who looks on") struct PeerTests {
    private static func connection(
        _ observers: WorkerObserver..., patience: ObservationServer.Patience = .init(),
        at now: ContinuousClock.Instant = .now
    ) -> (peer: ObservationPeer, client: RawClient) {
        var ends: [Int32] = [0, 0]
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        precondition(socketpair(AF_UNIX, type, 0, &ends) == 0)
        let peer = ObservationPeer(Descriptor(ends[0]), observers, patience: patience, at: now)
        return (peer, RawClient(socket: Descriptor(ends[1])))
    }

    private static func frame(_ request: ObservationRequest) -> [UInt8] {
        var bytes: [UInt8] = []
        ObservationFrames.append(request.bytes, to: &bytes)
        return bytes
    }

    @Test("Who asks nothing, or half a request, is sent away and told why; each request gives more time")
    func silence() throws {
        let start = ContinuousClock.now
        for half in [[], Array(Self.frame(.runtime).dropLast())] {
            var (peer, client) = Self.connection(WorkerObserver(), at: start)
            let whole = Self.frame(.runtime)
            #expect(client.send(whole) == whole.count)
            peer.advance(isTapFree: true, at: start + .seconds(9))
            #expect(try client.take().count == 1)
            #expect(client.send(half) == half.count)
            peer.advance(isTapFree: true, at: start + .seconds(18))
            #expect(!peer.isOver && peer.nextDeadline == start + .seconds(19))
            peer.advance(isTapFree: true, at: start + .seconds(19))
            let answers = try client.take()
            guard peer.isOver, case .refused(let reason) = answers.first else {
                Issue.record("it is kept: \(answers)")
                continue
            }
            #expect(reason.contains("no whole request has come for 10.0 seconds"))
        }
    }

    @Test("Who watches packets may be silent as long as they like")
    func watching() throws {
        let start = ContinuousClock.now
        let observer = WorkerObserver()
        var (peer, client) = Self.connection(observer, at: start)
        let bytes = Self.frame(.capture(CaptureRequest()))
        #expect(client.send(bytes) == bytes.count)
        for hours in 0..<3 { peer.advance(isTapFree: true, at: start + .seconds(3600 * hours)) }
        #expect(peer.hasTap && !peer.isOver)
        #expect(try client.take() == [.armed])
    }

    @Test("Packets of all workers together are as many as were asked for")
    func severalWorkers() throws {
        let observers = [WorkerObserver(), WorkerObserver()]
        var (peer, client) = Self.connection(observers[0], observers[1])
        var request = CaptureRequest()
        request.count = 5
        let bytes = Self.frame(.capture(request))
        #expect(client.send(bytes) == bytes.count)
        peer.advance(isTapFree: true)
        for (worker, observer) in observers.enumerated() {
            let vector = PacketVector()
            for _ in 0..<3 {
                [UInt8](repeating: UInt8(worker), count: 60).withUnsafeBytes {
                    vector.append($0, timestamp: 1)
                }
            }
            observer.beginVector(vector, from: PortIndex(rawValue: 0), link: .ethernet)
            observer.endVector(vector)
        }
        peer.advance(isTapFree: true)
        let answers = try client.take()
        let workers = answers.compactMap { answer -> UInt8? in
            if case .captured(let packet) = answer { packet.bytes.first } else { nil }
        }
        #expect(workers == [0, 0, 0, 1, 1])
        #expect(answers.last == .end(ObservationEnd(cause: .count, lost: 0)) && peer.isOver)
        #expect(observers.allSatisfy { !$0.isArmed })
    }

    @Test("Who has watched without reading has a minute for the rest, from the end on")
    func end() throws {
        let start = ContinuousClock.now
        let observer = WorkerObserver()
        let (peer, client) = Self.connection(observer, at: start)
        let capture = Self.frame(.capture(CaptureRequest()))
        #expect(client.send(capture) == capture.count)
        peer.advance(isTapFree: true, at: start)
        // More than the kernel keeps for the client, less than the peer does.
        let vector = PacketVector()
        for _ in 0..<3 {
            vector.removeAll()
            for _ in 0..<200 {
                [UInt8](repeating: 7, count: 1400).withUnsafeBytes { vector.append($0, timestamp: 1) }
            }
            observer.beginVector(vector, from: PortIndex(rawValue: 0), link: .ethernet)
            observer.endVector(vector)
        }
        let later = start + .seconds(3600)
        peer.advance(isTapFree: true, at: start)
        let stop = Self.frame(.stop)
        #expect(client.send(stop) == stop.count)
        peer.advance(isTapFree: true, at: later)
        #expect(!peer.hasTap && peer.waitingByteCount > 0 && !peer.isOver)
        peer.advance(isTapFree: true, at: later + .seconds(59))
        #expect(!peer.isOver)
        peer.advance(isTapFree: true, at: later + .seconds(60))
        #expect(peer.isOver)
    }

    @Test("Who doesn't take an answer is given up after a minute")
    func deafness() throws {
        let start = ContinuousClock.now
        let (peer, client) = Self.connection(WorkerObserver(), at: start)
        let questions = Array([[UInt8]](repeating: Self.frame(.runtime), count: 1000).joined())
        var now = start
        for second in 1..<20 {
            _ = client.send(questions)
            now = start + .seconds(second)
            peer.advance(isTapFree: true, at: now)
        }
        #expect(peer.waitingByteCount > 0)
        peer.advance(isTapFree: true, at: start + .seconds(59))
        #expect(!peer.isOver)
        peer.advance(isTapFree: true, at: now + .seconds(61))
        #expect(peer.isOver)
    }

    @Test("Who asks and asks without reading costs bounded memory, and is answered when they read")
    func flood() throws {
        var (peer, client) = Self.connection(WorkerObserver())
        let question = Self.frame(.runtime)
        let questions = Array([[UInt8]](repeating: question, count: 1000).joined())
        var sent = 0
        for _ in 0..<200 {
            // A message is never cut in two for good: the rest of it goes first.
            let begun = sent % question.count
            sent += client.send(Array(questions.dropFirst(begun)))
            peer.advance(isTapFree: true)
        }
        #expect(peer.waitingByteCount < 2 << 20)
        sent += client.send(Array(question.dropFirst(sent % question.count)))
        var answers = 0
        for _ in 0..<10_000 where answers < sent / question.count {
            answers += try client.take().count
            peer.advance(isTapFree: true)
        }
        #expect(answers == sent / question.count && answers > 10_000)
    }

    @Test("The time of a capture ends for one who doesn't keep up, too")
    func time() throws {
        let observer = WorkerObserver()
        var (peer, client) = Self.connection(observer)
        var request = CaptureRequest()
        request.seconds = 1
        let bytes = Self.frame(.capture(request))
        #expect(client.send(bytes) == bytes.count)
        peer.advance(isTapFree: true)
        #expect(observer.isArmed)
        let vector = PacketVector()
        let packet = [UInt8](repeating: 7, count: 1500)
        for _ in 0..<20 {
            vector.removeAll()
            for _ in 0..<256 { packet.withUnsafeBytes { vector.append($0, timestamp: 1) } }
            observer.beginVector(vector, from: PortIndex(rawValue: 0), link: .ethernet)
            observer.endVector(vector)
        }
        let patience = ContinuousClock.now + .seconds(10)
        while observer.isArmed, .now < patience {
            peer.advance(isTapFree: true)
            usleep(1000)
        }
        #expect(!observer.isArmed, "it goes on taking packets after its time")
        #expect(peer.waitingByteCount < 3 << 19, "memory grows while nobody reads")
        var answers: [ObservationAnswer] = []
        for _ in 0..<10_000 where !peer.isOver {
            answers += try client.take()
            peer.advance(isTapFree: true)
        }
        answers += try client.take()
        guard case .end(let end) = answers.last else {
            Issue.record("it doesn't end: \(answers.count) answers")
            return
        }
        #expect(end.cause == .time)
    }
}
