/// A path group's place in the tables: the slot of its first session.
public struct PathGroupIndex: RawRepresentable, Hashable, Sendable, BitwiseCopyable {
    public var rawValue: UInt32
    @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
}

/// What a subscriber's use of a service is open by.
public enum Admission: Hashable, Sendable, BitwiseCopyable {
    /// By nothing: there is no session.
    case none
    case session(SessionIndex)
    /// By several paths, one of which each flow goes by.
    case group(PathGroupIndex)

    /// - Parameter entry: as it stands in the tables, not 0: a session's index plus one, or a group's and the high bit.
    @inlinable @inline(always) init(_ entry: UInt32) {
        self =
            entry &>> 31 == 1
            ? .group(PathGroupIndex(rawValue: entry & 0x7fff_ffff))
            : .session(SessionIndex(rawValue: entry &- 1))
    }
}

/// The paths of a group, and what they are weighed by. 64 bytes, one cache line.
public struct PathGroupEntry: BitwiseCopyable, Sendable {
    /// Session indices; those behind the last are `.max`.
    @usableFromInline package var sessions: (UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32)
    /// A mixture of each path's session number and leg, so that a path keeps its flows in whatever slot it stands.
    @usableFromInline package var keys: (UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32)

    /// - Parameter paths: two to eight.
    package init(_ paths: [(index: SessionIndex, session: UInt64, leg: UInt32)]) {
        precondition(paths.count <= PathGroupObject.capacity)
        func padded(_ values: [UInt32]) -> [UInt32] {
            values + Array(repeating: .max, count: PathGroupObject.capacity - values.count)
        }
        let s = padded(paths.map(\.index.rawValue))
        let k = padded(
            paths.map {
                UInt32(truncatingIfNeeded: Self.mix(Self.mix($0.session) ^ UInt64($0.leg)) >> 32)
            })
        sessions = (s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7])
        keys = (k[0], k[1], k[2], k[3], k[4], k[5], k[6], k[7])
    }

    /// Every bit of the result depends on every bit of the value, and different values give different results: the
    /// finaliser of SplitMix64 (Steele, Lea, Flood, *Fast Splittable Pseudorandom Number Generators*, 2014).
    @inlinable @inline(always) static func mix(_ value: UInt64) -> UInt64 {
        var value = value &+ 0x9e37_79b9_7f4a_7c15
        value = (value ^ value &>> 30) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ value &>> 27) &* 0x94d0_49bb_1331_11eb
        return value ^ value &>> 31
    }

    /// Path `position`, 0…7: `.max` behind the last.
    @inlinable @inline(always) func session(_ position: Int) -> UInt32 {
        switch position {
        case 0: sessions.0
        case 1: sessions.1
        case 2: sessions.2
        case 3: sessions.3
        case 4: sessions.4
        case 5: sessions.5
        case 6: sessions.6
        default: sessions.7
        }
    }
    @inlinable @inline(always) func key(_ position: Int) -> UInt32 {
        switch position {
        case 0: keys.0
        case 1: keys.1
        case 2: keys.2
        case 3: keys.3
        case 4: keys.4
        case 5: keys.5
        case 6: keys.6
        default: keys.7
        }
    }

    /// The path of a flow: the one with the highest weight (rendezvous hashing: Thaler, Ravishankar, *Using Name-Based
    /// Mappings to Increase Hit Rates*, 1998; RFC 2991 §4). The weights of the others don't change when one goes, so
    /// only its flows move.
    @inlinable @inline(always) public func path(_ flowHash: UInt32) -> SessionIndex {
        var best = sessions.0
        var highest: UInt64 = 0
        for position in 0..<8 {
            let session = session(position)
            guard session != .max else { break }
            let weight = Self.mix(UInt64(flowHash) &<< 32 | UInt64(key(position)))
            if weight > highest { (best, highest) = (session, weight) }
        }
        return SessionIndex(rawValue: best)
    }
}
