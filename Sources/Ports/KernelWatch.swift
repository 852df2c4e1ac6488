import CLinux
import CNetlink
import Glibc
import Synchronization
public import Wire

/// What the kernel says of its interfaces and, on those that we share with it, of its neighbours: learned from the
/// notifications of rtnetlink, so that no worker has to ask.
///
/// One thread reads (`wait`, `readEvents`, `refresh`); any other may ask here for what has been read, which costs a lock
/// that is held for microseconds. It lives in the network namespace of the thread that makes it.
public final class KernelWatch: Sendable {
    private let netlink: NetlinkSocket
    /// Readable when another thread has something for the reading one.
    private let wakeUp: Int32
    private let state = Mutex(State())
    /// Counts what has changed, of interfaces and addresses.
    private let changes = Atomic<UInt64>(1)
    private let hasNews = Atomic(false)

    /// An interface as it is now.
    public struct Interface: Equatable, Sendable {
        public var index: Int32
        public var name: String
        /// What made it, as in `veth` or `tun`; empty for hardware.
        public var kind: String
        public var mtu: Int
        public var mac: MACAddress?
        /// Switched on, with a carrier, and in operation (RFC 2863).
        public var isUp: Bool
        public var receiveQueues: Int
        public var transmitQueues: Int
        /// As of the last `refresh`, or later.
        public var statistics: InterfaceStatistics
    }

    /// Where the kernel has a neighbour, or nil: it has lost it.
    public struct NeighbourNews: Equatable, Sendable {
        public var interfaceIndex: Int32
        public var address: IPAddress
        public var mac: MACAddress?
    }

    private struct State {
        var interfaces: [Int32: Interface] = [:]
        var indices: [String: Int32] = [:]
        /// By name, of interfaces that are there: the value of `changes` when something last changed.
        var serials: [String: UInt64] = [:]
        /// The same when a name was last given up. A host that goes on making interfaces never runs out of names, so those
        /// that are gone aren't kept.
        var lossSerial: UInt64 = 0
        /// Of interfaces that are followed: by index, which may come back with another interface.
        var neighbours: [Int32: [IPAddress: MACAddress]] = [:]
        /// What the worker has yet to take, the newest of each.
        var news: [Question: MACAddress?] = [:]
        var questions: Set<Question> = []
        /// Whether all is to be asked for: another interface is followed, or the last lists were not whole.
        var mustList = false
    }

    private struct Question: Hashable {
        let index: Int32
        let address: IPAddress
    }

    /// News and questions that wait at most; of what is lost beyond, the worker asks again.
    private static let newsLimit = 65_536
    private static let questionLimit = 4096

    /// Begins to listen, and takes in what there is.
    public convenience init() throws(InterfaceError) {
        try self.init(bufferByteCount: NetlinkSocket.bufferByteCount)
    }

    /// - Parameter bufferByteCount: how much the kernel may have to tell until it is read.
    init(bufferByteCount: Int32) throws(InterfaceError) {
        netlink = try NetlinkSocket(bufferByteCount: bufferByteCount)
        wakeUp = wl_event_open()
        precondition(wakeUp >= 0, "no descriptors left for an event: errno \(-wakeUp)")
        let isWhole = try list()
        state.withLock { $0.mustList = !isWhole }
    }

    deinit { close(wakeUp) }

    // MARK: For all threads

    /// Grows whenever an interface or address has changed.
    public var serial: UInt64 { changes.load(ordering: .acquiring) }

    /// Grows whenever something has changed about the interface of this name; where there is none, whenever any has gone.
    public func serial(of interface: String) -> UInt64 {
        state.withLock { $0.serials[interface] ?? $0.lossSerial }
    }

    /// The interface of this name; nil if there is none.
    public func interface(_ name: String) -> Interface? {
        state.withLock { state in state.indices[name].flatMap { state.interfaces[$0] } }
    }

    /// From now on there is news of the neighbours on this interface, beginning with all that the kernel has.
    public func follow(interfaceIndex index: Int32) {
        state.withLock { state in
            guard let known = state.neighbours[index] else {
                state.neighbours[index] = [:]
                state.mustList = true
                return
            }
            for (address, mac) in known { note(Question(index: index, address: address), mac, &state) }
        }
        wake()
    }

    /// Has the kernel find out where a neighbour is, and whether it is still there. What comes of it is news.
    public func ask(for address: IPAddress, interfaceIndex index: Int32) {
        state.withLock { state in
            guard state.questions.count < Self.questionLimit else { return }
            state.questions.insert(Question(index: index, address: address))
        }
        wake()
    }

    /// The news since the last call, some of it at once. Cost: a load where there is none.
    public func takeNews(limit: Int) -> [NeighbourNews] {
        guard hasNews.load(ordering: .acquiring) else { return [] }
        return state.withLock { state in
            let taken = state.news.prefix(limit).map {
                NeighbourNews(interfaceIndex: $0.key.index, address: $0.key.address, mac: $0.value)
            }
            for news in taken {
                state.news[Question(index: news.interfaceIndex, address: news.address)] = nil
            }
            if state.news.isEmpty { hasNews.store(false, ordering: .releasing) }
            return taken
        }
    }

    /// Ends a `wait`.
    public func wake() {
        var one: UInt64 = 1
        _ = unsafe write(wakeUp, &one, 8)
    }

    // MARK: For the thread that reads

    /// Waits until there is something to read, or another thread wants something, or the time is over.
    public func wait(milliseconds: Int32) {
        var descriptors = [netlink.descriptor, wakeUp].map {
            pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
        }
        _ = unsafe poll(&descriptors, 2, milliseconds)
        var count: UInt64 = 0
        _ = unsafe read(wakeUp, &count, 8)
    }

    /// Takes in what there is to read, and passes the questions on.
    /// - Returns: whether an interface or address has changed, or there is news of neighbours.
    public func readEvents() -> Bool {
        let before = serial
        let mustList = state.withLock { state in
            defer { state.mustList = false }
            return state.mustList
        }
        let isWhole = netlink.readAll(handle)
        // The kernel had more to say than its buffer holds: what was lost is found out by asking for everything.
        if mustList || !isWhole, (try? list()) != true { state.withLock { $0.mustList = true } }
        passQuestions()
        return serial != before || hasNews.load(ordering: .acquiring)
    }

    /// Asks for the statistics of these interfaces, which are read as events are.
    public func refresh(_ names: [String]) {
        let indices = state.withLock { state in names.compactMap { state.indices[$0] } }
        for index in indices { netlink.requestLink(index: index) }
    }

    /// How often lists are asked for at once, on a host where interfaces and neighbours come and go all the time.
    private static let listLimit = 4

    /// Takes in everything.
    /// - Returns: whether the lists were whole at last; else what is there has been taken in, but not what is gone.
    private func list() throws(InterfaceError) -> Bool {
        for _ in 0..<Self.listLimit {
            if try listInterfaces(), try listNeighbours() { return true }
        }
        return false
    }

    private func listInterfaces() throws(InterfaceError) -> Bool {
        var seen: Set<Int32> = []
        let isWhole = try netlink.dump(UInt16(RTM_GETLINK)) { message in
            if case .link(let interface) = message { seen.insert(interface.index) }
            handle(message)
        }
        guard isWhole else { return false }
        let gone = state.withLock { state in state.interfaces.keys.filter { !seen.contains($0) } }
        for index in gone { handle(.linkGone(index)) }
        noteAddressChange(nil)
        return true
    }

    private func listNeighbours() throws(InterfaceError) -> Bool {
        guard state.withLock({ !$0.neighbours.isEmpty }) else { return true }
        var present: Set<Question> = []
        let isWhole = try netlink.dump(UInt16(RTM_GETNEIGH)) { message in
            if case .neighbour(let index, let address, _?) = message {
                present.insert(Question(index: index, address: address))
            }
            handle(message)
        }
        guard isWhole else { return false }
        let known = state.withLock { state in
            state.neighbours.flatMap { index, known in
                known.keys.map { Question(index: index, address: $0) }
            }
        }
        for lost in known where !present.contains(lost) { handle(.neighbour(lost.index, lost.address, nil)) }
        return true
    }

    private func passQuestions() {
        let questions = state.withLock { state in
            let questions = state.questions
            state.questions = []
            // Where the kernel knows already it may have nothing to tell.
            for question in questions {
                guard let mac = state.neighbours[question.index]?[question.address] else { continue }
                note(question, mac, &state)
            }
            return questions
        }
        for question in questions { netlink.useNeighbour(question.address, index: question.index) }
    }

    // MARK: Messages

    private func handle(_ message: NetlinkMessage) {
        switch message {
        case .link(let interface): state.withLock { take(interface, &$0) }
        case .linkGone(let index): state.withLock { lose(index, &$0) }
        case .address(let index): noteAddressChange(index)
        case .neighbourForgotten(let index, let address):
            state.withLock { $0.neighbours[index]?[address] = nil }
        case .neighbour(let index, let address, let mac):
            state.withLock { state in
                guard state.neighbours[index] != nil, state.neighbours[index]?[address] != mac else { return }
                state.neighbours[index]?[address] = mac
                note(Question(index: index, address: address), mac, &state)
            }
        }
    }

    private func note(_ question: Question, _ mac: MACAddress?, _ state: inout State) {
        guard state.news.count < Self.newsLimit else { return }
        state.news.updateValue(mac, forKey: question)
        hasNews.store(true, ordering: .releasing)
    }

    private func take(_ interface: Interface, _ state: inout State) {
        let before = state.interfaces.updateValue(interface, forKey: interface.index)
        if let before, before.name != interface.name { noteLoss(of: before, &state) }
        state.indices[interface.name] = interface.index
        guard before?.name != interface.name || before?.status != interface.status else { return }
        noteChange(interface.name, &state)
    }

    private func lose(_ index: Int32, _ state: inout State) {
        // Whoever follows it doesn't hear of one that went and came back with the same index, as out of another namespace.
        if state.neighbours[index] != nil { state.neighbours[index] = [:] }
        guard let interface = state.interfaces.removeValue(forKey: index) else { return }
        noteLoss(of: interface, &state)
    }

    /// Its name is no longer its own; it may be another's by now.
    private func noteLoss(of interface: Interface, _ state: inout State) {
        guard state.indices[interface.name] == interface.index else { return }
        state.indices[interface.name] = nil
        state.serials[interface.name] = nil
        state.lossSerial = changes.wrappingAdd(1, ordering: .acquiringAndReleasing).newValue
    }

    private func noteAddressChange(_ index: Int32?) {
        state.withLock { state in
            if let index, let name = state.interfaces[index]?.name { return noteChange(name, &state) }
            changes.wrappingAdd(1, ordering: .acquiringAndReleasing)
        }
    }

    private func noteChange(_ name: String, _ state: inout State) {
        state.serials[name] = changes.wrappingAdd(1, ordering: .acquiringAndReleasing).newValue
    }
}

extension KernelWatch.Interface {
    /// What a port goes by.
    fileprivate var status: InterfaceStatus {
        InterfaceStatus(index: index, mtu: mtu, macAddress: mac, isUp: isUp)
    }
}

/// What an interface has counted since it was made: packets that could not be passed on, for the kernel's reasons.
public struct InterfaceStatistics: Equatable, Sendable {
    public var receiveErrors: UInt64
    public var receiveDrops: UInt64
    public var transmitErrors: UInt64
    public var transmitDrops: UInt64

    public init(
        receiveErrors: UInt64 = 0, receiveDrops: UInt64 = 0, transmitErrors: UInt64 = 0,
        transmitDrops: UInt64 = 0
    ) {
        self.receiveErrors = receiveErrors
        self.receiveDrops = receiveDrops
        self.transmitErrors = transmitErrors
        self.transmitDrops = transmitDrops
    }
}
