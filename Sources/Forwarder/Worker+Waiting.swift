import Forwarding
import Observation
import Packets
import Trace

/// Packets whose next hop isn't known.
extension Worker {
    /// Sees to a packet that has been punted as `.resolve`: the next hop is asked for, and the packet waits; or goes on,
    /// if an answer has come meanwhile.
    func resolve<R: Recorder>(
        _ vector: PacketVector, _ index: Int, from port: PortIndex, _ recorder: inout R
    ) {
        guard let nextHop = slowPath.nextHop(vector, index) else {
            return vector[index].drop(.neighbourUnresolved)
        }
        guard slowPath.isKnown(nextHop, vector[index]) else { return wait(vector, index, from: port) }
        forwardAgain(vector, index, from: port, &recorder)
        if vector[index].disposition == .punt { slowPath.handle(vector, index, from: port) }
    }

    /// Asks for a packet's next hop, and keeps the packet until there is an answer. One that waited for the same is given
    /// up: a flood to a silent next hop keeps one packet.
    func wait(_ vector: PacketVector, _ index: Int, from port: PortIndex) {
        guard let nextHop = slowPath.nextHop(vector, index) else {
            return vector[index].drop(.neighbourUnresolved)
        }
        slowPath.ask(for: nextHop, vector[index])
        restoreClass(vector, index)
        if let displaced = slowPath.waiting.place(of: nextHop) { giveUp(displaced) }
        let time = slowPath.time(vector[index].timestamp)
        if slowPath.waiting.hold(vector, index, from: port, for: nextHop, at: time) {
            vector[index].disposition = .waiting
        } else {
            vector[index].drop(.neighbourUnresolved)
        }
    }

    /// Has the packets whose next hops have answered go their way.
    func forwardReleased() {
        var recorder = NoRecorder()
        var clock = StageClock.off
        while let place = slowPath.waiting.nextReleased() {
            let port = slowPath.waiting.port(place)
            let frames = slowPath.waiting.frames
            forwardAgain(frames, place, from: port, &recorder)
            finish(frames, place..<place + 1, from: port, &recorder, &clock)
            slowPath.waiting.empty(place)
        }
    }

    /// Drops packets that have waited in vain, and counts them.
    func giveUp(_ places: [Int]) {
        for place in places { giveUp(place) }
    }

    private func giveUp(_ place: Int) {
        let frames = slowPath.waiting.frames
        frames[place].drop(.neighbourUnresolved)
        unsafe account(
            frames.packets + place, count: 1, from: slowPath.waiting.port(place), counters: counters.view)
        observer?.noteDrops(frames, place..<place + 1, from: slowPath.waiting.port(place))
        slowPath.waiting.empty(place)
    }

    /// Forwards a packet once more, from the beginning, by what the tables say now. A label's TTL that has been handed on
    /// is handed on to the same again.
    private func forwardAgain<R: Recorder>(
        _ vector: PacketVector, _ index: Int, from port: PortIndex, _ recorder: inout R
    ) {
        restoreClass(vector, index)
        let packet = vector[index]
        vector[index] = Packet(
            offset: packet.offset, byteCount: packet.byteCount, timestamp: packet.timestamp)
        unsafe forward(
            vector.packets + index, count: 1, arena: vector.arena, arenaByteCount: vector.arenaByteCount,
            from: port, tables: tables.view, state: &state, recorder: &recorder)
    }

    private func restoreClass(_ vector: PacketVector, _ index: Int) {
        unsafe restoreArrivalClass(
            &vector.packets[index], arena: vector.arena, arenaByteCount: vector.arenaByteCount)
    }
}
