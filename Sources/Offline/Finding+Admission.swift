import Exchange
import Packets
import TableCompiler
import Tables
import Wire

/// Who a packet is from, what it is for, and why they may not.
extension Narrator {
    func admissionFinding(_ reason: DropReason) -> Finding {
        guard let header = trail.headers.last else { return Finding(reason.explanation) }
        switch reason {
        case .unknownSubscriber:
            return Finding(
                "\(header.source) is no subscriber's address.",
                remedy: "Write it into the `addresses` of a subscriber on port \(port.name).")
        case .unknownDestination:
            return Finding(
                "\(header.destination) is no subscriber's address.",
                remedy: "Write it into the `addresses` of a subscriber.")
        case .unknownService:
            let address = port.role == .access ? header.destination : header.source
            return Finding(
                "\(address) lies in no service's prefix.",
                remedy: "Write it, or a prefix around it, into the `prefixes` of a service.")
        case .spoofedSource: return spoofedSource(header)
        case .notAdmitted: return trail.session == nil ? noSession : noRule
        case .fragmentWithoutPorts: return fragmentWithoutPorts
        case .wrongLeg: return wrongLeg(header)
        case .policed: return policed
        default: return Finding(reason.explanation)
        }
    }

    private func spoofedSource(_ header: Trail.Header) -> Finding {
        guard let subscriber else {
            guard isOwn(header.source) else {
                return Finding(
                    "\(header.source) is no single station's address: nobody sends from it, or could be answered."
                )
            }
            return Finding(
                "\(header.source) is an address of this node, and nobody else may send from it.")
        }
        guard let home = home(of: subscriber) else {
            return Finding(
                "\(header.source) belongs to \(subscriber.name), whose packets arrive by tunnel only; this one came "
                    + "in by port \(port.name).",
                remedy: "If \(subscriber.name) is here, write `port: \(port.name)` into the subscriber.")
        }
        return Finding(
            "\(header.source) belongs to \(subscriber.name) on port \(home); this packet came in by port "
                + "\(port.name).",
            remedy: "If \(subscriber.name) is here, write `port: \(port.name)` into the subscriber.")
    }

    private var noSession: Finding {
        guard let subscriber, let service else { return Finding(DropReason.notAdmitted.explanation) }
        let isCovered = exchange.conditions.contains {
            $0.subscriber == subscriber.name && $0.service == service.name
        }
        let session =
            "a session with `subscriber: \(subscriber.name), service: \(service.name)` and its two legs"
        guard !isCovered else {
            return Finding(
                "A condition lets \(subscriber.name) use \(service.name), but no session of theirs is open.",
                remedy: "Write \(session) into `sessions`.")
        }
        return Finding(
            "No condition lets \(subscriber.name) use \(service.name), and what no condition allows is refused.",
            remedy:
                "Write `{ subscriber: \(subscriber.name), service: \(service.name) }` into `conditions`, and "
                + "\(session) into `sessions`.")
    }

    private var noRule: Finding {
        guard let index = trail.session, trail.transport != nil else {
            return Finding(DropReason.notAdmitted.explanation)
        }
        let session = session(index)
        let rules = Words.list(rules(index).map { spelling($0) })
        let (packet, rule) = seen(index.direction)
        let isReply = index.direction == .down && trail.servicePort != nil
        let remark = isReply ? " if the service does speak from that port" : ""
        return Finding(
            "The conditions of \(session.subscriber) for \(session.service) allow \(rules); this packet is \(packet).",
            remedy: "Write `{ \(rule) }` into the `allow` of that condition\(remark).")
    }

    private var fragmentWithoutPorts: Finding {
        guard let index = trail.session, let transport = trail.transport else {
            return Finding(DropReason.fragmentWithoutPorts.explanation)
        }
        let session = session(index)
        let name = Words.protocol(transport.protocol)
        let isICMP = transport.protocol == .icmp || transport.protocol == .icmpv6
        return Finding(
            "The packet is a later fragment, whose \(isICMP ? "type was" : "ports were") in the first one; the conditions "
                + "of \(session.subscriber) for \(session.service) allow \(name) by \(isICMP ? "type" : "port") only.",
            remedy:
                "Let the sender avoid fragments, or write a rule for \(name) without `\(isICMP ? "types" : "ports")`."
        )
    }

    private var policed: Finding {
        guard let index = trail.session, let policed = trail.policed else {
            return Finding(DropReason.policed.explanation)
        }
        let owner: String
        let policer: Tables.Policer?
        switch policed.owner {
        case .session:
            owner = "session \(session(index).name), \(index.direction)"
            policer = way(index).policer
        case .tunnel:
            let tunnel = way(index).tunnel.map { Int($0.rawValue) }
            owner = tunnel.map { "tunnel \(names.tunnels[$0])" } ?? "the tunnel"
            policer = tunnel.flatMap { tunnelObject($0)?.policer }
        }
        let rates = policer.map {
            " (\($0.committedBitsPerSecond) bit/s committed, \($0.peakBitsPerSecond) bit/s at peak, bursts of "
                + "\($0.committedBurstByteCount) and \($0.peakBurstByteCount) bytes)"
        }
        return Finding(
            "To the policer of \(owner)\(rates ?? "") the packet is \(policed.colour), and what is "
                + "\(policed.colour) is dropped.",
            remedy:
                "Send less at once, raise the rates, or give `\(policed.colour)` another action than `drop`.")
    }

    private func wrongLeg(_ header: Trail.Header) -> Finding {
        guard let subscriber, let service,
            let place = exchange.sessions.firstIndex(where: {
                $0.subscriber == subscriber.name && $0.service == service.name
            })
        else { return Finding(DropReason.wrongLeg.explanation) }
        let isDown = subscriber.addresses.contains { $0.contains(header.destination) }
        let session = exchange.sessions[place]
        let legs = isDown ? session.network : session.access
        let due = legs.each.map(spelling).joined(separator: " or ")
        return Finding(
            "\(isDown ? "Down" : "Up") packets of session \(session.name) arrive by \(due); this one came by "
                + "\(arrival).",
            remedy:
                "If it came the right way, change the \(isDown ? "`network`" : "`access`") leg of session "
                + "\(session.name).")
    }
}
