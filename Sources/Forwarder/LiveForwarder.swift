import Glibc
import Packets
import Ports
public import Tables

/// The forwarder on live ports: serves them in turn while packets come, sleeps when none do.
///
/// Idle policy: after a round without packets it goes on looking for 20 µs, because a wake-up costs as much, and then
/// sleeps in `poll` until a port is readable. A forwarder without traffic uses no processor time.
public final class LiveForwarder {
    public let worker: Worker
    private let tables: ForwardingTables
    private let stop: StopSignal
    /// Called about once a second, with the ports already maintained.
    private let everySecond: () -> Void
    /// By port slot.
    private var states: [PortState?]
    private let report: (String) -> Void

    /// - Parameter report: takes a line for people: a port that came, went or changed.
    /// - Parameter everySecond: work at leisure, as writing the counters file.
    /// - Parameter tables: those that the worker works by; nobody else edits them.
    public init(
        worker: Worker, tables: ForwardingTables, report: @escaping (String) -> Void,
        everySecond: @escaping () -> Void
    ) {
        self.worker = worker
        self.tables = tables
        self.report = report
        self.everySecond = everySecond
        states = worker.ports.map { $0?.state }
        stop = StopSignal()
        for (port, state) in zip(worker.ports, states) {
            guard let port, let state else { continue }
            report("port \(port.name): \(Self.words(for: state))")
        }
    }

    /// Forwards until SIGINT or SIGTERM.
    public func run() {
        var nextMaintenance = Self.now()
        var idleSince: UInt64?
        while !stop.isRequested {
            let now = Self.now()
            if now >= nextMaintenance {
                maintain()
                nextMaintenance = now + 1_000_000_000
            }
            var count = 0
            for index in worker.ports.indices { count += worker.serve(PortIndex(rawValue: UInt16(index))) }
            guard count == 0 else {
                idleSince = nil
                continue
            }
            let idleStart = idleSince ?? now
            idleSince = idleStart
            if now - idleStart >= Self.spinNanoseconds { sleep(until: nextMaintenance) }
        }
        maintain()
    }

    private static let spinNanoseconds: UInt64 = 20_000

    private func maintain() {
        for (index, port) in worker.ports.enumerated() {
            guard let port else { continue }
            port.maintain()
            guard port.state != states[index] else { continue }
            states[index] = port.state
            worker.forgetNeighbours(PortIndex(rawValue: UInt16(index)))
            report("port \(port.name): \(Self.words(for: port.state))")
        }
        refreshPorts()
        worker.confirmNeighbours(at: Self.now(CLOCK_REALTIME))
        everySecond()
    }

    /// Takes over what the ports know only once their interfaces are there.
    private func refreshPorts() {
        var isChanged = false
        for (slot, port) in worker.ports.enumerated() {
            guard let port, let mac = port.macAddress else { continue }
            let mtu = port.link == .ethernet ? UInt16(clamping: port.mtu) : nil
            isChanged =
                !tables.portFacts(UInt16(slot), mac: mac, mtu: mtu).changedPorts.isEmpty || isChanged
        }
        guard isChanged else { return }
        worker.adopt(Publication(tables: tables.publish(), ports: worker.ports))
        while !worker.isAdopted { worker.adoptSome() }
        tables.settle()
    }

    private static func words(for state: PortState) -> String {
        switch state {
        case .up: "up"
        case .down: "down"
        case .absent(let reason): "absent: \(reason)"
        case .finished: "finished: its file has been read to the end"
        }
    }

    /// Sleeps until a port is readable, a signal arrives, or the time has come.
    private func sleep(until deadline: UInt64) {
        var descriptors = worker.ports.compactMap { $0?.pollDescriptor }.map {
            pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
        }
        descriptors.append(pollfd(fd: stop.descriptor, events: Int16(POLLIN), revents: 0))
        let now = Self.now()
        guard deadline > now else { return }
        let milliseconds = Int32((deadline - now) / 1_000_000 + 1)
        unsafe _ = poll(&descriptors, nfds_t(descriptors.count), milliseconds)
        // A port that is gone reports an error at once, for ever: don't spin on it until `maintain` has looked.
        if descriptors.contains(where: { Int32($0.revents) & (POLLERR | POLLHUP | POLLNVAL) != 0 }) {
            _ = poll(nil, 0, min(milliseconds, 100))
        }
    }

    /// Nanoseconds of a clock, by default of one that never goes back.
    private static func now(_ clock: clockid_t = CLOCK_MONOTONIC) -> UInt64 {
        var time = timespec()
        unsafe clock_gettime(clock, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}

/// SIGINT and SIGTERM as something to poll for: the handler writes to a pipe.
final class StopSignal {
    /// Readable once a signal has come.
    let descriptor: Int32
    /// The handler can reach only globals; written once, before the handler is installed.
    nonisolated(unsafe) private static var writeEnd: Int32 = -1

    init() {
        var ends: [Int32] = [-1, -1]
        precondition(unsafe pipe(&ends) == 0, "no descriptors left for a pipe")
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        descriptor = ends[0]
        unsafe Self.writeEnd = ends[1]
        for number in [SIGINT, SIGTERM] {
            _ = signal(number) { _ in
                var octet: UInt8 = 1
                unsafe _ = write(StopSignal.writeEnd, &octet, 1)
            }
        }
        _ = signal(SIGPIPE, SIG_IGN)
    }

    var isRequested: Bool {
        var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&request, 1, 0) > 0
    }
}
