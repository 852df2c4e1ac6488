import Packets
import Ports
import Testing

@Suite("Memory port") struct MemoryPortTests {
    @Test("Frames come in the order offered, a vector at a time, with their time")
    func receivesInOrder() {
        let port = MemoryPort(name: "m", link: .ip)
        for number in 0..<10 { port.offer([UInt8(number)], timestamp: UInt64(100 + number)) }
        let vector = PacketVector(capacity: 4, slotByteCount: 512)
        var seen: [UInt8] = []
        var times: [UInt64] = []
        while port.receive(into: vector) > 0 {
            for index in 0..<vector.count {
                seen += Array(vector.frame(index))
                times.append(vector[index].timestamp)
            }
            vector.removeAll()
        }
        #expect(seen == Array(0..<10))
        #expect(times == Array(100..<110))
        #expect(port.waitingCount == 0)
    }

    @Test("A frame longer than a slot arrives dropped, so that it counts")
    func oversizedFrameIsDropped() {
        let port = MemoryPort(name: "m", link: .ip)
        let vector = PacketVector(capacity: 4, slotByteCount: 512)
        port.offer([UInt8](repeating: 1, count: vector.maximumFrameByteCount))
        port.offer([UInt8](repeating: 2, count: vector.maximumFrameByteCount + 1))
        #expect(port.receive(into: vector) == 2)
        #expect(vector[0].disposition == .undecided)
        #expect(vector[1].disposition == .dropped)
        #expect(vector[1].dropReason == .oversized)
    }

    @Test("Sends fail as told, and only then")
    func sendsFailAsTold() {
        let port = MemoryPort(name: "m", link: .ip)
        port.failingSendCount = 1
        #expect(port.send([[1], [2]]) == [.transmitFailed, nil])
        port.state = .down
        #expect(port.send([[3]]) == [.portDown])
        #expect(port.takeSent().map(\.bytes) == [[2]])
        #expect(port.sent.isEmpty)
    }

    @Test("Only the packets selected are sent, in the order of the selection")
    func selectionIsKept() {
        let port = MemoryPort(name: "m", link: .ip)
        let vector = PacketVector()
        for byte in UInt8(0)..<4 { [byte].withUnsafeBytes { vector.append($0, timestamp: UInt64(byte)) } }
        [UInt8(3), 1].withUnsafeBufferPointer { port.transmit(vector, selection: $0) }
        #expect(port.sent == [.init(bytes: [3], timestamp: 3), .init(bytes: [1], timestamp: 1)])
        #expect(vector[0].disposition == .undecided)
    }
}
