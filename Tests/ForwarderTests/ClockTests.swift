import Packets
import Tables
import Testbed
import Testing
import Wire

@testable import Forwarder

/// A live worker's packets are stamped with the time of day, which may be set: here by an hour, and nothing may grow old by
/// that, nor stay young.
@Suite("Clocks that are set") struct ClockTests {
    private static let second: UInt64 = 1_000_000_000
    private static let hour: UInt64 = 3600 * second
    /// The time of day before it is set.
    private static let day: UInt64 = 1000 * hour

    /// A clock that never goes back.
    private final class Steady {
        var now: UInt64 = 100 * ClockTests.second
    }

    private let steady = Steady()
    private let node: Node
    private let news = "10.0.1.130"

    init() {
        let steady = steady
        node = Node(clock: { steady.now })
    }

    private func answer() -> [UInt8] {
        Station.arp(.reply, from: news, at: Station.newsMAC, for: "10.0.1.1")
    }

    /// Lets so many seconds pass, with the time of day set to something, and does what is due each second.
    /// - Returns: how many questions were asked by core1.
    private func pass(seconds: UInt64, dayIs day: UInt64) -> Int {
        for _ in 0..<seconds {
            steady.now += Self.second
            node.worker.confirmNeighbours(at: day)
        }
        return node["core1"].takeSent().count { Frame($0.bytes)?.etherType == .arp }
    }

    private func learnNeighbour() {
        node.pass([Station.news(news)], "access0", to: "core1", at: Self.day)
        #expect(node.pass([answer()], "core1", to: "core1", at: Self.day).count == 1)
        // Our own addresses have been announced by then.
        _ = pass(seconds: 5, dayIs: Self.day)
    }

    @Test("RFC 1122 §2.3.2.1: set forward, neighbours are neither asked for nor forgotten at once")
    func neighbourForward() {
        learnNeighbour()
        #expect(pass(seconds: 5, dayIs: Self.day + Self.hour) == 0)
        let later = Self.day + Self.hour
        #expect(node.pass([Station.news(news)], "access0", to: "core1", at: later).count == 1)
    }

    @Test("RFC 1122 §2.3.2.1: set back, neighbours are asked for, and forgotten, as ever")
    func neighbourBack() {
        learnNeighbour()
        let earlier = Self.day - Self.hour
        #expect(pass(seconds: 20, dayIs: earlier) == 1)
        #expect(pass(seconds: 60, dayIs: earlier) > 0)
        // Its packet waits again, behind a question.
        let sent = node.pass([Station.news(news)], "access0", to: "core1", at: earlier)
        #expect(sent.count == 1 && Frame(sent[0])?.etherType == .arp)
        #expect(node.report.balances)
    }

    @Test("RFC 1122 §2.3.2.2: a packet waits three seconds, whatever the clock", arguments: [true, false])
    func waiting(isForward: Bool) {
        node.pass([Station.news(news)], "access0", to: "core1", at: Self.day)
        let day = isForward ? Self.day + Self.hour : Self.day - Self.hour
        _ = pass(seconds: 2, dayIs: day)
        #expect(node.dropCount(.neighbourUnresolved) == 0)
        _ = pass(seconds: 1, dayIs: day)
        #expect(node.dropCount(.neighbourUnresolved) == 1)
        #expect(node.report.balances)
    }

    @Test("A question is asked again after a second, however the clock is set", arguments: [true, false])
    func questions(isForward: Bool) {
        #expect(node.pass([Station.news(news)], "access0", to: "core1", at: Self.day).count == 1)
        let day = isForward ? Self.day + Self.hour : Self.day - Self.hour
        #expect(node.pass([Station.news(news)], "access0", to: "core1", at: day).isEmpty)
        steady.now += Self.second
        #expect(node.pass([Station.news(news)], "access0", to: "core1", at: day).count == 1)
    }

    @Test("RFC 1191 §6.3: a path MTU holds ten minutes, however the clock is set", arguments: [true, false])
    func pathMTU(isForward: Bool) {
        let tunnel = TunnelIndex(rawValue: 2)
        let (slowPath, tables) = (node.worker.slowPath, node.worker.tables)
        slowPath.pathMTUs.learn(1000, of: tunnel, tables, at: steady.now)
        let day = isForward ? Self.day + Self.hour : Self.day - Self.hour
        _ = pass(seconds: 599, dayIs: day)
        #expect(tables.pathMTU(of: tunnel) == 1000)
        _ = pass(seconds: 1, dayIs: day)
        #expect(tables.pathMTU(of: tunnel) == nil)
    }

    @Test("The limits of a second hold, however the clock is set within it")
    func limits() {
        var dying = Datagram.udp("10.1.0.5", "198.51.100.7")
        dying.ttl = 1
        let flood = [[UInt8]](repeating: dying.bytes, count: 1500)
        #expect(node.pass(flood, "access0", to: "access0", at: Self.day).count == 1000)
        #expect(node.pass(flood, "access0", to: "access0", at: Self.day - Self.hour).isEmpty)
    }
}
