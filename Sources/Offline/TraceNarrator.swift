public import Exchange
public import Observation
import Packets
import Ports
import TableCompiler
import Tables
import Trace
import Wire

/// Whose the slots of a running forwarder's tables are, by name.
public struct TableSlots: Sendable {
    public var ports: [UInt32: String] = [:]
    public var subscribers: [UInt32: String] = [:]
    public var services: [UInt32: String] = [:]
    public var tunnels: [UInt32: String] = [:]
    /// Counter slots. A session of several paths has as many.
    public var sessions: [UInt32: String] = [:]
    /// Which path of its session is counted in a slot, from 0, where there are several: in the order of `Session.paths`.
    public var paths: [UInt32: Int] = [:]

    public init() {}
}

/// Tells what became of packets that a running forwarder has followed, in the words of `explain`.
///
/// The forwarder knows numbers alone. Where they are known by name, and the exchange is, a packet is told of as if it had
/// been explained; where something is missing, its steps are told as they are.
public struct TraceNarrator: Sendable {
    private let exchange: ExchangeDescription
    private let compiled: CompiledExchange
    private let ports: [UInt32: Int]
    private let subscribers: [UInt32: Int]
    private let services: [UInt32: Int]
    private let tunnels: [UInt32: Int]
    /// Slots in `compiled`: each path has one.
    private let sessions: [UInt32: Int]

    /// - Parameter exchange: what the edge is told to be, at about the time at which `slots` was read.
    public init(_ exchange: ExchangeDescription, _ slots: TableSlots) {
        self.exchange = exchange
        compiled = CompiledExchange(exchange, PortFacts.offline(exchange))
        ports = Self.places(slots.ports, exchange.ports.map(\.name))
        subscribers = Self.places(slots.subscribers, exchange.subscribers.map(\.name))
        services = Self.places(slots.services, exchange.services.map(\.name))
        tunnels = Self.places(slots.tunnels, exchange.tunnels.map(\.name))
        sessions = Self.sessionSlots(slots, compiled)
    }

    /// Of a replay, whose slots are those of the compiled exchange.
    public init(replaying exchange: ExchangeDescription) {
        self.exchange = exchange
        compiled = CompiledExchange(exchange, PortFacts.offline(exchange))
        func same(_ count: Int) -> [UInt32: Int] {
            Dictionary(uniqueKeysWithValues: (0..<count).map { (UInt32($0), $0) })
        }
        ports = same(exchange.ports.count)
        subscribers = same(exchange.subscribers.count)
        services = same(exchange.services.count)
        tunnels = same(exchange.tunnels.count)
        sessions = same(compiled.sessions.count)
    }

    /// Slots of the compiled exchange by slot. Not of a session of several paths where it isn't said which is counted there:
    /// another one's tunnel would be told of.
    private static func sessionSlots(_ slots: TableSlots, _ compiled: CompiledExchange) -> [UInt32: Int] {
        let compiledSlots = Dictionary(grouping: compiled.sessions.indices) { compiled.sessions[$0] }
        var found: [UInt32: Int] = [:]
        for (slot, name) in slots.sessions {
            guard let paths = compiledSlots[name] else { continue }
            let path = slots.paths[slot] ?? (paths.count == 1 ? 0 : nil)
            if let path, paths.indices.contains(path) { found[slot] = paths[path] }
        }
        return found
    }

    /// Places in the exchange by slot.
    private static func places(_ slots: [UInt32: String], _ names: [String]) -> [UInt32: Int] {
        let places = Dictionary(names.enumerated().map { ($1, $0) }) { first, _ in first }
        return slots.compactMapValues { places[$0] }
    }

    /// What happened to the packet; nil if it met something that isn't known by name.
    public func explanation(_ packet: TracedPacket) -> Explanation? {
        guard let port = ports[UInt32(packet.port)] else { return nil }
        var descriptor = Packet(offset: 0, byteCount: UInt32(packet.frame.count), timestamp: packet.timestamp)
        switch packet.outcome {
        case .forwarded: descriptor.disposition = .forwarded
        case .consumed: descriptor.disposition = .consumed
        case .dropped(let reason): descriptor.drop(reason)
        case .waiting: descriptor.disposition = .waiting
        }
        var steps: [Step] = []
        for step in packet.steps {
            guard let translated = translate(step) else { return nil }
            steps.append(translated)
        }
        var frames: [(port: Int, bytes: [UInt8])] = []
        for sent in packet.sent {
            guard let port = ports[UInt32(sent.port)] else { return nil }
            frames.append((port, sent.bytes))
        }
        var adjacency = packet.departure?.adjacency
        if let departure = packet.departure {
            guard let port = ports[UInt32(departure.port)] else { return nil }
            adjacency?.port = UInt16(port)
        }
        let run = Run(
            port: port, packet: packet.frame, steps: steps, descriptor: descriptor, frames: frames,
            adjacency: adjacency)
        return Explanation(exchange, compiled, run)
    }

    /// The step with the numbers that the compiled exchange has; nil if there are none.
    private func translate(_ step: Step) -> Step? {
        switch step {
        case .pathLabel(let entry, let tunnel): return index(tunnel).map { Step.pathLabel(entry, $0) }
        case .tunnel(let tunnel): return index(tunnel).map { Step.tunnel($0) }
        case .userLabel(let entry, let conversion): return index(conversion).map { Step.userLabel(entry, $0) }
        case .session(let conversion): return index(conversion).map { Step.session($0) }
        case .path(let conversion, let hash): return index(conversion).map { Step.path($0, hash) }
        case .related(let conversion, let isTurnedBack):
            return index(conversion).map { Step.related($0, isTurnedBack: isTurnedBack) }
        case .converted(let conversion): return index(conversion).map { Step.converted($0) }
        case .subscriber(let result): return index(result, subscribers).map { Step.subscriber($0) }
        case .service(let result): return index(result, services).map { Step.service($0) }
        case .transitLabel(_, let nhlfe), .relabelled(let nhlfe):
            // Numbered by the incoming label, here as there.
            return Label(rawValue: nhlfe.rawValue).flatMap { compiled.state.labels[$0] }.map { _ in step }
        // Where the packet left is told by its departure, whatever the number.
        case .adjacency: return step
        // These name nothing that stands in a table.
        case .ethernet, .ipv4, .ipv6, .explicitNull, .unboundLabel, .outerExtensionHeaders, .datagram,
            .noSession, .hairpin, .congestion, .transport, .servicePort, .messageType, .codePoint,
            .noRuleAdmits,
            .ruleAdmits, .everythingAdmitted, .quotedIPv4, .quotedIPv6, .timeToLiveHandedOn, .classHandedOn,
            .policed, .remarked, .segmentSizeLowered, .punted, .fragmented, .fragmentLost:
            return step
        }
    }

    private func index(_ tunnel: TunnelIndex) -> TunnelIndex? {
        tunnels[tunnel.rawValue].map { TunnelIndex(rawValue: UInt32($0)) }
    }

    private func index(_ conversion: ConversionIndex) -> ConversionIndex? {
        sessions[conversion.session.rawValue].map {
            ConversionIndex(SessionIndex(rawValue: UInt32($0)), conversion.direction)
        }
    }

    private func index(_ result: LookupResult, _ places: [UInt32: Int]) -> LookupResult? {
        guard result.isIndex else { return result }
        return places[result.index].map { LookupResult(index: UInt32($0)) }
    }
}

extension TracedPacket {
    /// What happened in lines for people, with the words of `explanation` where there is one.
    public func lines(_ explanation: Explanation?) -> [Explanation.Line] {
        var lines = explanation?.lines ?? numbered
        lines.append(Explanation.Line(subject: "before", text: FrameLayers(frame, link: link).description))
        for frame in sent {
            let link = explanation == nil && frame.port == port ? link : linkOut(frame, explanation)
            lines.append(
                Explanation.Line(subject: "after", text: FrameLayers(frame.bytes, link: link).description))
        }
        return lines
    }

    /// What a frame that was sent begins with: an IP version nibble where no Ethernet header can be.
    private func linkOut(_ frame: Sent, _ explanation: Explanation?) -> LinkType {
        if frame.port == port { return link }
        guard let departure, departure.port == frame.port else { return .ethernet }
        return departure.isDirect ? .ip : .ethernet
    }

    /// The steps as they are, with numbers for names.
    public var numberedSteps: [Explanation.Line] { steps.map(\.inNumbers) }

    /// These, and what became of it.
    private var numbered: [Explanation.Line] {
        let outcome: String
        var why: [Explanation.Line] = []
        switch self.outcome {
        case .forwarded: outcome = "forwarded"
        case .consumed: outcome = Words.consumed
        case .waiting: outcome = Words.waiting
        case .dropped(let reason):
            outcome = "dropped: \(reason)"
            why = [Explanation.Line(subject: "why", text: reason.explanation)]
        }
        return numberedSteps + [Explanation.Line(subject: "outcome", text: outcome)] + why
    }
}
