import Glibc
import Tables
import Testbed
import Testing

@testable import Link

/// A control plane and what it was told.
private final class Server {
    let events = Collected<LinkServer.Event>()
    let server: LinkServer

    init(_ instance: ScratchInstance, tuning: LinkTuning = LinkTuning()) throws {
        server = try LinkServer(
            path: instance.directory.linkSocket, holding: instance.lock(), journal: 7, tuning: tuning
        ) { [events] in events.append($0) }
    }

    deinit { server.stop() }

    func connection(_ number: Int = 0) -> LinkConnection? {
        var found: [LinkConnection] = []
        _ = eventually {
            found = events.all.compactMap {
                if case .connected(let connection) = $0 { connection } else { nil }
            }
            return found.count > number
        }
        return found.count > number ? found[number] : nil
    }

    func disconnection() -> String? {
        events.first { if case .disconnected(_, let reason) = $0 { reason } else { nil } }
    }

    func refusal() -> String? {
        events.first { if case .refused(let reason) = $0 { reason } else { nil } }
    }
}

/// A forwarder and what it was told.
private final class Client {
    let events = Collected<LinkClient.Event>()
    let client: LinkClient

    init(_ instance: ScratchInstance, hello: Hello = Samples.hello, tuning: LinkTuning = LinkTuning()) {
        client = LinkClient(path: instance.directory.linkSocket, tuning: tuning, hello: { hello }) {
            [events] in events.append($0)
        }
    }

    deinit { client.stop() }

    func transaction(_ number: UInt64) -> ReceivedTransaction? {
        events.first {
            if case .transaction(let received) = $0, received.transaction.number == number {
                received
            } else {
                nil
            }
        }
    }

    func unreachable() -> String? {
        events.first { if case .unreachable(let reason) = $0 { reason } else { nil } }
    }
}

@Suite("Link") struct LinkTests {
    static let quick = LinkTuning(
        ping: .milliseconds(20), silence: .milliseconds(150), retry: .milliseconds(1) ... .milliseconds(5))
    static let applied = AppliedTransaction(
        number: 42, setCount: 1, removedCount: 2, untouchedCount: 3, tableHash: 4, microseconds: 5)

    @Test("Hello, a transaction, its answer, and the ports: each arrives as it was sent")
    func conversation() throws {
        let instance = try ScratchInstance()
        let server = try Server(instance)
        let client = Client(instance)
        let connection = try #require(server.connection())
        #expect(connection.hello == Samples.hello)
        #expect(
            client.events.first { if case .connected(let welcome) = $0 { welcome } else { nil } }
                == Welcome(version: LinkProtocol.versions.upperBound, journal: 7))

        let transaction = Samples.transaction(42, isReset: true, services: 50)
        #expect(connection.canSend && connection.send(transaction, tableHash: 99))
        let received = try #require(client.transaction(42))
        #expect(received.transaction == transaction && received.tableHash == 99)
        client.client.answer(Self.applied, to: received)
        #expect(
            server.events.first { if case .applied(_, let applied) = $0 { applied } else { nil } }
                == Self.applied)

        let rejected = RejectedTransaction(number: 43, reason: "no")
        #expect(connection.send(Samples.transaction(43, services: 1), tableHash: 0))
        client.client.answer(rejected, to: try #require(client.transaction(43)))
        #expect(
            server.events.first { if case .rejected(_, let rejected) = $0 { rejected } else { nil } }
                == rejected)

        let ports = [PortStatus(slot: 1, state: .absent, detail: "there is no interface wl1", mtu: 0)]
        client.client.send(ports)
        #expect(server.events.first { if case .ports(_, let ports) = $0 { ports } else { nil } } == ports)
    }

    @Test("A control plane that takes us and ends at once is not asked again and again without a pause")
    func flapping() throws {
        let instance = try ScratchInstance()
        let welcomes = Collected<Bool>()
        let server = try LinkServer(
            path: instance.directory.linkSocket, holding: instance.lock(), journal: 7
        ) { event in
            guard case .connected(let connection) = event else { return }
            welcomes.append(true)
            connection.close("not today")
        }
        defer { server.stop() }
        let client = Client(instance, tuning: LinkTuning(retry: .milliseconds(1) ... .seconds(60)))
        // Pauses of 1, 2, 4, … ms: the ninth attempt comes after a quarter of a second, the eighteenth after two minutes.
        let end = ContinuousClock.now + .milliseconds(500)
        #expect(eventually { welcomes.all.count >= 5 && ContinuousClock.now > end })
        #expect(welcomes.all.count < 18)
        withExtendedLifetime(client) {}
    }

    @Test("A quiet connection stays, since both ends ping")
    func quiet() throws {
        let instance = try ScratchInstance()
        let server = try Server(instance, tuning: Self.quick)
        let client = Client(instance, tuning: Self.quick)
        let connection = try #require(server.connection())
        // Ten times as long as silence is borne.
        let end = ContinuousClock.now + Self.quick.silence * 10
        while ContinuousClock.now < end { usleep(10_000) }
        #expect(connection.canSend && server.events.all.count == 1)
        #expect(!client.events.all.contains { if case .disconnected = $0 { true } else { false } })
    }

    @Test("A forwarder that falls silent is dead, for the control plane")
    func silentForwarder() throws {
        let instance = try ScratchInstance()
        let server = try Server(instance, tuning: Self.quick)
        let socket = try RawSocket(connectingTo: instance.directory.linkSocket)
        socket.send(.hello(Samples.hello))
        let connection = try #require(server.connection())
        #expect(try #require(server.disconnection()).contains("nothing has come"))
        #expect(!connection.canSend && !connection.send(Samples.transaction(1, services: 1), tableHash: 0))
    }

    @Test("A control plane that falls silent is dead, for the forwarder, which connects again")
    func silentControlPlane() throws {
        let instance = try ScratchInstance()
        var listener = Listener(try UnixSocket.listen(at: instance.directory.linkSocket))
        let client = Client(instance, tuning: Self.quick)
        #expect(try #require(client.unreachable()).contains("nothing has come"))
        var count = 0
        #expect(
            eventually {
                if listener.accept(at: .now) != nil { count += 1 }
                return count >= 2
            })
    }

    @Test("Two forwarders of one name: the second is told, and taken once the first has gone")
    func sameName() throws {
        let instance = try ScratchInstance()
        let server = try Server(instance, tuning: Self.quick)
        do {
            let first = Client(instance, tuning: Self.quick)
            _ = try #require(server.connection())
            let second = Client(instance, tuning: Self.quick)
            #expect(try #require(second.unreachable()).contains("'main' is connected already, process 4711"))
            #expect(try #require(server.refusal()).contains("--name"))
            let other = Client(instance, hello: Samples.hello("west"), tuning: Self.quick)
            #expect(try #require(server.connection(1)).name == "west")
            first.client.send([])
            other.client.send([])
        }
        let third = Client(instance, tuning: Self.quick)
        #expect(server.connection(2)?.name == "main")
        #expect(third.events.first { if case .connected = $0 { true } else { nil } } == true)
    }

    @Test(
        "A forwarder of versions that aren't spoken is refused by name of both, whatever else its hello says")
    func versions() throws {
        let instance = try ScratchInstance()
        let server = try Server(instance)
        let socket = try RawSocket(connectingTo: instance.directory.linkSocket)
        // Behind the versions nothing that this program knows.
        socket.send(LinkFrame(.hello, [0, 8, 0, 9, 0xff, 0xff, 0xff]).bytes)
        let answers = socket.receiveAll()
        let sentence =
            "the forwarder speaks versions 8 to 9 of the link protocol, the control plane version 3; "
            + "install programs of the same release"
        #expect(answers == [.refusal(sentence)])
        #expect(server.refusal() == sentence)
    }

    @Test("A forwarder says why it was refused") func refusal() throws {
        let instance = try ScratchInstance()
        let server = try Server(instance)
        let client = Client(instance, hello: Samples.hello(versions: 8...9))
        #expect(
            try #require(client.unreachable()).contains("refused us: the forwarder speaks versions 8 to 9"))
        #expect(server.refusal() != nil)
    }

    @Test(
        "Garbage ends its own connection, with the reason, and no other",
        arguments: [
            (Array("GET / HTTP/1.1\r\n".utf8), "no frame"),
            (Message.ping.frame.bytes, "where a hello is due"),
            (Array(Message.hello(Samples.hello).frame.bytes.dropLast()) + [0], "checksum"),
            (
                Message.hello(Samples.hello("x")).frame.bytes + Message.ping.frame.bytes.dropLast(3),
                "middle of a frame"
            ),
            (
                Message.hello(Samples.hello("x")).frame.bytes + Message.refusal("").frame.bytes,
                "refusal frame"
            ),
            (
                Message.hello(Samples.hello("x")).frame.bytes + Message.hello(Samples.hello).frame.bytes,
                "hello frame"
            ),
        ] as [([UInt8], String)])
    func garbage(_ bytes: [UInt8], _ words: String) throws {
        let instance = try ScratchInstance()
        let server = try Server(instance)
        let client = Client(instance)
        let good = try #require(server.connection())
        do {
            let socket = try RawSocket(connectingTo: instance.directory.linkSocket)
            socket.send(bytes)
            shutdown(socket.descriptor, Int32(SHUT_WR))
            #expect(socket.receiveAll().count <= 1)
        }
        let reason = server.events.first { event -> String? in
            switch event {
            case .refused(let reason), .disconnected(_, let reason): reason
            default: nil
            }
        }
        #expect(try #require(reason).contains(words))
        #expect(good.send(Samples.transaction(1, services: 1), tableHash: 0))
        #expect(client.transaction(1) != nil)
    }

    @Test("Half a transaction is nothing: what was cut off with the connection is never seen")
    func halfTransaction() throws {
        let instance = try ScratchInstance()
        let client: Client
        do {
            var listener = Listener(try UnixSocket.listen(at: instance.directory.linkSocket))
            client = Client(instance, tuning: Self.quick)
            var socket: Descriptor?
            #expect(
                eventually {
                    socket = listener.accept(at: .now); return socket != nil
                })
            let frames = ExpectedTransaction(Samples.transaction(5, services: 3), tableHash: 0).frames
            let bytes =
                Message.welcome(Welcome(version: LinkProtocol.versions.upperBound, journal: 7)).frame.bytes
                + frames[0] + frames[1]
            #expect(send(try #require(socket).number, bytes, bytes.count, 0) == bytes.count)
            unlink(instance.directory.linkSocket)
        }
        _ = try #require(
            client.events.first { if case .disconnected(let reason) = $0 { reason } else { nil } })
        let server = try Server(instance)
        let connection = try #require(server.connection())
        #expect(connection.send(Samples.transaction(6, services: 3), tableHash: 0))
        #expect(client.transaction(6) != nil)
        #expect(
            !client.events.all.contains {
                if case .transaction(let it) = $0 { it.transaction.number == 5 } else { false }
            })
    }

    @Test("A forwarder that stops reading stops its own queue, and nobody else")
    func slowReader() throws {
        let instance = try ScratchInstance()
        let tuning = LinkTuning(silence: .seconds(120), queueByteLimit: 1 << 20)
        let server = try Server(instance, tuning: tuning)
        let socket = try RawSocket(connectingTo: instance.directory.linkSocket)
        socket.send(.hello(Samples.hello("slow")))
        let slow = try #require(server.connection())
        let large = Samples.transaction(1, services: 8, prefixes: 2000)
        var sent = 0
        while slow.canSend, sent < 100 {
            #expect(slow.send(large, tableHash: 0))
            sent += 1
        }
        #expect(sent > 1 && sent < 100 && !slow.send(large, tableHash: 0))

        let client = Client(instance)
        let quick = try #require(server.connection(1))
        #expect(quick.send(Samples.transaction(2, services: 1), tableHash: 0))
        #expect(client.transaction(2) != nil)

        // It reads again, and everything is there, once and in order.
        var commits = 0
        let messages = socket.receive { message in
            if case .commit = message { commits += 1 }
            return commits == sent
        }
        #expect(messages.filter { if case .begin = $0 { true } else { false } }.count == sent)
        #expect(eventually { slow.canSend })
    }

    @Test(
        "A forwarder that is behind with its answers reads no further, yet doesn't take the control plane for dead"
    )
    func backPressure() throws {
        let instance = try ScratchInstance()
        let server = try Server(instance, tuning: Self.quick)
        let client = Client(instance, tuning: Self.quick)
        let connection = try #require(server.connection())
        for number in 1...6 {
            #expect(connection.send(Samples.transaction(UInt64(number), services: 1), tableHash: 0))
        }
        let first = try #require(client.transaction(1))
        _ = try #require(client.transaction(2))
        let end = ContinuousClock.now + Self.quick.silence * 3
        while ContinuousClock.now < end { usleep(10_000) }
        func numbers() -> [UInt64] {
            client.events.all.compactMap {
                if case .transaction(let it) = $0 { it.transaction.number } else { nil }
            }
        }
        #expect(numbers() == [1, 2])
        client.client.answer(Self.applied, to: first)
        for number in 3...6 {
            client.client.answer(Self.applied, to: try #require(client.transaction(UInt64(number - 1))))
            #expect(client.transaction(UInt64(number)) != nil)
        }
        #expect(numbers() == [1, 2, 3, 4, 5, 6] && connection.canSend)
    }

    @Test(
        "The control plane comes back, and so does the forwarder; an answer for the connection before is not sent"
    )
    func reconnect() throws {
        let instance = try ScratchInstance()
        let client = Client(instance, tuning: Self.quick)
        #expect(try #require(client.unreachable()).contains("No such file"))
        var old: ReceivedTransaction?
        do {
            let server = try Server(instance)
            #expect(try #require(server.connection()).send(Samples.transaction(1, services: 1), tableHash: 0))
            old = client.transaction(1)
        }
        #expect(client.events.first { if case .disconnected(let reason) = $0 { reason } else { nil } } != nil)
        let server = try Server(instance)
        let connection = try #require(server.connection())
        client.client.answer(Self.applied, to: try #require(old))
        #expect(connection.send(Samples.transaction(2, services: 1), tableHash: 0))
        let rejected = RejectedTransaction(number: 2, reason: "no")
        client.client.answer(rejected, to: try #require(client.transaction(2)))
        #expect(server.events.first { if case .rejected = $0 { true } else { nil } } == true)
        #expect(!server.events.all.contains { if case .applied = $0 { true } else { false } })
    }

    @Test("The control plane can end a connection; the forwarder hears it and comes again")
    func close() throws {
        let instance = try ScratchInstance()
        let server = try Server(instance)
        let client = Client(instance, tuning: Self.quick)
        try #require(server.connection()).close("enough")
        #expect(server.disconnection() == "enough")
        #expect(server.connection(1) != nil)
        #expect(client.events.all.contains { if case .disconnected = $0 { true } else { false } })
    }
}

@Suite("Link socket") struct LinkSocketTests {
    private func failure(_ path: String, _ lock: InstanceLock) -> String {
        do throws(LinkError) {
            try LinkServer(path: path, holding: lock, journal: 1) { _ in }.stop()
            return "none"
        } catch { return error.description }
    }

    @Test("Owner and group may connect, nobody else; it goes with the server") func mode() throws {
        let instance = try ScratchInstance()
        let path = instance.directory.linkSocket
        let server = try LinkServer(path: path, holding: instance.lock(), journal: 1) { _ in }
        var status = stat()
        #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o660)
        server.stop()
        #expect(!folderEntries(instance.directory.path).contains("link.sock"))
    }

    @Test("A socket that a dead process left is replaced, one that answers is not, nor is anything else")
    func stale() throws {
        let instance = try ScratchInstance()
        let path = instance.directory.linkSocket
        let lock = try instance.lock()
        do { _ = try UnixSocket.listen(at: path) }
        #expect(folderEntries(instance.directory.path).contains("link.sock"))
        #expect(failure(path, lock) == "none")
        do {
            let living = try UnixSocket.listen(at: path)
            #expect(failure(path, lock).contains("another program does"))
            _ = living
            unlink(path)
        }
        #expect(mkdir(path, 0o700) == 0)
        #expect(failure(path, lock).contains("something else of that name"))
        rmdir(path)
    }

    @Test("A path that is too long, or leads nowhere, is named") func badPaths() throws {
        let lock = try ScratchInstance().lock()
        let long = "/tmp/" + String(repeating: "x", count: 110)
        #expect(failure(long, lock).contains("may have 107 bytes"))
        #expect(failure("/nonexistent/link.sock", lock).contains("/nonexistent/link.sock: No such file"))
    }
}
