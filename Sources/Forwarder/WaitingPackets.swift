import Packets
import Tables

/// Packets that wait while their next hop is asked for: the latest one of each (RFC 1122 §2.3.2.2, RFC 4861 §7.2.2).
///
/// A waiting packet has no outcome yet, and isn't counted at all before it has one. It stands here as it came in, so that
/// it goes its whole way again when the next hop has answered, by the tables of that time.
///
/// All places are there from the beginning: however many packets wait, and whoever sends them, nothing is allocated.
struct WaitingPackets {
    /// Next hops that are waited for at most.
    static let capacity = 256
    /// A packet that has waited for so long is given up: in nanoseconds.
    static let lifetime: UInt64 = 3_000_000_000

    private struct Place {
        var key: NeighbourResolver.Key?
        var port = PortIndex(rawValue: 0)
        /// When it came.
        var arrival: UInt64 = 0
    }

    /// One packet a place.
    private(set) var frames: PacketVector
    private var places: [Place]
    private var placesByKey: [NeighbourResolver.Key: Int] = [:]
    private var freePlaces: [Int]
    /// Those whose next hop has answered, and that have not been taken out yet.
    private var released: [Int] = []
    /// No packet here is older.
    private var oldest: UInt64 = 0

    init(slotByteCount: Int) {
        frames = Self.emptyFrames(slotByteCount)
        places = Array(repeating: Place(), count: Self.capacity)
        freePlaces = Array((0..<Self.capacity).reversed())
        placesByKey.reserveCapacity(Self.capacity)
        released.reserveCapacity(Self.capacity)
    }

    private static func emptyFrames(_ slotByteCount: Int) -> PacketVector {
        let frames = PacketVector(capacity: capacity, slotByteCount: slotByteCount)
        for _ in 0..<capacity { frames.append(byteCount: 0, timestamp: 0) }
        return frames
    }

    /// Makes room for longer packets. None may wait.
    mutating func makeFrames(slotByteCount: Int) {
        precondition(isEmpty)
        frames = Self.emptyFrames(slotByteCount)
    }

    /// Whether nobody waits.
    var isEmpty: Bool { freePlaces.count == Self.capacity }

    /// The packet that waits for this next hop.
    func place(of key: NeighbourResolver.Key) -> Int? { isEmpty ? nil : placesByKey[key] }

    /// Where the packet in a place came in.
    func port(_ place: Int) -> PortIndex { places[place].port }

    /// Copies a packet of another vector, or of another place, in. Nobody may wait for this next hop yet.
    /// - Parameter time: now, as `SlowPath.time` has it.
    /// - Returns: false where all places are taken.
    mutating func hold(
        _ vector: PacketVector, _ index: Int, from port: PortIndex, for key: NeighbourResolver.Key,
        at time: UInt64
    ) -> Bool {
        let packet = vector[index]
        guard Int(packet.byteCount) <= frames.maximumFrameByteCount, let place = freePlaces.popLast() else {
            return false
        }
        oldest = freePlaces.count == Self.capacity - 1 ? time : min(oldest, time)
        let offset = place * frames.slotByteCount + PacketVector.headroom
        frames[place] = Packet(
            offset: UInt32(offset), byteCount: packet.byteCount, timestamp: packet.timestamp)
        unsafe frames.frame(place).copyMemory(from: UnsafeRawBufferPointer(vector.frame(index)))
        places[place] = Place(key: key, port: port, arrival: time)
        placesByKey[key] = place
        return true
    }

    /// The next hop has answered: the packet that waits for it, if any, is to go on.
    mutating func release(_ key: NeighbourResolver.Key) {
        guard !isEmpty, let place = placesByKey.removeValue(forKey: key) else { return }
        places[place].key = nil
        released.append(place)
    }

    /// Whether `nextReleased` has something.
    var hasReleased: Bool { !released.isEmpty }

    /// A packet that is to go on. Whoever takes it empties the place afterwards.
    mutating func nextReleased() -> Int? { released.popLast() }

    /// Gives a place back.
    mutating func empty(_ place: Int) {
        if let key = places[place].key { placesByKey[key] = nil }
        places[place] = Place()
        freePlaces.append(place)
    }

    /// The places of those who have waited long enough. Cost: constant, but for the calls in which there may be some.
    mutating func expired(at time: UInt64) -> [Int] {
        guard !isEmpty, silence(since: oldest, at: time) >= Self.lifetime else { return [] }
        var expired: [Int] = []
        oldest = time
        for place in places.indices where places[place].key != nil {
            let arrival = places[place].arrival
            if silence(since: arrival, at: time) >= Self.lifetime {
                expired.append(place)
            } else {
                oldest = min(oldest, arrival)
            }
        }
        return expired
    }

    /// The places of all that wait and came in by one of these ports, or by any.
    func all(from ports: [UInt16]? = nil) -> [Int] {
        places.indices.filter { place in
            places[place].key != nil && ports?.contains(places[place].port.rawValue) ?? true
        }
    }
}
