public import CLinux
public import Wire

/// By what a packet may pass, and what it meets.
extension TablesView {
    /// What this subscriber's use of this service is open by, as far as the subscriber's own cache line says it: nil if
    /// it must be looked for in `admission`.
    @inlinable @inline(always) public func admission(
        beside subscriber: SubscriberIndex, _ service: ServiceIndex
    ) -> Admission? {
        let entry = unsafe subscribers.pointer(subscriber.rawValue)
        let found = unsafe SubscriberEntry.admission(entry, UInt16(truncatingIfNeeded: service.rawValue))
        guard found == 0 else { return Admission(found) }
        return unsafe entry.pointee.furtherCount == 0 ? Admission.none : nil
    }

    /// What this subscriber's use of this service is open by.
    @inlinable @inline(always) public func admission(_ subscriber: SubscriberIndex, _ service: ServiceIndex)
        -> Admission
    {
        let entry = unsafe subscribers.pointer(subscriber.rawValue)
        var found = unsafe SubscriberEntry.admission(entry, UInt16(truncatingIfNeeded: service.rawValue))
        if found == 0 {
            guard unsafe entry.pointee.furtherCount != 0 else { return .none }
            found = admissions.lookup(Self.admissionKey(subscriber, service))
            if found == 0 { return .none }
        }
        return Admission(found)
    }

    /// The path of a flow. The hash is to be the same for all packets of the flow, and well mixed.
    @inlinable @inline(always) public func path(_ group: PathGroupIndex, flowHash: UInt32) -> SessionIndex {
        unsafe groups.pointer(group.rawValue).pointee.path(flowHash)
    }

    /// The path whose packets of this direction arrive so, or nil.
    @inlinable @inline(always) public func path(
        _ group: PathGroupIndex, arrival: Arrival, direction: Direction
    ) -> SessionIndex? {
        for position in 0..<8 {
            let session = unsafe groups.pointer(group.rawValue).pointee.session(position)
            guard session != .max else { break }
            let index = SessionIndex(rawValue: session)
            if unsafe conversion(ConversionIndex(index, direction)).pointee.arrival == arrival {
                return index
            }
        }
        return nil
    }

    /// What a conversion's packets meet beyond it. Where that is nothing, the empty treatment.
    @inlinable @inline(always) public func treatment(_ index: ConversionIndex) -> UnsafePointer<Treatment> {
        unsafe treatment(conversion(index).pointee.treatment)
    }
    @inlinable @inline(always) public func treatment(_ index: TreatmentIndex) -> UnsafePointer<Treatment> {
        unsafe UnsafePointer(treatments + Int(index.rawValue))
    }

    /// What becomes of the inner DSCP of what arrives in a tunnel.
    @inlinable @inline(always) public func innerClass(_ tunnel: TunnelIndex) -> InnerClassEntry {
        unsafe tunnels.pointer(tunnel.rawValue).pointee.innerClass
    }

    /// The traffic class or DSCP that a class map gives to a DSCP, 0…63.
    @inlinable @inline(always) public func mappedClass(_ map: UInt32, _ dscp: UInt8) -> UInt8 {
        unsafe UnsafeRawPointer(classMaps + Int(map)).load(fromByteOffset: Int(dscp & 63), as: UInt8.self)
    }

    @inlinable @inline(always) package func policer(_ index: PolicerIndex) -> UnsafePointer<PolicerEntry> {
        unsafe UnsafePointer(policers + Int(index.rawValue))
    }

    /// Meters a packet of so many bytes at this time, in nanoseconds. The buckets are all workers': where there are
    /// several, one at a time meters by them, so that a session never has more than its rate.
    @inlinable @inline(always) public func meter(_ index: PolicerIndex, byteCount: UInt32, at time: UInt64)
        -> Policer.Colour
    {
        let state = unsafe policerStates + Int(index.rawValue)
        guard sharesPolicers else {
            return unsafe state.pointee.meter(byteCount, at: time, by: policer(index).pointee)
        }
        unsafe wl_spin_lock(&state.pointee.lock)
        defer { unsafe wl_spin_unlock(&state.pointee.lock) }
        return unsafe state.pointee.meter(byteCount, at: time, by: policer(index).pointee)
    }

    /// What becomes of packets of this colour.
    @inlinable @inline(always) public func action(_ index: PolicerIndex, _ colour: Policer.Colour)
        -> Policer.Action
    {
        unsafe policer(index).pointee.action(colour)
    }

    /// The longest inner packet that a conversion's leg takes now: as configured, or less where the path MTU of its
    /// IP-in-IP tunnel has been learned to be.
    @inlinable @inline(always) public func maximumInnerByteCount(
        _ index: ConversionIndex, _ version: IPVersion
    )
        -> UInt16
    {
        let record = unsafe conversion(index)
        let configured = unsafe record.pointee.maximumInnerByteCount
        let tunnel = unsafe treatment(record.pointee.treatment).pointee.pathTunnel
        guard tunnel != 0 else { return configured }
        return unsafe min(
            configured, innerLimit(tunnel, Int(record.pointee.headerByteCount), isIPv6: version == .v6))
    }

    /// What the path MTU of a tunnel leaves for inner packets. What IPv6 must always take (RFC 8200 §5), and IPv4
    /// (RFC 791 §3.2), it takes whatever has been learned.
    @inlinable @inline(always) public func innerLimit(
        _ pathTunnel: UInt32, _ headerByteCount: Int, isIPv6: Bool
    )
        -> UInt16
    {
        let path = unsafe pathMTUs[Int(pathTunnel &- 1)]
        guard path != 0 else { return .max }
        return UInt16(clamping: max(isIPv6 ? 1280 : 68, Int(path) &- headerByteCount))
    }

    /// Whether a packet that a conversion has encapsulated is longer than what has been learned of its tunnel's path.
    @inlinable @inline(always) public func exceedsPath(
        _ conversion: UnsafePointer<Conversion>, outerByteCount: Int
    ) -> Bool {
        let tunnel = unsafe treatment(conversion.pointee.treatment).pointee.pathTunnel
        guard tunnel != 0 else { return false }
        let path = unsafe pathMTUs[Int(tunnel &- 1)]
        return path != 0 && outerByteCount > Int(path)
    }
}
