import Wire

/// Follows every packet of a worker, for whoever runs that worker, on the worker's own thread: what a trace shows, without
/// a socket.
public struct PacketFollower {
    private let tap = Tap(.trace(TraceRequest()), ports: nil, filter: nil)

    /// From the next vector on.
    public init(_ observer: WorkerObserver) { observer.arm(tap) }

    /// The packets that have been followed since the last call, in the order in which they came in. None is missing if
    /// this is called after every 16 packets.
    public func takeAll() -> [TracedPacket] {
        var packets: [TracedPacket] = []
        tap.ring.drain { _, bytes in
            var reader = ByteReader(Array(bytes))
            do throws(ByteReaderError) { packets.append(try TracedPacket(reading: &reader)) } catch {
                preconditionFailure("what this process has written can't be read: \(error)")
            }
            return true
        }
        return packets
    }
}
