public import Tables
public import Trace
public import Wire

/// Sessions that have several paths at once (RFC 2991): each flow keeps to one.
extension Classifier {
    /// The path by which packets of this direction go on that arrived so; nil if none arrives so.
    @inlinable @inline(always)
    func path(_ group: PathGroupIndex, _ hash: FlowHash, _ arrival: Arrival, _ direction: Direction)
        -> SessionIndex?
    {
        // Where the paths share the leg that packets arrive by, the flow decides; else the leg does.
        let byFlow = tables.path(group, flowHash: UInt32(truncatingIfNeeded: hash.rawValue &>> 32))
        let index = ConversionIndex(byFlow, direction)
        if unsafe tables.conversion(index).pointee.arrival == arrival { return byFlow }
        return tables.path(group, arrival: arrival, direction: direction)
    }

    /// The conversion by which a packet goes on that arrived by the port: of its flow's path.
    @export(implementation)
    func flowPath<IP: NetworkHeader, R: Recorder>(
        _: IP.Type, _ group: PathGroupIndex, _ direction: Direction, _ header: Int, _ byteCount: Int,
        _ recorder: inout R
    ) -> ConversionIndex {
        let hash = IP.flowHash(arena.bytes(at: header, byteCount: byteCount))
        // Where none arrives so, any shows that.
        let path = path(group, hash, input.arrival, direction) ?? tables.path(group, flowHash: 0)
        let index = ConversionIndex(path, direction)
        recorder.record(.path(index, hash))
        return index
    }

    /// The conversion by which a packet goes on that arrived under a user label of one of several paths. Where all paths
    /// arrive by that label's tunnel, it is the flow's; else the label's own.
    @export(implementation)
    func sharedPath<IP: NetworkHeader, R: Recorder>(
        _: IP.Type, _ labelled: ConversionIndex, _ header: Int, _ byteCount: Int, _ recorder: inout R
    ) -> ConversionIndex {
        let conversion = unsafe tables.conversion(labelled)
        let admission = unsafe tables.admission(conversion.pointee.subscriber, conversion.pointee.service)
        guard case .group(let group) = admission else { return labelled }
        let hash = IP.flowHash(arena.bytes(at: header, byteCount: byteCount))
        let arrival = unsafe conversion.pointee.arrival
        guard let path = path(group, hash, arrival, labelled.direction) else { return labelled }
        let index = ConversionIndex(path, labelled.direction)
        if index != labelled { recorder.record(.path(index, hash)) }
        return index
    }
}
