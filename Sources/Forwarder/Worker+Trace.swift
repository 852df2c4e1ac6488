import Forwarding
import Observation
public import Packets
import Ports
public import Trace

/// The worker as it runs when somebody looks on: the same stages in the same order.
extension Worker {
    /// Forwards one vector from a port as `serve` does, and has `recorder` watch: slow path and send included. The steps
    /// of a vector's packets alternate; take vectors of one to keep them apart.
    ///
    /// Not for the hot path: the recorder is called through its witness table.
    ///
    /// - Returns: the packets that had come in, each with its outcome.
    public func trace<R: Recorder>(_ port: PortIndex, recorder: inout R) -> [Packet] {
        let count = receive(from: port)
        trace(0..<count, of: port, &recorder)
        return (0..<count).map { vector[$0] }
    }

    /// Takes a part of the vector through all stages.
    private func trace<R: Recorder>(_ range: Range<Int>, of port: PortIndex, _ recorder: inout R) {
        unsafe forward(
            vector.packets + range.lowerBound, count: range.count, arena: vector.arena,
            arenaByteCount: vector.arenaByteCount, from: port, tables: tables.view, state: &state,
            recorder: &recorder)
        var clock = StageClock.off
        finish(range, from: port, &recorder, &clock)
    }

    /// A vector of which packets are to be captured or followed. Those that are followed go through all stages by
    /// themselves, so that all that is sent meanwhile is their doing; what stands between them goes together.
    func serveWatched(
        _ port: PortIndex, count: Int, _ observer: WorkerObserver, _ clock: inout StageClock
    ) {
        let link = ports[Int(port.rawValue)]?.link ?? .ip
        observer.beginVector(vector, from: port, link: link)
        var next = 0
        for index in 0..<count where observer.wantsTrace(vector, index, from: port, link: link) {
            serve(next..<index, of: port, &clock)
            follow(index, from: port, link, observer)
            next = index + 1
        }
        serve(next..<count, of: port, &clock)
        observer.endVector(vector)
    }

    private func follow(_ index: Int, from port: PortIndex, _ link: LinkType, _ observer: WorkerObserver) {
        let frame = unsafe Array(vector.frame(index))
        var recorder = StepRecorder()
        observer.beginTrace()
        trace(index..<index + 1, of: port, &recorder)
        let packet = vector[index]
        let isKnown = packet.adjacency < tables.adjacencies.capacity
        observer.endTrace(
            packet, from: port, link: link, frame: frame, steps: recorder.steps,
            adjacency: isKnown ? tables.adjacencies[Int(packet.adjacency)] : nil)
    }
}

/// Writes the steps down.
public struct StepRecorder: Recorder {
    public private(set) var steps: [Step] = []

    public init() {}

    public mutating func record(_ step: Step) { steps.append(step) }
}
