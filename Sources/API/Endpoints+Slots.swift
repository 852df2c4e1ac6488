import ControlPlane
import Exchange
import ExchangeFile
import Hummingbird

extension Endpoints {
    /// Names and numbers: a forwarder's tables, and what it tells of packets, know slots alone.
    static func slots(_ controlPlane: ControlPlane) -> Endpoint {
        Endpoint(
            method: .get, path: "/slots", name: "listSlots",
            summary:
                "Which slots of the forwarder's tables objects have; those of sessions count their packets, one for each path",
            parameters: [
                Parameter(
                    name: "kind", place: .query, form: .choice(SlotKind.allCases.map(\.rawValue)),
                    summary: "What they are slots of.", isRequired: true),
                Parameter(
                    name: "name", place: .query, form: .name, summary: "Of the object with this name alone."),
                Parameter(
                    name: "subscriber", place: .query, form: .name,
                    summary: "Of this subscriber's sessions alone; with kind `sessions`."),
                Parameter(
                    name: "from", place: .query, form: .number(0...(1 << 24)), summary: "From this slot on."),
                .limit,
            ],
            answers: [
                .init(
                    status: 200, summary: "The slots in use, of at most `limit` numbers",
                    content: [(.json, Schemas.items(Schemas.reference("TableSlot")))])
            ]
        ) { call in
            let kind = call["kind"].flatMap { SlotKind(rawValue: $0) } ?? .ports
            let (name, subscriber) = (call["name"], call["subscriber"])
            let first = call.number("from") ?? 0
            let range = first..<first + (call.number("limit") ?? 1000)
            let found = await controlPlane.read { state in
                if let name { return state.slots(kind, of: name).map { (slot: $0, name: name) } }
                if let subscriber {
                    return state.sessions(ofSubscriber: subscriber).flatMap { session in
                        state.counterSlots(ofSession: session).map { (slot: $0, name: session) }
                    }
                }
                return range.compactMap { slot in state.name(kind, slot).map { (slot: slot, name: $0) } }
            }
            return .json([
                "items": .list(found.map { ["slot": DocumentValue($0.slot), "name": .text($0.name)] })
            ])
        }
    }
}

/// What has slots in the forwarder's tables.
private enum SlotKind: String, CaseIterable, Sendable {
    case ports, subscribers, services, tunnels, sessions
}

extension State {
    fileprivate func slots(_ kind: SlotKind, of name: String) -> [Int] {
        switch kind {
        case .ports: [ports.slot(name)].compactMap { $0 }
        case .subscribers: [subscribers.slot(name)].compactMap { $0 }
        case .services: [services.slot(name)].compactMap { $0 }
        case .tunnels: [tunnels.slot(name)].compactMap { $0 }
        case .sessions: counterSlots(ofSession: name)
        }
    }

    fileprivate func name(_ kind: SlotKind, _ slot: Int) -> String? {
        switch kind {
        case .ports: ports.entry(slot)?.key
        case .subscribers: subscribers.entry(slot)?.key
        case .services: services.entry(slot)?.key
        case .tunnels: tunnels.entry(slot)?.key
        case .sessions: leg(inSlot: slot)?.sessionName
        }
    }
}
