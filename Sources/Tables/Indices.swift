/// A session's place in the tables, counted from 0.
public struct SessionIndex: RawRepresentable, Hashable, Sendable, BitwiseCopyable {
    public var rawValue: UInt32
    @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
}

/// A subscriber's place in the tables, counted from 0.
public struct SubscriberIndex: RawRepresentable, Hashable, Sendable, BitwiseCopyable {
    public var rawValue: UInt32
    @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
}

/// A service's place in the tables, counted from 0.
public struct ServiceIndex: RawRepresentable, Hashable, Sendable, BitwiseCopyable {
    public var rawValue: UInt32
    @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
}

/// A tunnel's place in the tables, counted from 0.
public struct TunnelIndex: RawRepresentable, Hashable, Sendable, BitwiseCopyable {
    public var rawValue: UInt32
    @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
}

/// An adjacency's place in the tables, counted from 0.
public struct AdjacencyIndex: RawRepresentable, Hashable, Sendable, BitwiseCopyable {
    public var rawValue: UInt32
    @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
}

/// A next hop label forwarding entry's place in the tables, counted from 0 (RFC 3031 §3.10).
public struct NHLFEIndex: RawRepresentable, Hashable, Sendable, BitwiseCopyable {
    public var rawValue: UInt32
    @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
}

/// Which way a session's packets go.
public enum Direction: UInt8, CaseIterable, Sendable, BitwiseCopyable {
    /// Subscriber to provider.
    case up = 0
    /// Provider to subscriber.
    case down = 1
}

/// One direction of one session: the index of its conversion and of its counters, `2 × session + direction`.
public struct ConversionIndex: RawRepresentable, Hashable, Sendable, BitwiseCopyable {
    public var rawValue: UInt32
    @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
    @inlinable public init(_ session: SessionIndex, _ direction: Direction) {
        rawValue = session.rawValue &* 2 &+ UInt32(direction.rawValue)
    }
    @inlinable @inline(always) public var session: SessionIndex { SessionIndex(rawValue: rawValue &>> 1) }
    @inlinable @inline(always) public var direction: Direction { rawValue & 1 == 0 ? .up : .down }
    /// The session's other direction.
    @inlinable @inline(always) public var reversed: Self { Self(rawValue: rawValue ^ 1) }
}
