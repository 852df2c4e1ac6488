import Forwarder
import Glibc
import Link
import Synchronization
import Tables
import Testing

@Suite("Publisher") struct PublisherTests {
    /// Publishes and says whether every worker passed in time.
    private func publish(_ tables: ForwardingTables, _ publisher: Publisher, timeout: Duration = .seconds(20))
        -> [String]
    {
        publisher.publish(Publication(tables: tables.publish(), ports: []))
        let behind = publisher.waitUntilPassed(timeout: timeout)
        if behind.isEmpty { tables.settle() }
        return behind
    }

    @Test("Who hasn't taken in a publication is named until they have") func stuck() {
        let tables = ForwardingTables()
        let publisher = Publisher(
            workers: ["a", "b", "c"], first: Publication(tables: tables.publication, ports: []))
        #expect(publisher.workersBehind.isEmpty && publisher.next(for: 0, after: 0) == nil)
        #expect(publish(tables, publisher, timeout: .milliseconds(5)) == ["a", "b", "c"])
        for worker in [2, 0] {
            #expect(publisher.next(for: worker, after: 0)?.tables.serial == 1)
            publisher.notePassed(1, worker: worker)
        }
        #expect(publisher.waitUntilPassed(timeout: .milliseconds(5)) == ["b"])
        #expect(publisher.next(for: 0, after: 1) == nil)
        publisher.notePassed(1, worker: 1)
        #expect(publisher.waitUntilPassed(timeout: .milliseconds(5)).isEmpty)
    }

    @Test("Workers that turn, sleep and wake take in every publication, in order, and none is missed")
    func concurrent() {
        let tables = ForwardingTables()
        let names = ["turning", "sleeping", "dozing"]
        let publisher = Publisher(workers: names, first: Publication(tables: tables.publication, ports: []))
        let stop = StopFlag()
        let outOfOrder = Atomic(0)
        let sleeps = Atomic(0)
        let threads = names.indices.map { worker in
            NativeThread(names[worker]) {
                var serial: UInt64 = 0
                var round = 0
                while !stop.isRaised {
                    round += 1
                    if let next = publisher.next(for: worker, after: serial) {
                        if next.tables.serial != serial + 1 { outOfOrder.add(1, ordering: .relaxed) }
                        serial = next.tables.serial
                        publisher.notePassed(serial, worker: worker)
                    }
                    guard worker > 0, worker == 1 || round % 7 == 0 else { continue }
                    guard publisher.mayFallAsleep(worker, after: serial) else { continue }
                    sleeps.add(1, ordering: .relaxed)
                    var request = pollfd(
                        fd: publisher.descriptor(of: worker), events: Int16(POLLIN), revents: 0)
                    // Nothing else wakes it: a publication that is missed is one that never passes.
                    poll(&request, 1, 60_000)
                    publisher.wakeUp(worker)
                }
            }
        }
        for _ in 0..<2000 {
            let behind = publish(tables, publisher)
            #expect(behind.isEmpty)
            guard behind.isEmpty else { break }
        }
        stop.raise()
        publisher.wakeAll()
        for thread in threads { thread.join() }
        #expect(outOfOrder.load(ordering: .relaxed) == 0)
        #expect(sleeps.load(ordering: .relaxed) > 100)
    }
}
