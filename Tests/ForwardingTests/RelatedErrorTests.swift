import Packets
import Tables
import Testbed
import Testing
import Wire

/// ICMP errors about packets of a session (RFC 792, RFC 4443 §3), from routers that no service and no rule knows.
@Suite("Related ICMP errors") struct RelatedErrorTests {
    /// Where an error comes in, what it is about, and where it goes.
    struct Case: Sendable, CustomStringConvertible {
        let name: String
        let port: String
        let frame: [UInt8]
        /// The session and direction that it counts to; nil: this reason.
        let session: (String, Direction)?
        let reason: DropReason?
        var description: String { name }

        init(_ name: String, _ port: String, _ frame: [UInt8], _ session: String, _ direction: Direction) {
            (self.name, self.port, self.frame) = (name, port, frame)
            self.session = (session, direction)
            reason = nil
        }
        init(_ name: String, _ port: String, _ frame: [UInt8], _ reason: DropReason) {
            (self.name, self.port, self.frame) = (name, port, frame)
            self.reason = reason
            session = nil
        }
    }

    private static let stack = [LabelStackEntry(17001), LabelStackEntry(200042, bottom: true)]
    /// What alice sends, and what comes back, as the rules of her video session have it.
    private static let video = Datagram.udp("10.1.0.5", "198.51.100.7")
    private static let video6 = Datagram.udp("2001:db8:1:5::9", "2001:db8:a::7")
    private static let videoBack = Datagram.udp("198.51.100.7", "10.1.0.5", ports: (5004, 9))
    private static let videoBack6 = Datagram.udp("2001:db8:a::7", "2001:db8:1:5::9", ports: (5004, 9))
    private static let web = Datagram.udp("10.1.0.5", "198.51.100.7", ports: (9, 80))
    private static let music = Datagram.udp("10.1.0.5", "203.0.113.9")
    private static let musicBack = Datagram.udp("203.0.113.9", "10.1.0.5")
    private static let news = Datagram.udp("10.1.0.5", "10.0.1.130")
    private static let router = "192.0.2.200"
    private static let router6 = "2001:db8:77::1"

    private static func fragment(_ datagram: Datagram) -> Datagram {
        var fragment = datagram
        fragment.fragmentation = 0x2000
        return fragment
    }
    private static func labelled(_ error: Datagram) -> [UInt8] { Frame.toCore(stack, error) }
    private static func inTunnel(_ error: Datagram) -> [UInt8] {
        Frame.toCore(error.encapsulated("10.0.0.2", "10.0.0.1"))
    }
    private static func about(_ quoted: Datagram, _ type: UInt8? = nil, quoting: Int? = nil) -> Datagram {
        let isIPv4 = quoted.source.version == .v4
        return .error(
            from: isIPv4 ? router : router6, to: "\(quoted.source)", about: quoted, type: type,
            quoting: quoting)
    }

    static let labelCases: [Case] =
        ([3, 11, 12] as [UInt8]).map {
            Case("type \($0) about what went up", "core0", labelled(about(video, $0)), "alice-video", .down)
        }
        + ([1, 2, 3, 4] as [UInt8]).map {
            Case("ICMPv6 type \($0)", "core0", labelled(about(video6, $0)), "alice-video", .down)
        } + [
            Case("source quench", "core0", labelled(about(video, 4)), .innerSourceMismatch),
            Case("a redirect", "core0", labelled(about(video, 5)), .innerSourceMismatch),
            Case("an echo request", "core0", labelled(about(video, 8)), .innerSourceMismatch),
            Case("an ICMPv6 redirect", "core0", labelled(about(video6, 137)), .innerSourceMismatch),
            Case("an error in fragments", "core0", labelled(fragment(about(video))), .innerSourceMismatch),
            Case("about what no rule admits", "core0", labelled(about(web)), .innerSourceMismatch),
            Case("about another session", "core0", labelled(about(music)), .innerSourceMismatch),
            Case(
                "to somebody else than who sent", "core0",
                labelled(.error(from: router, to: "10.1.0.5", about: music)), .innerSourceMismatch),
            Case(
                "from an address of ours", "core0",
                labelled(.error(from: "10.0.0.1", to: "10.1.0.5", about: video)), .innerSourceMismatch),
            Case(
                "from a group", "core0", labelled(.error(from: "224.0.0.1", to: "10.1.0.5", about: video)),
                .innerSourceMismatch),
            Case("without ports in it", "core0", labelled(about(video, quoting: 22)), .innerSourceMismatch),
            Case("with just the ports", "core0", labelled(about(video, quoting: 24)), "alice-video", .down),
            // From the service itself, by rules that have UDP and ICMP errors for nobody but echo.
            Case(
                "turned back: about what came down", "core0", labelled(about(videoBack)), "alice-video", .up),
            Case("turned back, ICMPv6", "core0", labelled(about(videoBack6)), "alice-video", .up),
            Case(
                "about what nobody of the session sent", "core0",
                labelled(about(.udp("198.51.100.7", "10.2.0.5", ports: (5004, 9)))), .innerSourceMismatch),
        ]

    static let tunnelCases: [Case] = [
        Case("out of IP-in-IP", "core0", inTunnel(about(music)), "alice-music", .down),
        Case("out of IP-in-IP, turned back", "core0", inTunnel(about(musicBack)), "alice-music", .up),
        Case(
            "out of another tunnel than its session's", "core0", inTunnel(about(video)), .innerSourceMismatch),
        Case(
            "out of IP-in-IP, from nobody", "core0",
            inTunnel(.error(from: "127.0.0.1", to: "10.1.0.5", about: music)), .innerSourceMismatch),
    ]

    static let plainCases: [Case] = [
        Case("on a plain network port", "core1", Frame.toCore1(about(news)), "alice-news", .down),
        Case("on another port than the session's", "core0", Frame.toCore(about(news)), .unknownService),
        Case("about a session in a tunnel", "core1", Frame.toCore1(about(video)), .unknownService),
        Case(
            "from a service without a session", "core1",
            Frame.toCore1(.error(from: "198.51.100.77", to: "10.2.0.77", about: news)), .unknownDestination),
        Case(
            "from a service that comes by another leg", "core1",
            Frame.toCore1(.error(from: "203.0.113.77", to: "10.1.0.5", about: news)), .wrongLeg),
        Case(
            "from an address of ours, plain", "core1",
            Frame.toCore1(.error(from: "10.0.0.1", to: "10.1.0.5", about: news)), .spoofedSource),
    ]

    /// With rules that have UDP alone.
    static let accessCases: [Case] = [
        Case(
            "from a subscriber about what came down", "access0",
            Datagram.error(from: "10.1.0.5", to: "198.51.100.7", about: videoBack, type: 3).bytes,
            "alice-video", .up),
        Case(
            "from another of the subscriber's addresses", "access0",
            Datagram.error(from: "2001:db8:1:5::aaaa", to: "2001:db8:a::7", about: videoBack6).bytes,
            "alice-video", .up),
        Case(
            "about a packet that went up", "access0",
            Datagram.error(from: "10.1.0.5", to: "10.1.0.5", about: video).bytes, .unknownService),
        Case(
            "about another subscriber's packet", "access0",
            Datagram.error(
                from: "10.1.0.5", to: "198.51.100.7",
                about: .udp("198.51.100.7", "10.2.0.5", ports: (5004, 9))
            ).bytes, .notAdmitted),
        Case(
            "from a router behind the subscriber", "access0",
            Datagram.error(from: "10.9.9.9", to: "198.51.100.7", about: videoBack).bytes, .unknownSubscriber),
    ]

    private static func loop() -> Loop {
        Loop(Edges.subscriberEdge) {
            $0.editSession(Slot.aliceVideo) {
                $0.rules = [Rule(ipv4Protocol: .udp, ipv6Protocol: .udp, ports: 5000...5100)]
            }
        }
    }

    @Test(
        "PX-3 RFC 792, RFC 4443 §3: an error is the session's whose packet it quotes, and goes back to its sender",
        arguments: labelCases + tunnelCases + plainCases + accessCases)
    func error(_ expected: Case) {
        let loop = Self.loop()
        let packet = loop.packet(expected.frame, from: expected.port)
        if let reason = expected.reason {
            #expect(packet.disposition == .dropped && packet.dropReason == reason, "\(packet)")
        } else if let (session, direction) = expected.session {
            // Where the neighbour isn't known the slow path asks for it, with all that matters decided.
            let isPassed = packet.disposition == .transmit
            #expect(isPassed || packet.disposition == .punt && packet.punt == .resolve, "\(packet)")
            #expect(packet.counter == loop.counter(session, direction))
        }
    }

    @Test("PX-1 RFC 3032 §2.3.2 what a hop inside the LSP says goes back under the session's own labels")
    func turnedBack() throws {
        let loop = Self.loop()
        let error = Self.about(Self.videoBack)
        let sent = try #require(loop.forward(Self.labelled(error), from: "core0").frame)
        let frame = try #require(Frame(sent))
        #expect(frame.labels.map(\.label.rawValue) == [16001, 100042])
        var expected = error
        expected.ttl = 63
        #expect(frame.datagram == expected)
    }

    @Test("PX-4 RFC 2474 §1: the DSCP of what is quoted is not asked for: who knows which one it began with")
    func codePoint() {
        let loop = Loop(Edges.subscriberEdge) {
            $0.editSession(Slot.aliceVideo) {
                $0.rules = [Rule(ipv4Protocol: .udp, ipv6Protocol: .udp, ports: 5000...5100, dscps: 1 << 46)]
            }
        }
        for quoted in [Self.video, Self.video6] {
            for trafficClass in [0, 46 << 2] as [UInt8] {
                var quoted = quoted
                quoted.trafficClass = trafficClass
                #expect(loop.forward(Self.labelled(Self.about(quoted)), from: "core0").frame != nil)
                let isAdmitted = loop.forward(quoted.bytes, from: "access0").frame != nil
                #expect(isAdmitted == (trafficClass != 0))
            }
        }
        // The rest of the rule holds.
        #expect(
            loop.forward(Self.labelled(Self.about(Self.web)), from: "core0") == .dropped(.innerSourceMismatch)
        )
    }

    @Test(
        "PX-4 an error that is cut off at any byte reads nothing beyond, and is nobody's without a whole header"
    )
    func truncated() {
        let loop = Self.loop()
        for (quoted, header) in [(Self.video, 20), (Self.video6, 40)] {
            for quoting in 0...quoted.byteCount {
                let error = Self.about(quoted, quoting: quoting)
                let outcome = loop.forward(Self.labelled(error), from: "core0")
                #expect(
                    (outcome.frame != nil) == (quoting >= header + 4),
                    "\(quoting) of \(quoted.byteCount) bytes")
            }
            // The message itself.
            let whole = Self.about(quoted)
            for byteCount in 0..<8 {
                var error = whole
                error.payload = Array(whole.payload.prefix(byteCount))
                #expect(
                    loop.forward(Self.labelled(error), from: "core0") == .dropped(.innerSourceMismatch))
            }
        }
    }

    @Test("PX-4 a quoted header that lies about itself is none")
    func lies() {
        let loop = Self.loop()
        let edits: [(Int, UInt8)] = [(0, 0x44), (0, 0x65), (0, 0x4f), (3, 19)]
        for (place, octet) in edits {
            var error = Self.about(Self.video)
            error.payload[8 + place] = octet
            #expect(
                loop.forward(Self.labelled(error), from: "core0") == .dropped(.innerSourceMismatch),
                "\(octet) at \(place)")
        }
        // The quoted checksum is not looked at, nor the error's own.
        var stale = Self.about(Self.video)
        stale.payload[8 + 10] ^= 0xff
        #expect(loop.forward(Self.labelled(stale), from: "core0").frame != nil)
    }

    @Test("PX-1 RFC 6040, RFC 3443: an error is a packet like others: congestion mark and TTL are handed on")
    func likeOthers() throws {
        let loop = Self.loop()
        var error = Self.about(Self.music)
        error.trafficClass = 2
        let frame = Frame.toCore(error.encapsulated("10.0.0.2", "10.0.0.1", trafficClass: 3))
        #expect(loop.forward(frame, from: "core0").frame.flatMap { Datagram($0) }?.trafficClass == 3)
        error.trafficClass = 0
        let marked = Frame.toCore(error.encapsulated("10.0.0.2", "10.0.0.1", trafficClass: 3))
        #expect(loop.forward(marked, from: "core0") == .dropped(.ecnMismatch))
        let labels = [LabelStackEntry(17001, ttl: 9), LabelStackEntry(200042, bottom: true)]
        let down = loop.forward(Frame.toCore(labels, Self.about(Self.video)), from: "core0")
        #expect(down.frame.flatMap { Datagram($0) }?.ttl == 8)
    }
}
