import Link
import Packets
import Ports
import Tables
import Testbed
import Testing
import Wire

@testable import Forwarder

@Suite("Several workers know the same") struct WorkersTests {
    private static let news = "10.0.1.130"
    private let crew = Crew()

    private func answer() -> [UInt8] {
        Station.arp(.reply, from: Self.news, at: Station.newsMAC, for: "10.0.1.1")
    }

    private func countOfARP(_ frames: [[[UInt8]]]) -> [Int] {
        frames.map { $0.count { Frame($0)?.etherType == .arp } }
    }

    @Test("An answer that comes by another worker's queue is the asking one's, and all know the neighbour")
    func neighbour() throws {
        let questions = crew.pass([Station.news(Self.news)], "access0", to: "core1", worker: 0)
        #expect(countOfARP(questions) == [1, 0])
        let sent = crew.pass([answer()], "core1", to: "core1", worker: 1)
        #expect(sent.map(\.count) == [1, 0], "the packet leaves by the worker where it waited")
        #expect(Frame(sent[0][0])?.destination == Station.newsMAC)
        // The other worker has nothing to ask.
        let next = crew.pass([Station.news(Self.news)], "access0", to: "core1", worker: 1)
        #expect(next.map(\.count) == [0, 1] && Frame(next[1][0])?.destination == Station.newsMAC)
        for worker in 0..<2 { #expect(crew.report(of: worker).balances) }
    }

    @Test("A question that one has asked no other asks again within its second")
    func oneQuestion() {
        _ = crew.pass([Station.news(Self.news)], "access0", to: "core1", worker: 0)
        let again = crew.pass([Station.news(Self.news)], "access0", to: "core1", worker: 1)
        #expect(countOfARP(again) == [0, 0])
        crew.wait(nanoseconds: 1_000_000_000)
        let later = crew.pass([Station.news(Self.news)], "access0", to: "core1", worker: 1)
        #expect(countOfARP(later) == [0, 1])
        // Both packets wait, and both leave.
        #expect(crew.pass([answer()], "core1", to: "core1", worker: 0).map(\.count) == [1, 1])
    }

    @Test("One alone announces our addresses")
    func announcements() {
        for worker in crew.workers { worker.confirmNeighbours(at: 5) }
        let sent = (0..<2).map { worker in
            crew.ports[worker].reduce(0) { $0 + $1.takeSent().count { Frame($0.bytes)?.etherType == .arp } }
        }
        #expect(sent[0] > 0 && sent[1] == 0)
    }

    @Test("What the kernel says of a neighbour to one, all know")
    func kernelNeighbour() throws {
        for worker in crew.workers { worker.resolveByKernel([3]) { _, _ in } }
        let slot = try #require(crew.ports[0].firstIndex { $0.name == "core1" })
        crew.workers[0].hear(
            PortIndex(rawValue: UInt16(slot)), .v4(Station.address(Self.news)), Station.newsMAC, at: 1)
        let sent = crew.pass([Station.news(Self.news)], "access0", to: "core1", worker: 1)
        #expect(sent.map(\.count) == [0, 1])
    }

    @Test("A path MTU that one worker learns binds all, and ends with the tunnel as it was")
    func pathMTU() {
        let tunnel = TunnelIndex(rawValue: 2)
        crew.workers[0].slowPath.pathMTUs.learn(1000, of: tunnel, crew.workers[0].tables, at: 5)
        crew.workers[0].slowPath.tell(
            .pathMTU(1000, of: tunnel, serial: crew.tables.publication.serial, at: 5))
        // Of another publication, in which the number may be another tunnel's.
        crew.workers[0].slowPath.tell(
            .pathMTU(
                900, of: TunnelIndex(rawValue: 1), serial: crew.tables.publication.serial + 1, at: 5))
        crew.workers[1].takeNews()
        #expect(crew.workers[1].tables.pathMTU(of: tunnel) == 1000)
        #expect(crew.workers[1].tables.pathMTU(of: TunnelIndex(rawValue: 1)) == nil)
    }

    @Test("News beyond what has room are lost, and nothing else")
    func fullBox() {
        let share = WorkerShare(workers: 3)
        let key = NeighbourResolver.Key(port: 0, tags: 0, address: .v4(Station.address(Self.news)))
        for time in 0..<UInt64(WorkerShare.capacity + 10) { share.tell(.asked(key, at: time), from: 1) }
        #expect(share.hasNews(for: 0) && !share.hasNews(for: 1))
        #expect(share.take(for: 0).count == WorkerShare.capacity && !share.hasNews(for: 0))
        #expect(share.take(for: 2).count == WorkerShare.capacity)
    }

    @Test("RFC 2698 a session that comes by two workers has its rate once")
    func policer() throws {
        try police(burstByteCount: 1280)
        let packet = Datagram.udp("10.1.0.5", "198.51.100.7", byteCount: 100).bytes
        func sent() -> Int {
            (0..<16).reduce(0) { sum, number in
                sum + crew.pass([packet], "access0", to: "core0", worker: number % 2).joined().count
            }
        }
        #expect(sent() == 10, "a burst of 1280 bytes, 128 each")
        crew.wait(nanoseconds: 512_000_000)
        #expect(sent() == 4, "512 bytes of half a second")
    }

    @Test("RFC 2698 also when they meter at the same time")
    func policerAtOnce() throws {
        try police(burstByteCount: 1_280_000)
        let packet = Datagram.udp("10.1.0.5", "198.51.100.7", byteCount: 100).bytes
        for worker in 0..<2 {
            for _ in 0..<8000 { crew.port("access0", of: worker).offer(packet, timestamp: 1_000_000_000) }
        }
        let threads = crew.workers.map { worker in
            let worker = Handover(value: worker)
            return NativeThread("worker") {
                while worker.value.serve(PortIndex(rawValue: 0)) > 0 {}
            }
        }
        for thread in threads { thread.join() }
        let sent = (0..<2).reduce(0) { sum, worker in
            sum + crew.port("core0", of: worker).sent.count { Frame($0.bytes)?.etherType == .mpls }
        }
        #expect(sent == 10_000)
    }

    private struct Handover: @unchecked Sendable { let value: Worker }

    /// Gives alice's way up a policer of 1000 bytes a second.
    private func police(burstByteCount: UInt32) throws {
        var session = try #require(
            crew.tables.contents.changes.lazy.compactMap { change -> SessionObject? in
                if case .set(.session(let session)) = change { session } else { nil }
            }.first { $0.slot.rawValue == 0 })
        session.up.policer = Policer(
            committedBitsPerSecond: 8000, peakBitsPerSecond: 8000, committedBurstByteCount: burstByteCount,
            peakBurstByteCount: burstByteCount)
        try crew.tables.stage(
            Transaction(number: crew.tables.number + 1, changes: [.set(.session(session))]))
        crew.publish()
    }

    @Test("Workers have equal parts of what a port may ask of the slow path")
    func limits() {
        for workers in [1, 2, 3] {
            let limits = SlowPathLimits(workers: workers)
            let allowed = (0..<2000).count { _ in limits.allowsError(port: 0, at: 7) }
            #expect(allowed == SlowPathLimits.errorsPerSecond / workers)
        }
    }

    @Test("A MAC address that one worker writes is not another's before it has heard of it")
    func ownAdjacencies() {
        let (one, other) = (crew.workers[0].tables, crew.workers[1].tables)
        #expect(one.placeCount == other.placeCount && one.configuredPlaceCount > 0)
        for place in 0..<one.configuredPlaceCount {
            guard let index = one.adjacency(inPlace: place) else { continue }
            let adjacency = Int(index.rawValue)
            #expect(one.adjacencies[adjacency].nextHop == other.adjacencies[adjacency].nextHop)
            guard one.adjacencies[adjacency].nextHop != nil else { continue }
            one.adjacencies[adjacency].destination = Station.evilMAC
            #expect(other.adjacencies[adjacency].destination != Station.evilMAC)
        }
    }
}

@Suite("A port of one queue among several workers") struct SingleQueueTests {
    @Test("One worker receives, all send; what is lost is told once")
    func roles() {
        let memory = MemoryPort(name: "m", link: .ip)
        let ports = SingleQueue.ports(memory, workers: 3, owner: 1)
        for number in 0..<4 { memory.offer([UInt8(number)]) }
        let counts = ports.map { port in
            let vector = PacketVector()
            return port.receive(into: vector)
        }
        #expect(counts == [0, 4, 0])
        for (number, port) in ports.enumerated() {
            let vector = PacketVector()
            vector.append(byteCount: 20, timestamp: 0)
            [UInt8(0)].withUnsafeBufferPointer { port.transmit(vector, selection: $0) }
            #expect(vector[0].disposition == .forwarded && memory.sent.count == number + 1)
        }
        memory.state = .down
        #expect(ports.allSatisfy { $0.state == .down && $0.name == "m" && $0.mtu == 1500 })
    }

    @Test("CD-1 what queues have lost is added up, and one that can't be used is the port's trouble")
    func queues() {
        let memory = MemoryPort(name: "m", link: .ip)
        let object = PortObject(slot: 3, name: "m", medium: .tun(interface: "t"), role: .access)
        var live = LivePort(object, memory, serial: 1)
        var reports = (0..<2).map { PortReport(memory, slot: 3, serial: 1, worker: $0) }
        for (worker, drops) in [5, 7].enumerated() {
            reports[worker].statistics.kernelDrops = UInt64(drops)
            reports[worker].statistics.superframes = 2
            live.take(reports[worker])
        }
        #expect(live.status.state == .up && live.status.counters.kernelDrops == 12)
        #expect(live.status.counters.superframes == 4)
        reports[1].state = .absent("it is full")
        live.take(reports[1])
        #expect(live.status.state == .absent && live.status.detail == "queue 1: it is full")
        reports[1].state = .up
        live.take(reports[1])
        reports[0].state = .down
        live.take(reports[0])
        #expect(live.status.state == .down && live.status.counters.kernelDrops == 12)
    }
}
