import Tables
import Testing
import Wire

@Suite("Memory") struct MemoryTests {
    /// 100,000 subscribers with an address and a session each: labels up, and down by a user label.
    private static let count: UInt32 = 100_000

    private static let foundation: [TableObject] = [
        .port(PortObject(slot: 0, name: "access0", medium: .tun(interface: "t"), role: .access)),
        .port(PortObject(slot: 1, name: "core0", medium: .packet(interface: "c"), role: .network)),
        .tunnel(
            TunnelObject(
                slot: TunnelIndex(rawValue: 0), port: 1,
                end: .mpls(receive: Label(unchecked: 16), handsOnTTL: false))),
        .service(
            ServiceObject(
                slot: ServiceIndex(rawValue: 0),
                prefixes: [IPPrefix(covering: .v4(IPv4Address(rawValue: 0xc633_6400)), bitCount: 24)])),
    ]

    private static func objects(_ number: UInt32, path: UInt32) -> [TableObject] {
        let subscriber = SubscriberObject(
            slot: SubscriberIndex(rawValue: number), port: 0, tags: [],
            prefixes: [IPPrefix(.v4(IPv4Address(rawValue: 0x0a00_0000 + number)))])
        let tunnel = TunnelIndex(rawValue: 0)
        let labels = [path, 100_000 + number].map {
            LabelStackEntry(label: Label(unchecked: $0), trafficClass: 0, isBottomOfStack: false, ttl: 64)
        }
        let session = SessionObject(
            slot: SessionIndex(rawValue: number), session: UInt64(number), leg: 1,
            subscriber: subscriber.slot,
            service: ServiceIndex(rawValue: 0), rules: [],
            up: SessionWay(
                arrival: Arrival(port: 0), nextHop: NextHop(port: 1, address: .v4(IPv4Address(rawValue: 9))),
                push: .labels(labels, []), tunnel: tunnel, maximumInnerByteCount: 1492),
            down: SessionWay(
                arrival: Arrival(tunnel: tunnel),
                userLabel: SessionWay.UserLabel(
                    context: .tunnel(tunnel), label: Label(unchecked: 200_000 + number)),
                nextHop: NextHop(port: 0), push: .nothing, maximumInnerByteCount: nil))
        return [.subscriber(subscriber), .session(session)]
    }

    @Test(
        "A session takes less than 256 bytes of what packets go through; what a transaction took beside it comes back"
    )
    func bytesPerSession() throws {
        let tables = ForwardingTables()
        func take(_ changes: [Transaction.Change], _ number: UInt64) throws -> Int {
            try tables.stage(Transaction(number: number, changes: changes))
            _ = tables.publish()
            tables.settle()
            return tables.byteCount
        }
        let empty = try take(Self.foundation.map { .set($0) }, 1)
        let all = (0..<Self.count).flatMap { Self.objects($0, path: 17) }
        let full = try take(all.map { .set($0) }, 2)
        // Packets and bytes of both directions, in the counters' file.
        let counters = 32
        let each = Double(full - empty) / Double(Self.count) + Double(counters)
        #expect(each < 256 && each > 200, "\(each) bytes a session")

        // Another path label for everybody: both sides of every session stood at once.
        let changed = (0..<Self.count).flatMap { Self.objects($0, path: 18) }
        let again = try take(changed.map { .set($0) }, 3)
        // But for pages in chunks that are in use again: twice over it would be 20 MB more.
        #expect(again < full + 8 << 20, "\(again) bytes after \(full)")

        let keys = all.map(\.key)
        let rest = try take(keys.map { .remove($0) }, 4)
        // Records of sessions stay where they are, for those that get their slots.
        #expect(rest - empty < 180 * Int(Self.count), "\(rest) bytes after \(full)")
        #expect(try take(changed.map { .set($0) }, 5) < full + 8 << 20)
    }
}
