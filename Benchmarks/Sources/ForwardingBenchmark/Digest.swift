import Packets

/// A running hash over what became of packets: frames byte for byte, and everything in their descriptors.
struct Digest: Equatable {
    private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

    mutating func add(_ word: UInt64) {
        value = (value ^ word) &* 0x9e37_79b9_7f4a_7c15
        value ^= value >> 32
    }

    mutating func add(_ vector: PacketVector) {
        for index in 0..<vector.count {
            let packet = vector[index]
            add(UInt64(packet.offset) << 32 | UInt64(packet.byteCount))
            add(UInt64(packet.counter) << 32 | UInt64(packet.meteredByteCount))
            add(
                UInt64(packet.adjacency) << 32 | UInt64(packet.networkOffset) << 16
                    | UInt64(packet.egress.rawValue))
            // Of a reason only one of the two has a meaning.
            let detail = packet.disposition == .dropped ? packet.dropReason.rawValue : 0
            let punt = packet.disposition == .punt ? packet.punt.rawValue : 0
            add(UInt64(packet.disposition.rawValue) << 16 | UInt64(detail) << 8 | UInt64(punt))
            let frame = UnsafeRawBufferPointer(vector.frame(index))
            for start in stride(from: 0, to: frame.count - 7, by: 8) {
                add(frame.loadUnaligned(fromByteOffset: start, as: UInt64.self))
            }
            for start in (frame.count & ~7)..<frame.count { add(UInt64(frame[start])) }
        }
    }
}
