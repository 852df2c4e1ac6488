import Forwarder
import Glibc
import Link
import Packets
import Ports
import Synchronization
import Tables
import Testbed
import Testing
import Wire

@Suite("Running forwarder of several workers") struct RunningWorkersTests {
    private static let workerCount = 3
    private let folder = ScratchFolder()
    /// Ports with a queue for each worker, and one that has a single one.
    private let ports: [String: SharedPort] = [
        "access0": SharedPort("access0", link: .ip, queueCount: workerCount),
        "access1": SharedPort("access1", link: .ethernet, macAddress: Edges.accessMAC),
        "core0": SharedPort(
            "core0", link: .ethernet, macAddress: Edges.subscriberMAC, queueCount: workerCount),
        "core1": SharedPort("core1", link: .ethernet, macAddress: Edges.subscriberMAC1),
    ]

    private struct Missing: Error {}

    private func forwarder(_ counters: CounterFile) -> RunningForwarder {
        RunningForwarder(
            LinkThread.Configuration(
                socketPath: folder.file("link.sock"), name: "main", software: "test",
                processID: UInt32(getpid()), counterFile: counters.fileID), counters: counters,
            workers: RunningForwarder.Workers(count: Self.workerCount, idleMode: .adaptive),
            open: { [ports] object, _, _ in
                guard let port = ports[object.name] else { throw Missing() }
                return port
            }, report: { _ in })
    }

    @Test(
        "PX-4 PX-5 packets of three workers see each transaction whole or not at all, none is lost, and each is on one bill"
    )
    func togglingUnderTraffic() throws {
        let counters = try CounterFile(
            path: folder.file("counters-main"), region: .forwarding, workers: Self.workerCount,
            requiresTmpfs: false)
        let toggler = Toggler(TwoWays.transactions(300))
        let server = try LinkServer(
            path: folder.file("link.sock"),
            holding: InstanceLock(folder.file("wayleaved.lock"), for: "control plane"), journal: 77
        ) { toggler.handle($0) }
        let forwarder = forwarder(counters)
        let (access, core) = (try #require(ports["access0"]), try #require(ports["core0"]))
        #expect(eventually { toggler.progress.withLock { $0.appliedCount } > 0 })

        let frame = Datagram.udp("10.1.0.5", "198.51.100.7", byteCount: 100).bytes
        let burst = Array(repeating: frame, count: 64)
        var offered = Array(repeating: 0, count: Self.workerCount)
        var sent: [Int: Int] = [:]
        var sentByWorker = Array(repeating: 0, count: Self.workerCount)
        var announced = 0
        func take() {
            for (worker, queue) in core.queues.enumerated() {
                for frame in queue.takeSent() {
                    guard Frame(frame)?.etherType == .mpls else {
                        announced += 1
                        continue
                    }
                    sent[TwoWays.userLabel(frame), default: 0] += 1
                    sentByWorker[worker] += 1
                }
            }
        }
        let isDone = eventually(seconds: 120) {
            for (worker, queue) in access.queues.enumerated() where queue.waitingCount < 256 {
                queue.offer(burst)
                offered[worker] += burst.count
            }
            take()
            return toggler.isDone
        }
        #expect(isDone && toggler.progress.withLock { $0.rejections } == [])
        #expect(
            eventually {
                take()
                return sentByWorker == offered
            }, "\(sentByWorker) of \(offered) packets were sent")
        #expect(Set(sent.keys) == [100_042, 100_142] && offered.allSatisfy { $0 > 1000 })

        server.stop()
        #expect(forwarder.end())
        let reader = CounterReader(path: counters.path)
        try reader.refresh()
        let totals = try #require(reader.totals())
        let all = UInt64(offered.reduce(0, +))
        #expect(totals.drops.allSatisfy { $0.count == 0 } && totals.forwarded == all)
        #expect(totals.ports[0].received == all && totals.ports[2].sent == all + UInt64(announced))
        #expect(reader.read(0)?.upPackets == UInt64(sent[100_042] ?? 0))
        #expect(reader.read(10)?.upPackets == UInt64(sent[100_142] ?? 0))
    }

    @Test("A port of one queue is received by one worker, and sent to by all")
    func singleQueue() throws {
        let counters = try CounterFile(
            path: folder.file("counters-main"), region: .forwarding, workers: Self.workerCount,
            requiresTmpfs: false)
        let toggler = Toggler([
            ExpectedTransaction(
                Transaction(number: 1, isReset: true, changes: TwoWays.base),
                tableHash: TwoWays.base.reduce(0) { sum, change in
                    if case .set(let object) = change { sum &+ object.hash } else { sum }
                })
        ])
        let server = try LinkServer(
            path: folder.file("link.sock"),
            holding: InstanceLock(folder.file("wayleaved.lock"), for: "control plane"), journal: 77
        ) { toggler.handle($0) }
        let forwarder = forwarder(counters)
        #expect(eventually { toggler.isDone })
        let (access, plain) = (try #require(ports["access0"]), try #require(ports["core1"]))
        // Each worker asks for a news server of its own, by the one queue, and the answers come by it.
        for (worker, queue) in access.queues.enumerated() {
            queue.offer([Datagram.udp("10.1.0.5", "10.0.1.13\(worker)").bytes])
        }
        var asked: Set<String> = []
        var sent: Set<String> = []
        let isDone = eventually {
            for frame in plain.takeSent() {
                guard let frame = Frame(frame) else { continue }
                guard frame.etherType == .arp else {
                    if let datagram = frame.datagram { sent.insert("\(datagram.destination)") }
                    continue
                }
                guard let packet = try? ARPPacket(ARPView(frame.payload.span.bytes)) else { continue }
                let host = "\(packet.targetProtocol)"
                guard host.hasPrefix("10.0.1.13"), asked.insert(host).inserted else { continue }
                plain.offer([Station.arp(.reply, from: host, at: Station.newsMAC, for: "10.0.1.1")])
            }
            return sent.count == Self.workerCount
        }
        #expect(isDone, "asked for \(asked), sent to \(sent)")
        server.stop()
        #expect(forwarder.end())
    }
}
