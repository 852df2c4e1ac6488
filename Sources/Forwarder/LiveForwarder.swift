import Glibc
public import Link
import Observation
import Packets
public import Ports

/// The loop of one worker's thread on live ports: serves them in turn while packets come, takes in publications between
/// vectors, sleeps when there is nothing to do.
///
public final class LiveForwarder {
    public let worker: Worker
    private let publisher: Publisher
    private let idleMode: IdleMode
    private var number: Int { worker.number }
    private let report: ([PortReport]) -> Void
    private let watch: KernelWatch?
    /// What `watch` had said when the ports last looked at their interfaces.
    private var seenSerial: UInt64 = 0
    /// The slots of the ports whose neighbours the kernel resolves, by interface.
    private var kernelPorts: [Int32: UInt16] = [:]
    /// The slots that have a port.
    private var slots: [UInt16] = []
    /// The last report of each of these.
    private var reports: [UInt16: PortReport] = [:]
    private let share: WorkerShare?
    /// What is slept by.
    private var descriptors: [pollfd] = []

    /// - Parameter worker: one that has taken in the publisher's first publication, and has its place among the publisher's
    ///   for a number.
    /// - Parameter share: what the worker shares with others; what they tell it wakes it.
    /// - Parameter watch: what the kernel says of interfaces and neighbours; nil: ports ask it.
    /// - Parameter report: takes what has changed at the ports, about once a second.
    public init(
        worker: Worker, publisher: Publisher, share: WorkerShare? = nil, idleMode: IdleMode = .adaptive,
        watch: KernelWatch? = nil, report: @escaping ([PortReport]) -> Void
    ) {
        self.share = share
        self.idleMode = idleMode
        self.watch = watch
        self.worker = worker
        self.publisher = publisher
        self.report = report
        notePorts()
    }

    /// Forwards until it is told to stop; `Publisher.wakeAll` makes it look.
    public func run(until stop: StopFlag) {
        var nextMaintenance = monotonicTime()
        var idleSince: UInt64?
        while !stop.isRaised {
            let now = monotonicTime()
            takeIn()
            worker.takeNews()
            takeNeighbours()
            if now >= nextMaintenance || watch.map({ $0.serial != seenSerial }) == true {
                maintain()
                nextMaintenance = now + 1_000_000_000
            }
            let start = WorkerObserver.ticks
            var count = 0
            for slot in slots { count += worker.serve(PortIndex(rawValue: slot)) }
            if count > 0 { worker.observer?.noteBusy(ticks: WorkerObserver.ticks &- start) }
            worker.forgetSome()
            guard count == 0, worker.isAdopted, !worker.isForgetting else {
                idleSince = nil
                continue
            }
            let idleStart = idleSince ?? now
            idleSince = idleStart
            if idleMode == .adaptive, now - idleStart >= Self.spinNanoseconds {
                sleep(until: nextMaintenance)
            }
        }
        worker.giveUpWaiting()
    }

    private static let spinNanoseconds: UInt64 = 20_000

    /// Takes in a bounded part of what has been published.
    private func takeIn() {
        if worker.isAdopted {
            guard let next = publisher.next(for: number, after: worker.tables.publication.serial) else {
                return
            }
            worker.adopt(next)
        }
        worker.adoptSome()
        notePorts()
        guard worker.isAdopted else { return }
        worker.observer?.notePorts(worker.ports)
        publisher.notePassed(worker.tables.publication.serial, worker: number)
    }

    private func notePorts() {
        slots = worker.ports.indices.filter { worker.ports[$0] != nil }.map { UInt16($0) }
    }

    /// Has every port look whether its interface is what it was, and reports what has changed.
    private func maintain() {
        if let watch { seenSerial = watch.serial }
        var changed: [PortReport] = []
        for slot in slots {
            guard let port = worker.ports[Int(slot)] else { continue }
            port.maintain()
            let report = PortReport(
                port, slot: slot, serial: worker.tables.publication.serial, worker: number)
            guard report != reports[slot] else { continue }
            if let last = reports[slot], last.state != report.state {
                worker.forgetNeighbours(PortIndex(rawValue: slot))
            }
            reports[slot] = report
            changed.append(report)
        }
        noteKernelPorts()
        worker.observer?.refresh()
        worker.confirmNeighbours(at: currentTimestamp())
        if !changed.isEmpty { report(changed) }
    }

    /// Finds out which ports' neighbours the kernel resolves.
    private func noteKernelPorts() {
        guard let watch else { return }
        var found: [Int32: UInt16] = [:]
        for slot in slots {
            guard let index = worker.ports[Int(slot)]?.kernelInterfaceIndex else { continue }
            found[index] = slot
        }
        guard found != kernelPorts else { return }
        let new = found.filter { kernelPorts[$0.key] != $0.value }
        kernelPorts = found
        var indices: [Int: Int32] = [:]
        for (index, slot) in found { indices[Int(slot)] = index }
        worker.resolveByKernel(Set(indices.keys)) { port, address in
            if let index = indices[port] { watch.ask(for: address, interfaceIndex: index) }
        }
        for index in new.keys { watch.follow(interfaceIndex: index) }
    }

    /// Takes in some of what the kernel has said of neighbours. One worker does, and tells the others.
    private func takeNeighbours() {
        guard let watch, number == 0 else { return }
        for news in watch.takeNews(limit: 64) {
            guard let slot = kernelPorts[news.interfaceIndex] else { continue }
            worker.hear(PortIndex(rawValue: slot), news.address, news.mac, at: currentTimestamp())
        }
    }

    /// Sleeps until a port is readable, there is something to take in, or the time has come.
    private func sleep(until deadline: UInt64) {
        guard publisher.mayFallAsleep(number, after: worker.tables.publication.serial) else { return }
        defer { publisher.wakeUp(number) }
        if let share, share.hasNews(for: number) { return }
        descriptors.removeAll(keepingCapacity: true)
        for slot in slots {
            guard let descriptor = worker.ports[Int(slot)]?.pollDescriptor else { continue }
            descriptors.append(pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0))
        }
        descriptors.append(pollfd(fd: publisher.descriptor(of: number), events: Int16(POLLIN), revents: 0))
        let now = monotonicTime()
        guard deadline > now else { return }
        let milliseconds = Int32((deadline - now) / 1_000_000 + 1)
        unsafe _ = poll(&descriptors, nfds_t(descriptors.count), milliseconds)
        // A port that is gone reports an error at once, for ever: don't spin on it until `maintain` has looked.
        guard descriptors.contains(where: { Int32($0.revents) & (POLLERR | POLLHUP | POLLNVAL) != 0 }) else {
            return
        }
        unsafe _ = poll(&descriptors[descriptors.count - 1], 1, min(milliseconds, 100))
    }
}
