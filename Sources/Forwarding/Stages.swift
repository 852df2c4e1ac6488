public import Packets
public import Tables
public import Trace

/// Packets that go through the stages together, and what has been found out about each.
@safe @usableFromInline struct Batch: BitwiseCopyable {
    @usableFromInline let packets: UnsafeMutablePointer<Packet>
    @usableFromInline let pending: UnsafeMutablePointer<Pending>
    @usableFromInline let count: Int

    @inlinable @inline(always)
    init(packets: UnsafeMutablePointer<Packet>, pending: UnsafeMutablePointer<Pending>, count: Int) {
        unsafe self.packets = packets
        unsafe self.pending = pending
        self.count = count
    }
}

/// The stages over a batch. Behind the first one, packets of one kind that stand in a row go through a loop of their own:
/// one function for all kinds would be too large for the registers.
extension Classifier {
    /// - Returns: whether there is something left to do for `find` and `admit`.
    @export(implementation) @inline(never)
    func parse<R: Recorder>(_ batch: Batch, _ recorder: inout R) -> Bool {
        var isPending = false
        var packet = unsafe batch.packets
        var pending = unsafe batch.pending
        let end = unsafe packet + batch.count
        while unsafe packet < end {
            unsafe pending.pointee.kind = .nothing
            if unsafe packet.pointee.disposition == .undecided {
                let start = unsafe Int(packet.pointee.offset)
                let end = unsafe start &+ Int(packet.pointee.byteCount)
                if input.entry.isEthernet {
                    unsafe parseFrame(&packet.pointee, start, end, &pending.pointee, &recorder)
                } else {
                    let position = Position(header: start, end: end, tags: 0)
                    unsafe parseIP(&packet.pointee, position, &pending.pointee, &recorder)
                }
                if unsafe pending.pointee.kind != .nothing { isPending = true }
            }
            unsafe packet += 1
            unsafe pending += 1
        }
        return isPending
    }

    @export(implementation) @inline(always)
    func find<R: Recorder>(_ batch: Batch, _ recorder: inout R) {
        var index = 0
        while index < batch.count {
            let kind = unsafe batch.pending[index].kind
            if kind == .plain4 {
                index = findPlain(IPv4.self, batch, from: index, &recorder)
            } else if kind == .labelled {
                index = findLabelled(batch, from: index, &recorder)
            } else if kind == .decapsulated4 {
                index = findDecapsulated(IPv4.self, batch, from: index)
            } else if kind == .plain6 {
                index = findPlain(IPv6.self, batch, from: index, &recorder)
            } else if kind == .decapsulated6 {
                index = findDecapsulated(IPv6.self, batch, from: index)
            } else {
                index &+= 1
            }
        }
    }

    @export(implementation) @inline(always)
    func admit<R: Recorder>(_ batch: Batch, _ recorder: inout R) {
        var index = 0
        while index < batch.count {
            let kind = unsafe batch.pending[index].kind
            if kind == .plain4 {
                index = admitPlain(IPv4.self, batch, from: index, &recorder)
            } else if kind == .labelled {
                index = admitLabelled(batch, from: index, &recorder)
            } else if kind == .decapsulated4 || kind == .decapsulated6 {
                index = admitDecapsulated(batch, from: index)
            } else if kind == .plain6 {
                index = admitPlain(IPv6.self, batch, from: index, &recorder)
            } else {
                index &+= 1
            }
        }
    }

    /// The last look at packets, and at once their rewriting.
    @export(implementation) @inline(always)
    func finish<R: Recorder>(
        _ batch: Batch, _ converter: borrowing Converter, _ identification: inout UInt16, _ recorder: inout R
    ) {
        var index = 0
        while index < batch.count {
            let kind = unsafe batch.pending[index].kind
            if kind == .plain4 {
                index = finishPlain(IPv4.self, batch, from: index, converter, &identification, &recorder)
            } else if kind == .unlabelled4 {
                index = finishUnlabelled(
                    IPv4.self, batch, from: index, converter, &identification, &recorder)
            } else if kind == .decapsulated4 {
                index = finishDecapsulated(
                    IPv4.self, batch, from: index, converter, &identification, &recorder)
            } else if kind == .plain6 {
                index = finishPlain(IPv6.self, batch, from: index, converter, &identification, &recorder)
            } else if kind == .unlabelled6 {
                index = finishUnlabelled(
                    IPv6.self, batch, from: index, converter, &identification, &recorder)
            } else if kind == .decapsulated6 {
                index = finishDecapsulated(
                    IPv6.self, batch, from: index, converter, &identification, &recorder)
            } else {
                index = finishDecided(batch, from: index, converter, &identification, &recorder)
            }
        }
    }

    // MARK: Packets of one kind, up to the first of another

    @export(implementation) @inline(never)
    func findPlain<IP: NetworkHeader, R: Recorder>(
        _: IP.Type, _ batch: Batch, from first: Int, _ recorder: inout R
    ) -> Int {
        let count = batch.count &- first
        var packet = unsafe batch.packets + first
        var pending = unsafe batch.pending + first
        let end = unsafe packet + count
        repeat {
            unsafe findPlain(IP.self, &packet.pointee, &pending.pointee, &recorder)
            unsafe packet += 1
            unsafe pending += 1
        } while unsafe packet < end && pending.pointee.kind == IP.plain
        return unsafe packet - batch.packets
    }

    @export(implementation) @inline(never)
    func findDecapsulated<IP: NetworkHeader>(
        _: IP.Type, _ batch: Batch, from first: Int
    ) -> Int {
        let count = batch.count &- first
        var packet = unsafe batch.packets + first
        var pending = unsafe batch.pending + first
        let end = unsafe packet + count
        repeat {
            unsafe findDecapsulated(IP.self, &pending.pointee)
            unsafe packet += 1
            unsafe pending += 1
        } while unsafe packet < end && pending.pointee.kind == IP.decapsulated
        return unsafe packet - batch.packets
    }

    @export(implementation) @inline(never)
    func findLabelled<R: Recorder>(
        _ batch: Batch, from first: Int, _ recorder: inout R
    ) -> Int {
        let count = batch.count &- first
        var packet = unsafe batch.packets + first
        var pending = unsafe batch.pending + first
        let end = unsafe packet + count
        repeat {
            unsafe findLabelled(&packet.pointee, &pending.pointee, &recorder)
            unsafe packet += 1
            unsafe pending += 1
        } while unsafe packet < end && pending.pointee.kind == .labelled
        return unsafe packet - batch.packets
    }

    @export(implementation) @inline(never)
    func admitPlain<IP: NetworkHeader, R: Recorder>(
        _: IP.Type, _ batch: Batch, from first: Int, _ recorder: inout R
    ) -> Int {
        let count = batch.count &- first
        var packet = unsafe batch.packets + first
        var pending = unsafe batch.pending + first
        let end = unsafe packet + count
        repeat {
            unsafe admitPlain(IP.self, &packet.pointee, &pending.pointee, &recorder)
            unsafe packet += 1
            unsafe pending += 1
        } while unsafe packet < end && pending.pointee.kind == IP.plain
        return unsafe packet - batch.packets
    }

    @inlinable @inline(never)
    func admitDecapsulated(
        _ batch: Batch, from first: Int
    ) -> Int {
        let count = batch.count &- first
        var packet = unsafe batch.packets + first
        var pending = unsafe batch.pending + first
        let end = unsafe packet + count
        let kind = unsafe pending.pointee.kind
        repeat {
            unsafe admitDecapsulated(&pending.pointee)
            unsafe packet += 1
            unsafe pending += 1
        } while unsafe packet < end && pending.pointee.kind == kind
        return unsafe packet - batch.packets
    }

    @export(implementation) @inline(never)
    func admitLabelled<R: Recorder>(
        _ batch: Batch, from first: Int, _ recorder: inout R
    ) -> Int {
        let count = batch.count &- first
        var packet = unsafe batch.packets + first
        var pending = unsafe batch.pending + first
        let end = unsafe packet + count
        repeat {
            unsafe admitLabelled(&packet.pointee, &pending.pointee, &recorder)
            unsafe packet += 1
            unsafe pending += 1
        } while unsafe packet < end && pending.pointee.kind == .labelled
        return unsafe packet - batch.packets
    }

    /// Transit labels, for the most part: what has been decided on before, of which some is still to be rewritten.
    @export(implementation) @inline(never)
    func finishDecided<R: Recorder>(
        _ batch: Batch, from first: Int, _ converter: borrowing Converter, _ identification: inout UInt16,
        _ recorder: inout R
    ) -> Int {
        let count = batch.count &- first
        var packet = unsafe batch.packets + first
        var pending = unsafe batch.pending + first
        let end = unsafe packet + count
        repeat {
            if unsafe packet.pointee.disposition == .transmit {
                if unsafe packet.pointee.counter == Packet.noCounter {
                    unsafe converter.relabel(&packet.pointee, isOriginated: false, &recorder)
                } else {
                    unsafe converter.convert(&packet.pointee, &identification, &recorder)
                }
            }
            unsafe packet += 1
            unsafe pending += 1
        } while unsafe packet < end && pending.pointee.kind == .nothing
        return unsafe packet - batch.packets
    }

    @export(implementation) @inline(never)
    func finishPlain<IP: NetworkHeader, R: Recorder>(
        _: IP.Type, _ batch: Batch, from first: Int, _ converter: borrowing Converter,
        _ identification: inout UInt16, _ recorder: inout R
    ) -> Int {
        let count = batch.count &- first
        var packet = unsafe batch.packets + first
        var pending = unsafe batch.pending + first
        let end = unsafe packet + count
        repeat {
            unsafe finishPlain(
                IP.self, &packet.pointee, pending, converter, &identification, &recorder)
            unsafe packet += 1
            unsafe pending += 1
        } while unsafe packet < end && pending.pointee.kind == IP.plain
        return unsafe packet - batch.packets
    }

    @export(implementation) @inline(never)
    func finishDecapsulated<IP: NetworkHeader, R: Recorder>(
        _: IP.Type, _ batch: Batch, from first: Int, _ converter: borrowing Converter,
        _ identification: inout UInt16, _ recorder: inout R
    ) -> Int {
        let count = batch.count &- first
        var packet = unsafe batch.packets + first
        var pending = unsafe batch.pending + first
        let end = unsafe packet + count
        repeat {
            unsafe finishDecapsulated(
                IP.self, &packet.pointee, pending, converter, &identification, &recorder)
            unsafe packet += 1
            unsafe pending += 1
        } while unsafe packet < end && pending.pointee.kind == IP.decapsulated
        return unsafe packet - batch.packets
    }

    @export(implementation) @inline(never)
    func finishUnlabelled<IP: NetworkHeader, R: Recorder>(
        _: IP.Type, _ batch: Batch, from first: Int, _ converter: borrowing Converter,
        _ identification: inout UInt16, _ recorder: inout R
    ) -> Int {
        let count = batch.count &- first
        var packet = unsafe batch.packets + first
        var pending = unsafe batch.pending + first
        let end = unsafe packet + count
        repeat {
            unsafe finishUnlabelled(
                IP.self, &packet.pointee, pending, converter, &identification, &recorder)
            unsafe packet += 1
            unsafe pending += 1
        } while unsafe packet < end && pending.pointee.kind == IP.unlabelled
        return unsafe packet - batch.packets
    }
}
