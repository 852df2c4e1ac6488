/// What a port has lost, beyond what stands in packets' outcomes, since it was made. It never goes back, whatever becomes
/// of the interface.
public struct PortStatistics: Equatable, Sendable {
    /// Packets that the kernel dropped because its buffer for us was full.
    public var kernelDrops: UInt64
    /// Superframes that were cut into segments.
    public var superframes: UInt64
    /// Superframes that were sent, each made of several packets.
    public var sentSuperframes: UInt64
    /// Packets that the kernel did not take, by reason.
    public var sendFailures: [SendFailure]

    /// So many packets that could not be sent for one reason.
    public struct SendFailure: Equatable, Sendable {
        /// An `errno`.
        public var errorNumber: Int32
        public var count: UInt64
    }

    public init(
        kernelDrops: UInt64 = 0, superframes: UInt64 = 0, sentSuperframes: UInt64 = 0,
        sendFailures: [SendFailure] = []
    ) {
        self.kernelDrops = kernelDrops
        self.superframes = superframes
        self.sentSuperframes = sentSuperframes
        self.sendFailures = sendFailures
    }

    /// Adds what another queue of the same interface has lost.
    public static func += (sum: inout PortStatistics, next: PortStatistics) {
        sum.kernelDrops += next.kernelDrops
        sum.superframes += next.superframes
        sum.sentSuperframes += next.sentSuperframes
        for failure in next.sendFailures {
            if let place = sum.sendFailures.firstIndex(where: { $0.errorNumber == failure.errorNumber }) {
                sum.sendFailures[place].count += failure.count
            } else {
                sum.sendFailures.append(failure)
            }
        }
        sum.sendFailures.sort { $0.errorNumber < $1.errorNumber }
    }
}

/// Work that a port and the kernel take over from each other, as it is in force now.
public struct PortOffloads: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8

    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Transport checksums come unfinished.
    public static let checksum = PortOffloads(rawValue: 1)
    /// TCP, and UDP where the kernel can, come in superframes.
    public static let segmentation = PortOffloads(rawValue: 2)
    /// Packets of a flow leave in superframes.
    public static let coalescing = PortOffloads(rawValue: 4)
}

/// Counts sends that failed.
struct SendFailures {
    /// By errno; those beyond the table's end count as its last.
    private var counts = [UInt64](repeating: 0, count: 134)

    mutating func note(_ errorNumber: Int32, count: Int = 1) {
        counts[min(Int(max(errorNumber, 0)), counts.count - 1)] += UInt64(count)
    }

    var all: [PortStatistics.SendFailure] {
        counts.enumerated().filter { $0.element > 0 }.map {
            PortStatistics.SendFailure(errorNumber: Int32($0.offset), count: $0.element)
        }
    }
}
