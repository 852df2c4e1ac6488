/// Which of the numbered packets of a trial have come, how often, in what order and how late.
struct Arrivals {
    /// Delays that are kept of a trial: of more packets every n-th is timed.
    private static let delayLimit = 1 << 22

    let packetCount: Int
    private var seen: [UInt64]
    private let timedEvery: Int
    private var delays: [UInt32] = []
    private var nextNumber: UInt32 = 0
    /// Different packets.
    private(set) var count: UInt64 = 0
    private(set) var duplicateCount: UInt64 = 0
    /// Those that came behind one with a higher number (RFC 4737 §3).
    private(set) var reorderedCount: UInt64 = 0

    /// - Parameter packetCount: packets are numbered 0 and on, up to this.
    init(packetCount: Int) {
        self.packetCount = packetCount
        seen = [UInt64](repeating: 0, count: (packetCount + 63) / 64)
        timedEvery = max(1, (packetCount + Self.delayLimit - 1) / Self.delayLimit)
        delays.reserveCapacity(packetCount / timedEvery + 1)
    }

    /// Takes in a packet, unless it has a number that none has.
    /// - Parameter time: when it came, in nanoseconds since the Unix epoch; 0: that isn't known.
    mutating func take(_ signature: Signature, at time: UInt64) {
        let number = Int(signature.number)
        guard number < packetCount else { return }
        let bit = UInt64(1) << UInt64(number & 63)
        guard seen[number >> 6] & bit == 0 else {
            duplicateCount += 1
            return
        }
        seen[number >> 6] |= bit
        count += 1
        if signature.number < nextNumber { reorderedCount += 1 } else { nextNumber = signature.number + 1 }
        guard number % timedEvery == 0, time > 0 else { return }
        delays.append(UInt32(clamping: time > signature.nanoseconds ? time - signature.nanoseconds : 0))
    }

    /// Whether every packet has come.
    var isComplete: Bool { count == UInt64(packetCount) }
    var latency: Latency { Latency(delays) }
}
