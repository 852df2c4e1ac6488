import Glibc
import Link

/// A question to a forwarder, and its answers.
public final class ObservationClient {
    private let socket: Descriptor
    private var input = ObservationFrames()

    private init(_ path: String, _ request: ObservationRequest) throws(ObservationError) {
        do throws(LinkError) { socket = try UnixSocket.connect(to: path) } catch {
            throw ObservationError("\(error)", isNobodyThere: error.isNobodyThere)
        }
        do throws(ObservationError) { try send(request) } catch {
            // It may have been refused before it could ask: that is a better answer.
            _ = try next()
            throw error
        }
    }

    /// Asks for an end: what has been taken is still handed over, and then `next` says so.
    public func stop() throws(ObservationError) { try send(.stop) }

    private func send(_ request: ObservationRequest) throws(ObservationError) {
        var bytes: [UInt8] = []
        ObservationFrames.append(request.bytes, to: &bytes)
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(socket.number, $0.baseAddress! + sent, $0.count - sent, Int32(MSG_NOSIGNAL))
            }
            if count > 0 {
                sent += count
            } else if errno == EAGAIN {
                _ = Self.wait(socket.number, POLLOUT, nil, milliseconds: 1000)
            } else if errno != EINTR {
                throw ObservationError("the forwarder has ended the connection: \(meaning(ofErrno: errno))")
            }
        }
    }

    /// Drops as counted up to now, and where they are wanted the last packets of each kind.
    public static func drops(_ path: String, withSamples: Bool) throws(ObservationError) -> ObservationClient
    {
        try ObservationClient(path, .drops(withSamples: withSamples))
    }

    public static func capture(_ path: String, _ request: CaptureRequest) throws(ObservationError)
        -> ObservationClient
    {
        try ObservationClient(path, .capture(request))
    }

    public static func trace(_ path: String, _ request: TraceRequest) throws(ObservationError)
        -> ObservationClient
    {
        try ObservationClient(path, .trace(request))
    }

    /// What all workers have done since they were started.
    public static func runtime(_ path: String) throws(ObservationError) -> [RuntimeReading] {
        let client = try ObservationClient(path, .runtime)
        guard case .runtime(let readings) = try client.next() else {
            throw ObservationError("the forwarder has ended the connection without an answer")
        }
        return readings
    }

    /// Whether an answer is there that `next` would give without waiting.
    public var hasNext: Bool { input.hasNext }

    /// The next answer; nil when there is none any more, or `interrupt` is readable.
    /// - Parameter interrupt: a descriptor that ends the waiting.
    /// - Throws: also what the forwarder refuses the request for.
    public func next(interrupt: Int32? = nil) throws(ObservationError) -> ObservationAnswer? {
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            if let payload = try input.next() {
                let answer = try ObservationAnswer(payload)
                if case .refused(let reason) = answer { throw ObservationError(reason) }
                return answer
            }
            guard Self.wait(socket.number, POLLIN, interrupt, milliseconds: -1) else { return nil }
            let count = read(socket.number, &chunk, chunk.count)
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            guard count > 0 else { return nil }
            input.append(chunk[..<count])
        }
    }

    /// Waits until the descriptor is ready; false: `interrupt` is.
    private static func wait(_ number: Int32, _ events: Int32, _ interrupt: Int32?, milliseconds: Int32)
        -> Bool
    {
        var requests = [pollfd(fd: number, events: Int16(events), revents: 0)]
        if let interrupt { requests.append(pollfd(fd: interrupt, events: Int16(POLLIN), revents: 0)) }
        _ = poll(&requests, nfds_t(requests.count), milliseconds)
        return requests.count == 1 || requests[1].revents == 0
    }
}
