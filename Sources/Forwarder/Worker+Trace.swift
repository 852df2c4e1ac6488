import Forwarding
public import Packets
public import Trace

extension Worker {
    /// Forwards one vector from a port as `serve` does, and has `recorder` watch: the same stages in the same order,
    /// slow path and send included. The steps of a vector's packets alternate; take vectors of one to keep them apart.
    ///
    /// Not for the hot path: the recorder is called through its witness table.
    ///
    /// - Returns: the packets that had come in, each with its outcome.
    public func trace<R: Recorder>(_ port: PortIndex, recorder: inout R) -> [Packet] {
        let count = receive(from: port)
        unsafe forward(
            vector.packets, count: count, arena: vector.arena, arenaByteCount: vector.arenaByteCount,
            from: port,
            tables: tables.view, state: &state, recorder: &recorder)
        finish(from: port, &recorder)
        return (0..<count).map { vector[$0] }
    }
}
