import Packets
import Tables
import Testbed
import Testing
import Wire

/// What the walk over a received label stack makes of each label (RFC 3032, RFC 4182, RFC 5586, RFC 7274).
@Suite("Label stacks") struct LabelStackTests {
    struct Stack: Sendable, CustomStringConvertible {
        let labels: [UInt32]
        /// Nil: it goes to alice, or to bob.
        let reason: DropReason?
        var description: String { "\(labels): \(reason.map { "\($0)" } ?? "passes")" }

        init(_ labels: [UInt32], _ reason: DropReason? = nil) {
            self.labels = labels
            self.reason = reason
        }

        /// The bottom is the last.
        var entries: [LabelStackEntry] {
            labels.enumerated().map { LabelStackEntry($1, bottom: $0 == labels.count - 1) }
        }
    }

    private static let nulls = [UInt32](repeating: 0, count: 8)
    static let stacks =
        [
            // RFC 3032 §2.1 with RFC 4182: an explicit null is popped, and what is below it counts.
            Stack([0, 17001, 200042]), Stack([2, 17001, 200042]), Stack([0, 2, 17001, 200042]),
            Stack([17001, 0, 200042]), Stack([0, 17001, 2, 200042]), Stack([0, 200043]), Stack([2, 200043]),
            Stack([0], .missingUserLabel), Stack([2], .missingUserLabel), Stack([0, 0], .missingUserLabel),
            Stack([17001, 0], .missingUserLabel), Stack([0, 17001], .missingUserLabel),
            Stack([0, 77], .unknownLabel), Stack([0, 200042], .labelOutOfContext),
            Stack([17001, 18000], .unknownLabel),
            // Eight labels are followed.
            Stack(nulls.prefix(6) + [17001, 200042]), Stack(nulls.prefix(7) + [200043]),
            Stack(nulls.prefix(7) + [17001, 200042], .labelStackTooDeep),
            Stack(nulls + [200043], .labelStackTooDeep), Stack([17001] + nulls + [1], .labelStackTooDeep),
            Stack(nulls.prefix(8) + [], .missingUserLabel),
            // RFC 5586: the associated channel, of the link, the tunnel and the session.
            Stack([13], .associatedChannel), Stack([0, 13], .associatedChannel),
            Stack([17001, 13], .associatedChannel), Stack([17001, 200042, 13], .associatedChannel),
            Stack([17001, 200042, 99], .missingBottomOfStack),
        ]
        + ([1] + (3...12) + [14, 15]).flatMap { label in
            [Stack([label], .reservedLabel), Stack([17001, label], .reservedLabel)]
        }

    private func video(to: String = "10.1.0.5") -> Datagram { .udp("198.51.100.7", to, ports: (5004, 9)) }

    @Test("PX-2 a stack ends at a session, or for one reason (RFC 3032 §2.1, RFC 7274 §3)", arguments: stacks)
    func walk(_ stack: Stack) {
        let loop = Loop(Edges.subscriberEdge)
        let isBob = stack.labels.last == 200043
        let outcome = loop.forward(
            Frame.toCore(stack.entries, video(to: isBob ? "10.2.0.5" : "10.1.0.5")), from: "core0")
        guard let reason = stack.reason else {
            if isBob {
                #expect(outcome == .punted(.resolve))
            } else {
                guard case .sent("access0", _, let counter, _) = outcome else {
                    Issue.record("\(outcome)")
                    return
                }
                #expect(counter == loop.counter("alice-video", .down))
            }
            return
        }
        #expect(outcome == .dropped(reason))
    }

    @Test("PX-2 a stack that the frame ends in is truncated, wherever (RFC 3032 §2.1)")
    func truncated() {
        let loop = Loop(Edges.subscriberEdge)
        let stack = Stack([0, 17001, 2, 200042])
        let frame = Frame.toCore(stack.entries, video())
        for byteCount in 14..<14 + 16 {
            #expect(
                loop.forward(Array(frame.prefix(byteCount)), from: "core0") == .dropped(.truncatedLabelStack),
                "\(byteCount) bytes")
        }
        #expect(loop.forward(Array(frame.prefix(30)), from: "core0") == .dropped(.truncatedIPv4))
    }

    @Test(
        "PX-1 the topmost label's TTL counts, be it a null's (RFC 3443 §3.4)", arguments: [UInt8(2), 9, 255])
    func topmostTTL(ttl: UInt8) throws {
        let labels = [
            LabelStackEntry(0, ttl: ttl), LabelStackEntry(17001, ttl: 77),
            LabelStackEntry(200042, ttl: 78, bottom: true),
        ]
        let frame = Frame.toCore(labels, video())
        let sent = try #require(Loop(Edges.subscriberEdge).forward(frame, from: "core0").frame)
        #expect(Datagram(sent)?.ttl == ttl - 1)
    }

    @Test("PX-2 no special-purpose label is anybody's on an access port")
    func accessPort() {
        let frame = Frame(
            to: Edges.accessMAC, from: Edges.bobMAC, .mpls,
            labels: [LabelStackEntry(0), LabelStackEntry(18000, bottom: true)], video().bytes)
        #expect(
            Loop(Edges.subscriberEdge).forward(frame.bytes, from: "access1") == .dropped(.labelOutOfContext))
    }

    // MARK: TTL that is used up

    private func expiring(_ labels: [UInt32], ttl: UInt8, to: String = "10.1.0.5") -> [UInt8] {
        let entries = labels.enumerated().map {
            LabelStackEntry($1, ttl: $0 == 0 ? ttl : 64, bottom: $0 == labels.count - 1)
        }
        return Frame.toCore(entries, video(to: to))
    }

    @Test(
        "PX-4 a tunnel's label whose TTL is used up is answered, with the stack and the session known (RFC 3032 §2.4.2)",
        arguments: [UInt8(0), 1])
    func expires(ttl: UInt8) {
        let loop = Loop(Edges.subscriberEdge)
        for (labels, to, session) in [
            ([17001, 200042], "10.1.0.5", "alice-video"), ([0, 17001, 200042], "10.1.0.5", "alice-video"),
            ([200043], "10.2.0.5", "bob-video"),
        ] as [([UInt32], String, String)] {
            let frame = expiring(labels, ttl: ttl, to: to)
            let packet = loop.packet(frame, from: "core0")
            #expect(packet.disposition == .punt && packet.punt == .labelTTLExpired)
            #expect(packet.networkOffset == 14)
            #expect(packet.counter == loop.counter(session, .down))
            #expect(Int(packet.byteCount) == frame.count)
        }
    }

    @Test("PX-4 where senders aren't told, it is dropped; and so is what has no business in the tunnel")
    func expiresUnheard() {
        let silent = Loop(Edges.subscriberEdge) { $0.editPort(Slot.core0) { $0.sendsErrors = false } }
        #expect(
            silent.forward(expiring([17001, 200042], ttl: 1), from: "core0") == .dropped(.ttlExpired))
        let loop = Loop(Edges.subscriberEdge)
        #expect(
            loop.forward(expiring([17001, 200042], ttl: 1, to: "10.2.0.5"), from: "core0")
                == .dropped(.innerDestinationMismatch))
        #expect(loop.forward(expiring([17001, 77], ttl: 1), from: "core0") == .dropped(.unknownLabel))
    }

    // MARK: VLANs of lines

    @Test("PX-2 a line's tunnels come under its tags; transit labels under any (IEEE 802.1Q)")
    func tags() {
        for (tags, due) in [([7], [7]), ([100, 7], [100, 7]), ([], [])] as [([UInt16], [UInt16])] {
            let loop = Loop(Edges.subscriberEdge) {
                $0.editTunnel(Slot.acmeNorth) { $0.tags = due }
                $0.editTunnel(Slot.acmePipe) { $0.tags = due }
                $0.editTunnel(Slot.betaWest) { $0.tags = due }
            }
            let path = [LabelStackEntry(17001), LabelStackEntry(200042, bottom: true)]
            let alone = [LabelStackEntry(200043, bottom: true)]
            let music = Datagram.udp("203.0.113.9", "10.1.0.5").encapsulated("10.0.0.2", "10.0.0.1")
            #expect(loop.forward(Frame.toCore(path, video(), tags: tags), from: "core0").frame != nil)
            #expect(
                loop.forward(Frame.toCore(alone, video(to: "10.2.0.5"), tags: tags), from: "core0")
                    == .punted(.resolve))
            #expect(loop.forward(Frame.toCore(music, tags: tags), from: "core0").frame != nil)
            for wrong in [[8], [100, 8], [7, 100], []] as [[UInt16]] where wrong != due {
                for frame in [
                    Frame.toCore(path, video(), tags: wrong), Frame.toCore(alone, video(), tags: wrong),
                    Frame.toCore(music, tags: wrong),
                ] {
                    #expect(loop.forward(frame, from: "core0") == .dropped(.wrongVLAN), "\(wrong) for \(due)")
                }
                let transit = [LabelStackEntry(18000, bottom: true)]
                #expect(loop.forward(Frame.toCore(transit, video(), tags: wrong), from: "core0").frame != nil)
            }
        }
    }

    // MARK: Traffic class and DSCP

    @Test("PX-1 the topmost label's traffic class becomes the DSCP where a map has it (RFC 3270 §2.6)")
    func innerClass() throws {
        let loop = Loop(Edges.subscriberEdge) {
            $0.editTunnel(Slot.acmeNorth) { $0.innerClass = .map([0, 64, 64, 64, 64, 46, 64, 56]) }
        }
        for (null, path, after) in [(0, 3, 0), (1, 5, 0x2e), (5, 0, 46), (7, 5, 56)]
            as [(UInt8, UInt8, UInt8)]
        {
            var datagram = video()
            datagram.trafficClass = 0x2e << 2 | 2
            let labels = [
                LabelStackEntry(0, trafficClass: null), LabelStackEntry(17001, trafficClass: path),
                LabelStackEntry(200042, trafficClass: 5, bottom: true),
            ]
            let sent = try #require(loop.forward(Frame.toCore(labels, datagram), from: "core0").frame)
            // `Datagram` also looks at the checksum.
            #expect(Datagram(sent)?.trafficClass == after << 2 | 2)
        }
    }
}
