import Exchange
import Offline
import Packets
import Testbed
import Testing
import Wire

/// What an explanation says, word for word.
@Suite struct ExplanationTests {
    /// The name of a packet in the table, and its explanation behind the heading.
    static let texts: [(name: String, text: String)] = [
        (
            "ping from alice to video",
            """
            parsed      IPv4 10.1.0.5 → 198.51.100.10, icmp, TTL 64, 28 bytes
            subscriber  alice
            service     acme-video
            session     alice-video, up
            admission   rule 3 of 3 admits it: icmp
            conversion  push 16001 (path of tunnel acme-north) and 100042 (user), TTL 63, TC 0
            leaves      core0 over line north, next hop 10.0.0.2 (02:00:00:00:00:02), 50 bytes
            counted     1 packet, 28 bytes of IP, to alice-video, up
            outcome     forwarded
            """
        ),
        (
            "video to alice",
            """
            frame       02:00:00:00:00:02 → 02:00:00:00:00:0a, MPLS
            path label  17001 of tunnel acme-north, TC 0, TTL 61
            user label  200042 of session alice-video, TC 0, TTL 61, bottom of stack
            inside      IPv4 198.51.100.10 → 10.1.0.5, tcp, TTL 64, 40 bytes
            subscriber  alice
            service     acme-video
            session     alice-video, down
            admission   rule 2 of 3 admits it: tcp 443
            TTL         61, of the label: written into what stood below it, instead of 64
            conversion  bare IP, TTL 60
            leaves      access0 (tun wl-access0), 40 bytes
            counted     1 packet, 40 bytes of IP, to alice-video, down
            outcome     forwarded
            """
        ),
        (
            "music to alice, congested",
            """
            frame       02:00:00:00:00:02 → 02:00:00:00:00:0b, IPv4
            parsed      IPv4 192.0.2.9 → 10.0.1.1, ipv4, TTL 60, 48 bytes
            tunnel      acme-west
            inside      IPv4 203.0.113.40 → 10.1.0.5, udp, TTL 64, 28 bytes
            subscriber  alice
            service     acme-music
            session     alice-music, down
            congestion  CE outside: the packet, ECT(0), goes on as CE
            admission   the whole service: the condition has no rules
            conversion  bare IP, TTL 63
            leaves      access0 (tun wl-access0), 28 bytes
            counted     1 packet, 28 bytes of IP, to alice-music, down
            outcome     forwarded
            """
        ),
        (
            "a next hop that isn't known",
            """
            parsed      IPv4 10.1.0.5 → 203.0.113.40, udp, TTL 64, 28 bytes
            subscriber  alice
            service     acme-music
            session     alice-music, up
            admission   the whole service: the condition has no rules
            conversion  into IPv4 10.0.1.1 → 192.0.2.9 (tunnel acme-west), TTL 64, DSCP 0, Not-ECT, DF clear
            leaves      core1 over line west, next hop 10.0.1.2, which isn't among the file's neighbours: assumed to \
            answer, 62 bytes
            counted     1 packet, 28 bytes of IP, to alice-music, up
            outcome     forwarded
            """
        ),
        (
            "1500 bytes, to be fragmented",
            """
            parsed      IPv4 10.1.0.5 → 198.51.100.10, tcp, TTL 64, 1500 bytes
            subscriber  alice
            service     acme-video
            session     alice-video, up
            admission   rule 2 of 3 admits it: tcp 443
            fragments   2, of at most 1492 bytes each
            conversion  push 16001 (path of tunnel acme-north) and 100042 (user), TTL 63, TC 0
            leaves      core0 over line north, next hop 10.0.0.2 (02:00:00:00:00:02), 2 frames of 1514 and 50 bytes
            counted     2 packets, 1520 bytes of IP, to alice-video, up
            outcome     forwarded
            """
        ),
        (
            "swap",
            """
            frame       02:00:00:00:00:02 → 02:00:00:00:00:0a, MPLS
            label       16100 in the label table, TC 0, TTL 61
            conversion  swap 16100 for 16200, TTL 60, TC 0
            leaves      core0 over line north, next hop 10.0.0.2 (02:00:00:00:00:02), 62 bytes
            outcome     forwarded
            """
        ),
        (
            "a port that no rule has",
            """
            parsed      IPv4 10.1.0.5 → 198.51.100.10, tcp, TTL 64, 40 bytes
            subscriber  alice
            service     acme-video
            session     alice-video, up
            admission   none of 3 rules admits it
            outcome     dropped: notAdmitted
            why         The conditions of alice for acme-video allow tcp 80, tcp 443 and icmp; this packet is tcp to \
            port 22.
            remedy      Write `{ protocol: tcp, ports: [22] }` into the `allow` of that condition.
            """
        ),
        (
            "a condition without a session",
            """
            parsed      IPv4 10.1.0.6 → 203.0.113.40, tcp, TTL 64, 40 bytes
            subscriber  bob
            service     acme-music
            session     none
            outcome     dropped: notAdmitted
            why         A condition lets bob use acme-music, but no session of theirs is open.
            remedy      Write a session with `subscriber: bob, service: acme-music` and its two legs into `sessions`.
            """
        ),
        (
            "1500 bytes, DF set",
            """
            parsed      IPv4 10.1.0.5 → 198.51.100.10, tcp, TTL 64, 1500 bytes
            subscriber  alice
            service     acme-video
            session     alice-video, up
            admission   rule 2 of 3 admits it: tcp 443
            outcome     dropped: tooBig
            why         The packet has 1500 bytes, and tunnel acme-north takes 1492 (1500 on line north, less 8 that \
            the tunnel adds); DF forbids fragments.
            remedy      Send at most 1492 bytes, or write `mtu: 1508` into line north if it takes that.
            answer      access0: ICMP too big (fragmentation needed, MTU 1492), 10.1.0.1 → 10.1.0.5, 576 bytes
            """
        ),
        (
            "hop limit 1",
            """
            parsed      IPv6 2001:db8:1:5::25 → 2001:db8:a::80, tcp, hop limit 1, 60 bytes
            subscriber  alice
            service     acme-video
            session     alice-video, up
            admission   rule 1 of 3 admits it: tcp 80
            outcome     dropped: ttlExpired
            why         The packet came with hop limit 1: a router takes one off, and none is left to go on with.
            remedy      Send it with a hop limit of 2 at least.
            answer      access0: ICMPv6 time exceeded, 2001:db8:1::1 → 2001:db8:1:5::25, 108 bytes
            """
        ),
        (
            "an error about alice's packet",
            """
            frame       02:00:00:00:00:02 → 02:00:00:00:00:0a, MPLS
            path label  17001 of tunnel acme-north, TC 0, TTL 61
            user label  200042 of session alice-video, TC 0, TTL 61, bottom of stack
            inside      IPv4 192.0.2.77 → 10.1.0.5, icmp, TTL 64, 68 bytes
            subscriber  alice
            service     none
            quotes      IPv4 10.1.0.5 → 198.51.100.10, tcp
            admission   rule 2 of 3 admits the quoted packet: tcp 443
            related     an error about a packet of session alice-video, to who sent it: goes down
            TTL         61, of the label: written into what stood below it, instead of 64
            conversion  bare IP, TTL 60
            leaves      access0 (tun wl-access0), 68 bytes
            counted     1 packet, 68 bytes of IP, to alice-video, down
            outcome     forwarded
            """
        ),
        (
            "an error about a packet that no rule has",
            """
            frame       02:00:00:00:00:02 → 02:00:00:00:00:0a, MPLS
            path label  17001 of tunnel acme-north, TC 0, TTL 61
            user label  200042 of session alice-video, TC 0, TTL 61, bottom of stack
            inside      IPv4 192.0.2.77 → 10.1.0.5, icmp, TTL 64, 68 bytes
            subscriber  alice
            service     none
            quotes      IPv4 10.1.0.5 → 198.51.100.10, tcp
            admission   none of 3 rules admits the quoted packet
            outcome     dropped: innerSourceMismatch
            why         User label 200042 is that of session alice-video, so the source must be an address of service \
            acme-video; 192.0.2.77 belongs to nobody in the file.
            remedy      Send it with the label of its own session, or write the address where it belongs.
            """
        ),
        (
            "an error from inside the tunnel",
            """
            frame       02:00:00:00:00:02 → 02:00:00:00:00:0a, MPLS
            path label  17001 of tunnel acme-north, TC 0, TTL 61
            user label  200042 of session alice-video, TC 0, TTL 61, bottom of stack
            inside      IPv4 192.0.2.77 → 198.51.100.10, icmp, TTL 64, 68 bytes
            subscriber  none
            service     none
            quotes      IPv4 198.51.100.10 → 10.1.0.5, tcp
            admission   rule 2 of 3 admits the quoted packet: tcp 443
            related     an error about a packet of session alice-video, from a hop inside the tunnel, turned back to who \
            sent it: goes up
            TTL         61, of the label: written into what stood below it, instead of 64
            conversion  push 16001 (path of tunnel acme-north) and 100042 (user), TTL 60, TC 0
            leaves      core0 over line north, next hop 10.0.0.2 (02:00:00:00:00:02), 90 bytes
            counted     1 packet, 68 bytes of IP, to alice-video, up
            outcome     forwarded
            """
        ),
        (
            "a transit label below a null",
            """
            frame       02:00:00:00:00:02 → 02:00:00:00:00:0a, MPLS
            label       0, explicit null: popped, TC 0, TTL 61
            label       16100 in the label table, TC 0, TTL 61, bottom of stack
            conversion  swap 16100 for 16200, TTL 60, TC 0
            leaves      core0 over line north, next hop 10.0.0.2 (02:00:00:00:00:02), 58 bytes
            outcome     forwarded
            """
        ),
        (
            "the session's associated channel",
            """
            frame       02:00:00:00:00:02 → 02:00:00:00:00:0a, MPLS
            path label  17001 of tunnel acme-north, TC 0, TTL 61
            user label  200042 of session alice-video, TC 0, TTL 61
            label       13, without a meaning here, TC 0, TTL 61, bottom of stack
            outcome     dropped: associatedChannel
            why         Label 13 announces a message of the associated channel of session alice-video (RFC 5586), such as a \
            continuity check; nobody here listens to it.
            """
        ),
        (
            "a tag on a tunnel",
            """
            frame       02:00:00:00:00:02 → 02:00:00:00:00:0a, VLAN 7, MPLS
            path label  17001 of tunnel acme-north, TC 0, TTL 61
            outcome     dropped: wrongVLAN
            why         Frames of tunnel acme-north come untagged (line north), and the frame came on VLAN 7.
            remedy      If the frame is right, change the `vlan` of line north.
            """
        ),
        (
            "ARP for us",
            """
            frame       02:00:00:00:00:02 → ff:ff:ff:ff:ff:ff, ARP
            parsed      ARP request of 10.0.0.2: who has 10.0.0.1?
            outcome     consumed by this node
            answer      core0: ARP reply: 10.0.0.1 is at 02:00:00:00:00:0a, 42 bytes
            """
        ),
        (
            "ping to us",
            """
            parsed      IPv4 10.1.0.5 → 10.1.0.1, icmp, TTL 64, 28 bytes
            outcome     consumed by this node
            answer      access0: ICMP echo reply, 10.1.0.1 → 10.1.0.5, 28 bytes
            """
        ),
        (
            "bare IP where the tunnel is due",
            """
            frame       02:00:00:00:00:02 → 02:00:00:00:00:0a, IPv4
            parsed      IPv4 198.51.100.10 → 10.1.0.5, tcp, TTL 64, 40 bytes
            subscriber  alice
            service     acme-video
            session     alice-video, down
            outcome     dropped: wrongLeg
            why         Down packets of session alice-video arrive by tunnel acme-north; this one came by port core0.
            remedy      If it came the right way, change the `network` leg of session alice-video.
            """
        ),
    ]

    @Test("the steps of a packet in words", arguments: texts)
    func text(name: String, text: String) throws {
        let packet = try ExpectedPacket.named(name)
        let explanation = try Explanation(try edgeDescription(), port: packet.port, packet: packet.bytes())
        let lines = explanation.text().split(separator: "\n", maxSplits: 1)
        #expect(lines.count == 2)
        #expect(lines.last.map(String.init) == text)
    }

    @Test("the heading names port, medium and side") func heading() throws {
        let ping = try ExpectedPacket.named("ping from alice to video")
        let explanation = try Explanation(try edgeDescription(), port: ping.port, packet: ping.bytes())
        #expect(explanation.heading == "access0 (tun wl-access0, access side): 28 bytes")
    }

    @Test("an unknown next hop is assumed only if it may be") func assumption() throws {
        let packet = try ExpectedPacket.named("a next hop that isn't known")
        let exchange = try edgeDescription()
        let assuming = try Explanation(exchange, port: packet.port, packet: packet.bytes())
        #expect(assuming.outcome == .forwarded)
        #expect(assuming.assumedNeighbour == IPAddress("10.0.1.2"))
        let asking = try Explanation(
            exchange, port: packet.port, packet: packet.bytes(), assumingNeighbours: false)
        #expect(asking.outcome == .dropped(.neighbourUnresolved))
        #expect(asking.assumedNeighbour == nil)
        let asks = asking.lines.filter { $0.subject == "asks" }.map(\.text)
        #expect(asks == ["core1: ARP request of 10.0.1.1: who has 10.0.1.2?, 42 bytes"])
    }

    @Test("hex shows the frame that leaves") func hex() throws {
        let packet = try ExpectedPacket.named("swap")
        let explanation = try Explanation(try edgeDescription(), port: packet.port, packet: packet.bytes())
        // 16200, class 0, S clear, TTL 60, and below it 300 as it came.
        let frame = "020000000002" + "02000000000a" + "8847" + "03f4803c" + "0012c13d"
        #expect(explanation.text(hex: true).contains("\nframe out   core0: \(frame)4500"))
        #expect(!explanation.text().contains("frame out"))
    }

    @Test("JSON holds steps, outcome and frames") func json() throws {
        let exchange = try edgeDescription()
        let refused = try ExpectedPacket.named("a port that no rule has")
        let json = try Explanation(exchange, port: refused.port, packet: refused.bytes()).json
        #expect(
            json == """
                {"port":"access0","steps":[{"step":"ipv4","source":"10.1.0.5","destination":"198.51.100.10",\
                "protocol":6,"ttl":64,"bytes":40},{"step":"subscriber","name":"alice"},{"step":"service",\
                "name":"acme-video"},{"step":"session","session":"alice-video","direction":"up"},\
                {"step":"transport","protocol":6,"laterFragment":false},{"step":"servicePort","port":22},\
                {"step":"servicePort","port":22},{"step":"admission","rule":null,"rules":3}],"outcome":"dropped",\
                "reason":"notAdmitted","why":"The conditions of alice for acme-video allow tcp 80, tcp 443 and icmp; \
                this packet is tcp to port 22.","remedy":"Write `{ protocol: tcp, ports: [22] }` into the `allow` of \
                that condition.","frames":[]}
                """)
    }

    @Test("an IP packet on an Ethernet port, and the reverse, are recognised")
    func wrongLink() throws {
        let exchange = try edgeDescription()
        let bare = try ExpectedPacket.named("ping from alice to video").bytes()
        let framed = try ExpectedPacket.named("video to alice").bytes()
        for (port, packet, hint) in [
            ("core0", bare, "look like a bare IP packet"), ("access0", framed, "look like an Ethernet frame"),
        ] {
            let explanation = try Explanation(exchange, port: port, packet: packet)
            #expect(explanation.lines.contains { $0.subject == "remedy" && $0.text.contains(hint) })
        }
    }

    @Test(
        "no advice names a VLAN that can't be written", arguments: [([0, 0xfff], false), ([7, 300], true)])
    func unwritableVLAN(tags: [UInt16], isWritable: Bool) throws {
        let exchange = try edgeDescription()
        var packet = try ExpectedPacket.named("carol without her tag").bytes()
        packet.insert(
            contentsOf: tags.flatMap { [0x81, 0x00, UInt8($0 >> 8), UInt8($0 & 0xff)] }, at: 12)
        let explanation = try Explanation(exchange, port: "access1", packet: packet)
        #expect(explanation.outcome == .dropped(.wrongVLAN))
        let remedy = try #require(explanation.lines.first { $0.subject == "remedy" }).text
        #expect(remedy.contains("write `vlan: [7, 300]` into") == isWritable)
        #expect(remedy.contains("`vlan:") == isWritable)
    }

    @Test("PX-4 a tunnel's outer addresses on another port are told apart from strange ones")
    func tunnelOnAnotherPort() throws {
        let text = Edges.subscriberEdge
        let inner = Datagram.udp("203.0.113.9", "10.1.0.5")
        var outer = Datagram.udp("10.0.0.2", "10.0.0.1")
        outer.protocol = .ipv4
        outer.payload = inner.bytes
        let frame = Frame(to: Edges.subscriberMAC1, from: Edges.bobMAC, outer).bytes
        let explanation = try Explanation(Edges.describe(text), port: "core1", packet: frame)
        #expect(explanation.outcome == .dropped(.unknownTunnelEndpoint))
        let why = try #require(explanation.lines.first { $0.subject == "why" }).text
        #expect(why.contains("Tunnel beta-west") && why.contains("over port core0 (line slow)"))
    }

    @Test("an unknown port is refused, and those there are listed") func unknownPort() throws {
        let exchange = try edgeDescription()
        let expected = Rejection(
            "there is no port 'acces0'; the exchange has access0, access1, core0, core1")
        #expect(throws: expected) { _ = try Explanation(exchange, port: "acces0", packet: [0x45]) }
    }
}
