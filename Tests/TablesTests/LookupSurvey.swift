import Tables
import Wire

/// Every look-up that a set of tables made of `RandomObjects` can answer, each with all that it leads to: so that two
/// tables can be compared whatever places they have given to rules and adjacencies.
struct LookupSurvey: Equatable {
    var answers: [String] = []

    init(_ tables: TablesPublication) {
        let view = tables.view
        func adjacency(_ index: AdjacencyIndex) -> String {
            let record = tables.adjacencies[Int(index.rawValue)]
            return
                "\(record.port) \(record.state) \(record.headerBytes) \(record.nextHop?.description ?? "-")"
        }
        func policer(_ index: PolicerIndex) -> String {
            guard index != .none else { return "unpoliced" }
            let entry = view.policer(index).pointee
            return "\(entry.committedRate) \(entry.peakRate) \(entry.committedBurst) \(entry.peakBurst) "
                + "\(entry.actions)"
        }
        func conversion(_ index: ConversionIndex) -> String {
            let record = view.conversion(index).pointee
            let treatment = view.treatment(index).pointee
            let rules = treatment.rules.map { view.rule($0) }
            let classes =
                treatment.classMap == 0 ? [] : (0..<64).map { view.mappedClass(treatment.classMap, $0) }
            return "\(record.arrival) \(record.subscriber) \(record.service) \(record.header) "
                + "\(record.headerByteCount) \(record.kind) \(record.maximumInnerByteCount) \(rules) "
                + "\(policer(treatment.policer)) \(policer(treatment.tunnelPolicer)) \(treatment.tunnel as Any) "
                + "\(treatment.segmentLimit) \(treatment.rewrites) \(classes) "
                + adjacency(record.adjacency)
        }
        func tunnel(_ index: TunnelIndex) -> String {
            let entry = view.tunnel(index)
            return "\(index) \(entry.port) \(entry.handsOnTTL) \(entry.tags) \(entry.remote) \(entry.local) "
                + "\(entry.innerClass) \(policer(entry.policer))"
        }
        for slot in 0..<UInt16(RandomObjects.portCount) {
            guard let port = tables.ports[Int(slot)] else {
                answers.append("no port \(slot)")
                continue
            }
            answers.append("port \(view.port(slot)) \(port.mac) \(port.addresses) \(port.links)")
            answers.append("\(port.statedNeighbours) \(tables.addressesByPort[Int(slot)])")
        }
        answers.append("own \(tables.localAddresses)")
        for label in RandomObjects.labels {
            switch view.incomingLabel(label).action {
            case .none: answers.append("no label \(label)")
            case .tunnel(let index): answers.append("label \(label) \(tunnel(index))")
            case .transit(let index):
                let nhlfe = view.nhlfe(index).pointee
                answers.append(
                    "label \(label) \(nhlfe.labels) \(nhlfe.labelCount) \(nhlfe.pops) \(nhlfe.mtu) "
                        + adjacency(nhlfe.adjacency))
            }
            answers.append("\(label) bound \(view.isUserLabel(label))")
            let contexts =
                (0..<UInt32(RandomObjects.tunnelCount)).map { LabelContext.tunnel(TunnelIndex(rawValue: $0)) }
                + (0..<UInt16(RandomObjects.portCount)).map { LabelContext.port($0) }
            for context in contexts {
                guard let index = view.userLabel(label, in: context) else { continue }
                answers.append("\(label) in \(context): \(index)")
            }
        }
        for remote in RandomObjects.addresses4 {
            for local in RandomObjects.addresses4 {
                guard let index = view.tunnel(from: remote, to: local) else { continue }
                answers.append("\(remote) to \(local): \(tunnel(index))")
            }
        }
        for remote in RandomObjects.addresses6 {
            for local in RandomObjects.addresses6 {
                guard let index = view.tunnel(from: remote, to: local) else { continue }
                answers.append("\(remote) to \(local): \(tunnel(index))")
            }
        }
        for address in 0x09ff_fffe...0x0a00_0009 as ClosedRange<UInt32> {
            let address = IPv4Address(rawValue: address)
            answers.append("\(address) \(view.subscriber(of: address)) \(view.service(of: address))")
        }
        for low in 0...6 as ClosedRange<UInt64> {
            let address = IPv6Address(high: 0x2001_0db8 << 32, low: low)
            answers.append("\(address) \(view.subscriber(of: address)) \(view.service(of: address))")
        }
        let other = IPv6Address(high: 1, low: 1)
        answers.append("\(other) \(view.subscriber(of: other)) \(view.service(of: other))")
        for subscriber in 0..<UInt32(RandomObjects.subscriberCount) {
            let index = SubscriberIndex(rawValue: subscriber)
            for service in 0..<UInt32(RandomObjects.serviceCount) {
                let admission = view.admission(index, ServiceIndex(rawValue: service))
                answers.append("\(subscriber) uses \(service): \(admission)")
                var sessions: [SessionIndex] = []
                switch admission {
                case .none: break
                case .session(let only): sessions = [only]
                case .group(let group):
                    sessions = (0..<100).map { view.path(group, flowHash: $0 &* 0x9e37_79b9) }
                    answers.append("paths \(sessions)")
                    sessions = Set(sessions).sorted { $0.rawValue < $1.rawValue }
                }
                for session in sessions {
                    answers.append(conversion(ConversionIndex(session, .up)))
                    answers.append(conversion(ConversionIndex(session, .down)))
                }
            }
        }
    }

    /// What subscribers' slots say, of those that there are.
    mutating func add(_ tables: TablesPublication, _ model: TableModel) {
        for slot in 0..<UInt32(RandomObjects.subscriberCount) {
            let index = SubscriberIndex(rawValue: slot)
            guard model.objects[.subscriber(index)] != nil else { continue }
            answers.append("\(index) \(tables.view.subscriber(index))")
        }
    }

    /// The first answers that differ, for people.
    func difference(_ other: LookupSurvey) -> String {
        zip(answers, other.answers).first { $0 != $1 }.map { "\($0)\n\($1)" } ?? "one says more"
    }
}
