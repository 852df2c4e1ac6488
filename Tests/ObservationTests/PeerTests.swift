import Glibc
import Link
import Packets
import Ports
import Testing

@testable import Observation

@Suite("One who looks on") struct PeerTests {
    /// A client's end of a connection, which never waits.
    private struct Client {
        let socket: Descriptor
        var input = ObservationFrames()

        /// As many of the bytes as the kernel takes.
        func send(_ bytes: [UInt8]) -> Int {
            max(0, Glibc.send(socket.number, bytes, bytes.count, Int32(MSG_NOSIGNAL)))
        }

        /// What has come.
        mutating func take() throws -> [ObservationAnswer] {
            var chunk = [UInt8](repeating: 0, count: 1 << 16)
            while case let count = read(socket.number, &chunk, chunk.count), count > 0 {
                input.append(chunk[..<count])
            }
            var answers: [ObservationAnswer] = []
            while let payload = try input.next() { answers.append(try ObservationAnswer(payload)) }
            return answers
        }
    }

    private static func connection(_ observer: WorkerObserver) -> (peer: ObservationPeer, client: Client) {
        var ends: [Int32] = [0, 0]
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        precondition(socketpair(AF_UNIX, type, 0, &ends) == 0)
        return (ObservationPeer(Descriptor(ends[0]), [observer]), Client(socket: Descriptor(ends[1])))
    }

    private static func frame(_ request: ObservationRequest) -> [UInt8] {
        var bytes: [UInt8] = []
        ObservationFrames.append(request.bytes, to: &bytes)
        return bytes
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
