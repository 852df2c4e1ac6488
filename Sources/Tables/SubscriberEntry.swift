public import CLinux
import Wire

/// Where a subscriber belongs: what a packet with their source address must arrive by.
public struct SubscriberSide: BitwiseCopyable, Sendable {
    /// The port, or `UInt16.max` where the subscriber is reached through a tunnel.
    @usableFromInline let port: UInt16
    /// VLAN ids, outer in the high half; zero for an untagged side.
    public var tags: UInt32

    public init(port: UInt16?, tags: [UInt16]) {
        self.port = port ?? .max
        self.tags = VLANTag.packed(tags)
    }

    /// Nobody's.
    static var none: Self { Self(port: 0, tags: []) }

    @inlinable @inline(always) public func isOn(port: UInt16) -> Bool { self.port == port }
}

/// A subscriber: where they belong, and what their first eight uses of services are open by. 64 bytes, one cache line.
///
/// ```
///  0        8         12       16                32                              64
/// |  side  | further | unused |    services     |          admissions           |
/// ```
///
/// Used places come first; admission 0 marks a free one, whose service is 0 too. What finds no place here stands in a
/// table of its own, and is counted.
@usableFromInline struct SubscriberEntry: BitwiseCopyable {
    @usableFromInline var side: SubscriberSide
    /// The uses of services that stand elsewhere.
    @usableFromInline var furtherCount: UInt32 = 0
    private var unused: UInt32 = 0
    private var services = InlineArray<8, UInt16>(repeating: 0)
    private var admissions = InlineArray<8, UInt32>(repeating: 0)

    init(_ side: SubscriberSide) { self.side = side }

    private func place(of service: UInt16) -> Int? {
        for place in 0..<8 where services[place] == service && admissions[place] != 0 { return place }
        return nil
    }

    /// What the use of a service is open by, or 0 if that doesn't stand here.
    func admission(_ service: UInt16) -> UInt32 { place(of: service).map { admissions[$0] } ?? 0 }

    /// Takes in what the use of a further service is open by.
    /// - Returns: whether there was room.
    mutating func insert(_ service: UInt16, _ admission: UInt32) -> Bool {
        for place in 0..<8 where admissions[place] == 0 {
            services[place] = service
            admissions[place] = admission
            return true
        }
        return false
    }

    /// Gives up the use of a service.
    /// - Returns: whether it stood here.
    mutating func remove(_ service: UInt16) -> Bool {
        guard let place = place(of: service) else { return false }
        var last = 7
        while admissions[last] == 0 { last -= 1 }
        services[place] = services[last]
        admissions[place] = admissions[last]
        services[last] = 0
        admissions[last] = 0
        return true
    }

    /// What the use of a service is open by, or 0 if that doesn't stand here. All eight services are compared at once.
    @inlinable @inline(always)
    static func admission(_ entry: UnsafePointer<SubscriberEntry>, _ service: UInt16) -> UInt32 {
        let line = unsafe UnsafeRawPointer(entry)
        let places = unsafe wl_match_8x16((line + 16).assumingMemoryBound(to: UInt16.self), service)
        guard places != 0 else { return 0 }
        // Used places come first, so that service 0 is found in one of them, if it stands here.
        return unsafe (line + 32).assumingMemoryBound(to: UInt32.self)[places.trailingZeroBitCount]
    }
}
