import Glibc
import Packets
import Testbed
import Testing

@Suite("Hostile input") struct HostileInputTests {
    static let ports = ["access0", "access1", "core0", "core1"]
    private static let canary: UInt8 = 0xc5

    @Test(
        "PX-4 whatever comes in has one outcome, and is read and written only where it lies",
        arguments: ports,
        SeededGenerator.seeds)
    func staysInItsSlot(_ port: String, seed: UInt64) {
        let loop = Loop(Edges.subscriberEdge)
        var hostile = HostilePackets(port: port, seed: seed)
        let vector = PacketVector(capacity: 3, slotByteCount: 512)
        var outcomes = (sent: 0, punted: 0, dropped: 0)
        for _ in 0..<3000 {
            let frame = Array(hostile.next().prefix(vector.maximumFrameByteCount))
            let place = hostile.generator.number(0...2)
            fill(vector, with: frame, at: place)
            let before = vector[place]
            loop.forward(vector, from: loop.port(port))
            switch vector[place].disposition {
            case .transmit: outcomes.sent += 1
            case .punt: outcomes.punted += 1
            case .dropped: outcomes.dropped += 1
            case .undecided, .forwarded, .waiting, .consumed:
                Issue.record("\(frame) is \(vector[place].disposition)")
            }
            if let fault = fault(vector, place, frame, before) {
                Issue.record("\(fault): \(frame) became \(vector[place])")
                return
            }
        }
        // Otherwise the generator is dull, and the test says little.
        #expect(outcomes.dropped > 300 && outcomes.sent + outcomes.punted > 300, "\(outcomes)")
    }

    /// Three slots full of canaries; one has a frame, the others' packets are dropped already.
    private func fill(_ vector: PacketVector, with frame: [UInt8], at place: Int) {
        vector.removeAll()
        vector.arena.initializeMemory(as: UInt8.self, repeating: Self.canary, count: vector.arenaByteCount)
        for slot in 0..<3 {
            if slot == place {
                frame.withUnsafeBytes { vector.append($0, timestamp: 0) }
            } else {
                vector.appendDropped(.oversized, timestamp: 0)
            }
        }
    }

    /// What is wrong with the arena or the descriptor afterwards; nil if nothing.
    private func fault(_ vector: PacketVector, _ place: Int, _ frame: [UInt8], _ before: Packet) -> String? {
        let slot = place * vector.slotByteCount..<(place + 1) * vector.slotByteCount
        let end = Int(before.offset) + frame.count
        guard isUntouched(vector, 0..<slot.lowerBound), isUntouched(vector, end..<vector.arenaByteCount)
        else {
            return "a write outside the packet"
        }
        for other in 0..<3 where other != place {
            guard vector[other].dropReason == .oversized else { return "a neighbour's outcome changed" }
        }
        let packet = vector[place]
        switch packet.disposition {
        case .transmit:
            let start = Int(packet.offset)
            guard slot.contains(start), start + Int(packet.byteCount) <= end, packet.byteCount > 0 else {
                return "the frame to be sent lies outside"
            }
            guard packet.egress.rawValue < 4 else { return "no such port" }
        case .punt where [.arp, .local, .tooBig, .labelTTLExpired, .prohibited].contains(packet.punt):
            // The slow path answers the packet as it came.
            guard packet.offset == before.offset, Int(packet.byteCount) == frame.count,
                packet.networkOffset <= packet.byteCount, Array(vector.frame(place)) == frame
            else { return "a punted packet was changed" }
        default:
            guard packet.offset == before.offset, Int(packet.byteCount) == frame.count else {
                return "a packet that isn't sent was moved"
            }
        }
        return nil
    }

    private func isUntouched(_ vector: PacketVector, _ range: Range<Int>) -> Bool {
        let canaries = [UInt8](repeating: Self.canary, count: range.count)
        return memcmp(vector.arena + range.lowerBound, canaries, range.count) == 0
    }

    @Test("The vector's size changes no outcome", arguments: ports, SeededGenerator.seeds)
    func vectorSizeIsInvisible(_ port: String, seed: UInt64) {
        var hostile = HostilePackets(port: port, seed: seed)
        let frames = (0..<512).map { _ in hostile.next() }
        let one = Loop(Edges.subscriberEdge).forward(frames, from: port, capacity: 1)
        let few = Loop(Edges.subscriberEdge).forward(frames, from: port, capacity: 7)
        let many = Loop(Edges.subscriberEdge).forward(frames, from: port, capacity: 256)
        #expect(one.count == frames.count)
        #expect(one == few)
        #expect(one == many)
    }

    @Test("Every prefix of a good frame has an outcome", arguments: ports)
    func prefixes(_ port: String) {
        var hostile = HostilePackets(port: port, seed: 3)
        let loop = Loop(Edges.subscriberEdge)
        for _ in 0..<8 {
            let frame = hostile.next()
            let prefixes = (0...frame.count).map { Array(frame[..<$0]) }
            #expect(loop.forward(prefixes, from: port, capacity: 64).count == prefixes.count)
        }
    }
}
