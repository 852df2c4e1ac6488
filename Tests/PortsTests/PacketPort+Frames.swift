import Packets
import Ports
import Testbed

extension PacketPort {
    /// What one call of `receive` brings: bytes, or nil for a packet that arrived dropped.
    func received(into vector: PacketVector = PacketVector()) -> [[UInt8]?] {
        vector.removeAll()
        let count = receive(into: vector)
        precondition(count == vector.count)
        return (0..<count).map { vector[$0].disposition == .dropped ? nil : Array(vector.frame($0)) }
    }

    /// Sends frames and says what became of each: nil for forwarded.
    func send(_ frames: [[UInt8]], timestamp: UInt64 = 0) -> [DropReason?] {
        let vector = PacketVector(slotByteCount: 4096)
        for frame in frames { frame.withUnsafeBytes { vector.append($0, timestamp: timestamp) } }
        let selection = (0..<frames.count).map { UInt8($0) }
        selection.withUnsafeBufferPointer { transmit(vector, selection: $0) }
        return (0..<frames.count).map { index -> DropReason? in
            switch vector[index].disposition {
            case .forwarded: nil
            case .dropped: vector[index].dropReason
            default: fatalError("packet \(index) was left \(vector[index].disposition)")
            }
        }
    }

    /// What arrives until `count` frames that fit `filter` have, or two seconds have passed.
    func collect(_ count: Int, where filter: ([UInt8]) -> Bool = { _ in true }) -> [[UInt8]] {
        var frames: [[UInt8]] = []
        let vector = PacketVector(slotByteCount: 4096)
        _ = eventually {
            frames += received(into: vector).compactMap { $0 }.filter(filter)
            return frames.count >= count
        }
        return frames
    }
}
