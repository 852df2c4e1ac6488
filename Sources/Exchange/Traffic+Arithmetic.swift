extension Traffic {
    /// Adds, wrapping at 2⁶⁴.
    public mutating func add(_ other: Traffic) {
        upPackets &+= other.upPackets
        upBytes &+= other.upBytes
        downPackets &+= other.downPackets
        downBytes &+= other.downBytes
    }

    /// What has come to `earlier` to make this. Nil if some counter would have run backwards.
    public func since(_ earlier: Traffic) -> Traffic? {
        guard upPackets >= earlier.upPackets, upBytes >= earlier.upBytes, downPackets >= earlier.downPackets,
            downBytes >= earlier.downBytes
        else { return nil }
        return Traffic(
            upPackets: upPackets - earlier.upPackets, upBytes: upBytes - earlier.upBytes,
            downPackets: downPackets - earlier.downPackets, downBytes: downBytes - earlier.downBytes)
    }
}
