import Glibc
import Link

@testable import Observation

/// A client's end of a connection, which never waits.
struct RawClient {
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
