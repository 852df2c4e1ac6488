import Exchange
import Link

/// Somebody who waits until the forwarders forward by a command.
struct ApplyWaiter {
    var sequence: UInt64
    var deadline: ContinuousClock.Instant
    /// Until when a forwarder may come that isn't connected, or say how its ports are.
    var patience: ContinuousClock.Instant
    var reply: @Sendable (ApplyOutcome) -> Void
}

extension Engine {
    /// Forwarders try again to connect at least once a second: who isn't there after this isn't running.
    private static var connectPatience: Duration { .seconds(2) }

    func wait(
        for sequence: UInt64, timeout: Duration, _ reply: @escaping @Sendable (ApplyOutcome) -> Void
    ) {
        let now = ContinuousClock.now
        let deadline = now + timeout
        waiters.append(
            ApplyWaiter(
                sequence: sequence, deadline: deadline, patience: min(deadline, now + Self.connectPatience),
                reply: reply))
    }

    /// Answers those whose waiting has ended.
    func answerWaiters() {
        guard !waiters.isEmpty else { return }
        let ports = portStatuses()
        let now = ContinuousClock.now
        waiters.removeAll { waiter in
            guard let outcome = outcome(of: waiter, ports, at: now) else { return false }
            waiter.reply(outcome)
            return true
        }
    }

    /// How a waiting has ended; nil: it hasn't.
    private func outcome(
        of waiter: ApplyWaiter, _ ports: [PortStatus], at now: ContinuousClock.Instant
    ) -> ApplyOutcome? {
        let connected = peers.filter { $0.connection != nil }
        let absent = ports.filter { $0.condition == .absent }
        guard !connected.isEmpty else { return now < waiter.patience ? nil : ApplyOutcome(.noForwarder) }
        for peer in connected where peer.applied < waiter.sequence {
            guard let rejection = peer.rejection, rejection.number >= waiter.sequence else { continue }
            return ApplyOutcome(.rejected("forwarder \(peer.name): \(rejection.reason)"), absentPorts: absent)
        }
        if connected.allSatisfy({ $0.applied >= waiter.sequence }) {
            let haveAllSpoken = ports.count >= state.ports.count
            if haveAllSpoken || now >= waiter.patience { return ApplyOutcome(.applied, absentPorts: absent) }
        }
        return now < waiter.deadline ? nil : ApplyOutcome(.timedOut, absentPorts: absent)
    }

    /// How each port is, as the connected forwarders have said, by forwarder and slot; then those whose forwarder is
    /// missing where another isn't.
    func portStatuses() -> [PortStatus] {
        let connected = peers.filter { $0.connection != nil }
        guard !connected.isEmpty else { return [] }
        let told = connected.flatMap { peer in
            peer.ports.compactMap { port in
                state.ports.entry(Int(port.slot)).map { PortStatus(port, $0.key, peer.name) }
            }
        }
        let names = Set(connected.map(\.name))
        return told
            + state.ports.all.compactMap { _, entry in
                let forwarder = entry.object.forwarder
                return names.contains(forwarder)
                    ? nil
                    : PortStatus(
                        port: entry.key, forwarder: forwarder, condition: .absent,
                        detail:
                            "its forwarder is not connected; start `wayleave-forwarder run --name \(forwarder)`",
                        mac: nil, mtu: nil)
            }
    }
}

extension PortStatus {
    fileprivate init(_ status: Link.PortStatus, _ port: String, _ forwarder: String) {
        self.init(
            port: port, forwarder: forwarder, condition: Condition(status.state), detail: status.detail,
            mac: status.mac, mtu: status.mtu == 0 ? nil : Int(status.mtu))
        kind = status.kind
        since = status.since == 0 ? nil : status.since
        receiveQueues = status.receiveQueues == 0 ? nil : Int(status.receiveQueues)
        transmitQueues = status.transmitQueues == 0 ? nil : Int(status.transmitQueues)
        engine = status.engine.isEmpty ? nil : status.engine
        notes = status.notes
        if status.offloads.contains(.checksum) { offloads.append("checksum") }
        if status.offloads.contains(.segmentation) { offloads.append("segmentation") }
        if status.offloads.contains(.coalescing) { offloads.append("coalescing") }
        let counters = status.counters
        self.counters = [
            Counter(name: "receiveErrors", count: counters.receiveErrors),
            Counter(name: "receiveDrops", count: counters.receiveDrops),
            Counter(name: "transmitErrors", count: counters.transmitErrors),
            Counter(name: "transmitDrops", count: counters.transmitDrops),
            Counter(name: "kernelDrops", count: counters.kernelDrops),
            Counter(name: "superframes", count: counters.superframes),
            Counter(name: "sentSuperframes", count: counters.sentSuperframes),
        ]
        sendFailures = status.sendFailures.map { Counter(name: $0.reason, count: $0.count) }
    }
}

extension PortStatus.Condition {
    fileprivate init(_ state: Link.PortStatus.State) {
        self =
            switch state {
            case .up: .up
            case .down: .down
            case .absent: .absent
            case .finished: .finished
            }
    }
}
