import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix

/// Asks a control plane over its Unix socket. Each request has a connection of its own.
public struct APIClient: Sendable {
    /// The socket, `api.sock` in the instance's run directory.
    public let socketPath: String

    /// A client of the control plane that listens there.
    public init(socketPath: String) { self.socketPath = socketPath }

    /// Sends a request and waits for the whole answer, at most for `timeout`. Answers of any status are returned.
    public func send(_ request: APIRequest, timeout: Duration = .seconds(120)) async throws(APIClientError)
        -> APIResponse
    {
        do {
            return try await answer(to: request, timeout: timeout)
        } catch let error as APIClientError {
            throw error
        } catch let error as IOError {
            throw APIClientError(errnoCode: error.errnoCode, socketPath: socketPath)
        } catch {
            throw APIClientError(.failed, "\(socketPath): the connection broke off: \(error)")
        }
    }

    private func answer(to request: APIRequest, timeout: Duration) async throws -> APIResponse {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let answer = loop.makePromise(of: APIResponse.self)
        let path = socketPath
        let bootstrap = ClientBootstrap(group: loop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHTTPClientHandlers()
                    try channel.pipeline.syncOperations.addHandler(
                        ResponseCollector(answer: answer, socketPath: path))
                }
            }
        let channel: any Channel
        do {
            channel = try await bootstrap.connect(unixDomainSocketPath: path).get()
        } catch {
            answer.fail(error)
            throw error
        }
        let deadline = loop.scheduleTask(in: TimeAmount(timeout)) {
            answer.fail(
                APIClientError(
                    .failed, "\(path): the control plane has not answered in \(timeout.components.seconds) s")
            )
        }
        answer.futureResult.whenComplete { _ in
            deadline.cancel()
            channel.close(promise: nil)
        }
        var headers = HTTPHeaders([("Host", "localhost"), ("Connection", "close")])
        for (name, value) in request.headers { headers.add(name: name, value: value) }
        if !request.body.isEmpty { headers.add(name: "Content-Length", value: "\(request.body.count)") }
        let head = HTTPRequestHead(
            version: .http1_1, method: HTTPMethod(rawValue: request.method), uri: request.path,
            headers: headers)
        // What can't be written any more was refused already, and the answer says why.
        channel.write(HTTPClientRequestPart.head(head), promise: nil)
        if !request.body.isEmpty {
            channel.write(
                HTTPClientRequestPart.body(.byteBuffer(ByteBuffer(bytes: request.body))), promise: nil)
        }
        channel.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)
        return try await answer.futureResult.get()
    }
}

/// Puts an answer together.
private final class ResponseCollector: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart

    private let answer: EventLoopPromise<APIResponse>
    private let socketPath: String
    private var response: APIResponse?

    init(answer: EventLoopPromise<APIResponse>, socketPath: String) {
        self.answer = answer
        self.socketPath = socketPath
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            response = APIResponse(
                status: Int(head.status.code), headers: head.headers.map { ($0.name, $0.value) }, body: [])
        case .body(let buffer):
            response?.body += buffer.readableBytesView
        case .end:
            if let response { answer.succeed(response) }
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        // Without effect if there was an answer.
        answer.fail(
            APIClientError(
                .failed, "\(socketPath): the control plane has closed the connection without an answer"))
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        answer.fail(error)
        context.close(promise: nil)
    }
}
