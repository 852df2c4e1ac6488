import Glibc
import Link
import Packets
import Ports
import Tables

/// A port of the tables, and what came of opening it.
struct LivePort {
    var object: PortObject
    /// Nil where it could not be opened.
    var port: (any PacketPort)?
    /// The first publication that it is in.
    let serial: UInt64
    /// What is known of it: as it was opened, then as the worker reports.
    private(set) var status: PortStatus
    /// The longest network-layer packet that it takes, in bytes.
    private(set) var mtu: Int
    /// When to try again to open it, where it could not be.
    private(set) var nextAttempt: ContinuousClock.Instant?
    /// What each worker has last said of its queue.
    private var lastReports: [Int: PortReport] = [:]
    private var hasFailed = false
    /// What interfaces of this port that are gone had counted, and what the present one last had.
    private var formerStatistics = InterfaceStatistics()
    private var interface: KernelWatch.Interface?
    /// What the first interface had counted before it was this port's; nil: none has been seen.
    private var earlierStatistics: InterfaceStatistics?

    /// A port that is open, be its interface there or not.
    init(_ object: PortObject, _ port: any PacketPort, serial: UInt64) {
        self.object = object
        self.serial = serial
        self.port = port
        mtu = port.mtu
        status = PortStatus(slot: object.slot, state: .absent, mtu: 0)
        status.since = currentTimestamp()
        status.kind = object.medium.kind
        take(PortReport(port, slot: object.slot, serial: serial))
    }

    /// One that can't be opened now. It is tried again: a right may be given, a folder made.
    /// - Parameter nextAttempt: nil: never.
    init(_ object: PortObject, failure: String, nextAttempt: ContinuousClock.Instant?) {
        self.object = object
        self.nextAttempt = nextAttempt
        serial = 0
        mtu = 0
        status = PortStatus(slot: object.slot, state: .absent, detail: failure, mtu: 0)
        status.since = currentTimestamp()
        status.kind = object.medium.kind
    }

    /// One that another forwarder opens.
    init(elsewhere object: PortObject) {
        self.init(object, failure: "forwarder '\(object.forwarder)' opens it", nextAttempt: nil)
    }

    /// Takes in what a worker says. The first queue's state is the port's, unless another one is in a worse; what queues have
    /// lost is added up.
    mutating func take(_ report: PortReport) {
        lastReports[report.worker] = report
        if let whole = Self.whole(lastReports) { take(whole: whole) }
    }

    private static func whole(_ reports: [Int: PortReport]) -> PortReport? {
        guard var whole = reports[0] else { return nil }
        for (worker, report) in reports.sorted(by: { $0.key < $1.key }) where worker > 0 {
            whole.statistics += report.statistics
            guard whole.state == .up else { continue }
            if case .absent(let reason) = report.state { whole.state = .absent("queue \(worker): \(reason)") }
        }
        return whole
    }

    private mutating func take(whole report: PortReport) {
        let (state, detail): (PortStatus.State, String) =
            switch report.state {
            case .up: (.up, "")
            case .down: (.down, "")
            case .absent(let reason): (.absent, reason)
            case .finished: (.finished, "its file has been read to the end")
            }
        mtu = report.mtu
        // What failed here the worker may know nothing of.
        if !hasFailed || state != .up { become(state, detail) }
        status.mac = report.mac
        status.mtu = UInt32(report.mtu)
        status.offloads = PortStatus.Offloads(rawValue: report.offloads.rawValue)
        status.engine = report.engine?.rawValue ?? ""
        status.notes = report.notes
        status.counters.kernelDrops = report.statistics.kernelDrops
        status.counters.superframes = report.statistics.superframes
        status.counters.sentSuperframes = report.statistics.sentSuperframes
        status.sendFailures = report.statistics.sendFailures.map {
            PortStatus.SendFailure(reason: unsafe String(cString: strerror($0.errorNumber)), count: $0.count)
        }
    }

    /// Takes in what the kernel says of the interface now; nil: there is none.
    mutating func take(_ next: KernelWatch.Interface?) {
        if let last = interface, last.index != next?.index { formerStatistics += last.statistics }
        interface = next
        if earlierStatistics == nil { earlierStatistics = next?.statistics }
        status.kind = object.medium.kind + (next.map { $0.kind.isEmpty ? "" : " on \($0.kind)" } ?? "")
        status.receiveQueues = UInt16(clamping: next?.receiveQueues ?? 0)
        status.transmitQueues = UInt16(clamping: next?.transmitQueues ?? 0)
        var statistics = formerStatistics
        if let next { statistics += next.statistics }
        statistics -= earlierStatistics ?? InterfaceStatistics()
        status.counters.receiveErrors = statistics.receiveErrors
        status.counters.receiveDrops = statistics.receiveDrops
        status.counters.transmitErrors = statistics.transmitErrors
        status.counters.transmitDrops = statistics.transmitDrops
    }

    /// Goes on from another try to open the same port: what it has found out, and since when it is so.
    mutating func follow(_ former: LivePort) {
        if status.state == former.status.state { status.since = former.status.since }
        formerStatistics = former.formerStatistics
        earlierStatistics = former.earlierStatistics
        interface = former.interface
        take(former.interface)
    }

    private mutating func become(_ state: PortStatus.State, _ detail: String) {
        if status.state != state { status.since = currentTimestamp() }
        status.state = state
        status.detail = detail
    }

    /// Something of it can't be brought up to its object. The worker finds out the same, and when it comes right.
    mutating func fail(_ reason: String) {
        hasFailed = true
        become(.absent, reason)
    }

    /// What had failed is right now.
    mutating func mend() {
        guard hasFailed, let whole = Self.whole(lastReports) else { return }
        hasFailed = false
        take(whole: whole)
    }

    /// Whether the interface has to be opened anew to become what the object says. Not for another MTU where it is ours
    /// to set: that of a TUN follows the sessions behind it, and each packet of a reopened port would be lost. Not for
    /// other addresses either: they are the kernel's on a TUN alone, which takes them as it is.
    func mustReopen(for object: PortObject) -> Bool {
        self.object.medium != object.medium || self.object.mac != object.mac
            || self.object.forwarder != object.forwarder || self.object.engine != object.engine
            || self.object.hasOffload != object.hasOffload
            || self.object.mtu != object.mtu && !(port is TUNPort || port is TAPPort) || port == nil
    }

    /// Becomes what the object says, for which it must not be opened anew.
    mutating func take(_ object: PortObject) {
        self.object = object
        guard port is TUNPort || port is TAPPort else { return }
        mtu = PortOpener.mtu(of: object)
        status.mtu = UInt32(mtu)
    }

    /// Has the kernel's end of the interface be what it should, for which the worker has no time.
    /// - Throws: the first thing that can't be had.
    func keep() throws(InterfaceError) {
        try (port as? TUNPort)?.keep()
        try (port as? TAPPort)?.keep()
        try (port as? PacketSocketPort)?.keep()
    }

    /// The port as each of so many workers has it: with a queue of its own, or all with the one that there is, which then
    /// one of them receives from. Ports of one queue are dealt out by slot. Nil where it isn't open.
    func queues(workers: Int) -> [any PacketPort]? {
        guard let port else { return nil }
        guard workers > 1 else { return [port] }
        let queues = [port] + port.furtherQueues
        guard queues.count != workers else { return queues }
        return SingleQueue.ports(port, workers: workers, owner: Int(object.slot) % workers)
    }

    /// For people, as in `port core0: absent: there is no interface veth-core`.
    var words: String {
        "port \(object.name): \(status.state)" + (status.detail.isEmpty ? "" : ": \(status.detail)")
    }
}

extension PortMedium {
    /// What it is, in a word or two.
    fileprivate var kind: String {
        switch self {
        case .tun: "TUN"
        case .tap: "TAP"
        case .packet: "AF_PACKET"
        case .sharedPacket: "shared AF_PACKET"
        case .capture: "capture"
        case .file: "file"
        }
    }

    /// The interface's name in the kernel; nil for files.
    var interface: String? {
        switch self {
        case .tun(let interface), .tap(let interface), .packet(let interface), .sharedPacket(let interface),
            .capture(let interface):
            interface
        case .file: nil
        }
    }
}

extension InterfaceStatistics {
    fileprivate static func += (sum: inout InterfaceStatistics, next: InterfaceStatistics) {
        sum.receiveErrors += next.receiveErrors
        sum.receiveDrops += next.receiveDrops
        sum.transmitErrors += next.transmitErrors
        sum.transmitDrops += next.transmitDrops
    }

    /// Never below zero: a driver may begin anew.
    fileprivate static func -= (sum: inout InterfaceStatistics, part: InterfaceStatistics) {
        func subtract(_ number: inout UInt64, _ less: UInt64) { number -= min(number, less) }
        subtract(&sum.receiveErrors, part.receiveErrors)
        subtract(&sum.receiveDrops, part.receiveDrops)
        subtract(&sum.transmitErrors, part.transmitErrors)
        subtract(&sum.transmitDrops, part.transmitDrops)
    }
}
