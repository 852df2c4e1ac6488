import Testbed
import Testing
import Wire

/// RFC 6040 in normal mode: the ECN field on its way into a tunnel and out of it.
@Suite("ECN through IP-in-IP") struct CongestionTests {
    struct Row: Sendable, CustomStringConvertible {
        let inner: ECN
        let outer: ECN
        /// Nil: dropped.
        let forwarded: ECN?
        var description: String { "\(inner) inside \(outer)" }
    }

    /// RFC 6040 §4.2, figure 4.
    static let decapsulation: [Row] = [
        (.notECT, [.notECT, .notECT, .notECT, nil]), (.ect0, [.ect0, .ect0, .ect1, .ce]),
        (.ect1, [.ect1, .ect1, .ect1, .ce]), (.ce, [.ce, .ce, .ce, .ce]),
    ].flatMap { (inner: ECN, row: [ECN?]) in
        zip([ECN.notECT, .ect0, .ect1, .ce], row).map { Row(inner: inner, outer: $0, forwarded: $1) }
    }

    @Test(
        "CD-5 decapsulation: every inner field under every outer one", arguments: decapsulation,
        ["203.0.113.9", "2001:db8:b::9"])
    func decapsulates(_ row: Row, from service: String) throws {
        let isIPv4 = !service.contains(":")
        var inner = Datagram.udp(service, isIPv4 ? "10.1.0.5" : "2001:db8:1:5::9")
        inner.trafficClass = 0xb8 | row.inner.rawValue
        var outer = Datagram.udp("10.0.0.2", "10.0.0.1")
        outer.protocol = isIPv4 ? .ipv4 : .ipv6
        outer.trafficClass = row.outer.rawValue
        outer.payload = inner.bytes
        let frame = Frame(to: Edges.subscriberMAC, from: Edges.providerMAC, outer)
        let outcome = Loop(Edges.subscriberEdge).forward(frame.bytes, from: "core0")
        guard let forwarded = row.forwarded else {
            #expect(outcome == .dropped(.ecnMismatch))
            return
        }
        let datagram = try #require(outcome.frame.flatMap { Datagram($0) })
        #expect(datagram.trafficClass == 0xb8 | forwarded.rawValue)
        #expect(datagram.payload == inner.payload)
    }

    @Test(
        "CD-5 encapsulation: the outer field is the inner one",
        arguments: [ECN.notECT, .ect0, .ect1, .ce],
        [("10.1.0.5", "203.0.113.9"), ("2001:db8:1:5::9", "2001:db8:b::9")])
    func encapsulates(_ ecn: ECN, _ ends: (String, String)) throws {
        var inner = Datagram.udp(ends.0, ends.1)
        inner.trafficClass = 0x48 | ecn.rawValue
        let sent = try #require(Loop(Edges.subscriberEdge).forward(inner.bytes, from: "access0").frame)
        let outer = try #require(Frame(sent)?.datagram)
        #expect(outer.trafficClass == 0x48 | ecn.rawValue)
        #expect(Datagram(outer.payload)?.trafficClass == 0x48 | ecn.rawValue)
    }
}
