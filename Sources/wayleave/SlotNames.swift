import APIClient
import Exchange
import ExchangeFile
import Observation
import Offline

/// Names for what a forwarder numbers, from the control plane. Where that doesn't answer there are none, and numbers do.
final class SlotNames {
    enum Kind: String {
        case ports, subscribers, services, tunnels, sessions
    }

    /// Slots that are asked for at once.
    private static let blockCount: UInt32 = 1000
    /// Objects of an exchange that is fetched as a whole, for stories about packets.
    private static let objectLimit = 20_000

    private let client: APIClient
    private(set) var isReachable = true
    private var blocks: [String: [UInt32: String]] = [:]

    init(_ instance: InstanceOptions) { client = instance.daemon.client }

    /// `alice-video`, or `session slot 17`.
    func session(_ slot: UInt32) async -> String { await name(.sessions, slot) ?? "\(Self.numbered)\(slot)" }

    /// What stands before the number of a session whose name isn't known.
    private static let numbered = "session slot "

    /// The counter slots of a session that somebody names as `session` would: one for each of its paths.
    /// - Throws: that there is none, or that nobody is there who knows.
    func sessionSlots(_ name: String) async throws(ObservationError) -> [UInt32] {
        if name.hasPrefix(Self.numbered), let slot = UInt32(name.dropFirst(Self.numbered.count)) {
            return [slot]
        }
        guard let slots = await paths(ofSession: name) else {
            throw ObservationError(
                "session '\(name)' can't be looked up: the control plane doesn't answer; without it sessions go by numbers, "
                    + "as `wayleave drops` shows them: --session '\(Self.numbered)0'")
        }
        guard !slots.isEmpty else {
            throw ObservationError(
                "there is no session '\(name)'; `wayleave session list` shows those there are")
        }
        return slots.sorted()
    }

    func name(_ kind: Kind, _ slot: UInt32) async -> String? {
        let block = slot / Self.blockCount
        let key = "\(kind.rawValue) \(block)"
        if let known = blocks[key] { return known[slot] }
        let found = await ask(
            "kind=\(kind.rawValue)&from=\(block * Self.blockCount)&limit=\(Self.blockCount)")
        blocks[key] = found ?? [:]
        return found?[slot]
    }

    /// The counter slots of a session in the order of its paths; nil: the control plane doesn't answer.
    private func paths(ofSession name: String) async -> [UInt32]? {
        await list("kind=sessions&name=\(APIRequest.encode(name))").map { $0.map(\.slot) }
    }

    /// The slot of a port, whichever forwarder has it; nil: there is none, or the control plane doesn't answer.
    func port(_ name: String) async -> UInt32? {
        await ask("kind=ports&name=\(APIRequest.encode(name))")?.keys.first
    }

    /// The slot of a subscriber, and the counter slots of their sessions.
    /// - Throws: that there is none, or that nobody is there who knows.
    func subscriber(_ name: String) async throws(ObservationError) -> TraceRequest.Subscriber {
        let encoded = APIRequest.encode(name)
        guard let slots = await ask("kind=subscribers&name=\(encoded)"),
            let sessions = await ask("kind=sessions&subscriber=\(encoded)")
        else {
            throw ObservationError(
                "subscriber '\(name)' can't be looked up: the control plane doesn't answer; use --port and "
                    + "--filter 'host ADDRESS'")
        }
        guard let slot = slots.keys.first else {
            throw ObservationError(
                "there is no subscriber '\(name)'; `wayleave subscriber list` shows those there are")
        }
        return TraceRequest.Subscriber(slot: slot, sessions: sessions.keys.sorted())
    }

    /// What tells stories about packets by name. Nil where the control plane doesn't answer, or where the exchange is so
    /// large that fetching it would take long.
    func narrator() async -> TraceNarrator? {
        guard let status = try? await get("/v1/status").document, let counts = status["counts"] else {
            isReachable = false
            return nil
        }
        func count(_ kind: String) -> Int { counts[kind]?.scalar.flatMap { Int($0) } ?? 0 }
        guard counts.members.reduce(0, { $0 + (Int($1.value.scalar ?? "") ?? 0) }) <= Self.objectLimit,
            let text = try? await get("/v1/exchange").text,
            let exchange = try? ExchangeFile.decode(text: text, fileName: "export", as: .json)
        else { return nil }
        var slots = TableSlots()
        slots.ports = await all(.ports, count("ports"))
        slots.subscribers = await all(.subscribers, count("subscribers"))
        slots.services = await all(.services, count("services"))
        slots.tunnels = await all(.tunnels, count("tunnels"))
        slots.sessions = await all(.sessions, count("sessions"))
        for session in exchange.sessions where session.paths.count > 1 {
            for (path, slot) in (await paths(ofSession: session.name) ?? []).enumerated() {
                slots.paths[slot] = path
            }
        }
        return TraceNarrator(exchange, slots)
    }

    /// All slots of a kind. There may be gaps between them, but not so many that what is left of an edge is lost.
    private func all(_ kind: Kind, _ count: Int) async -> [UInt32: String] {
        var found: [UInt32: String] = [:]
        var from = 0
        while found.count < count, from < 1 << 21 {
            guard let more = await ask("kind=\(kind.rawValue)&from=\(from)&limit=100000") else { break }
            found.merge(more) { first, _ in first }
            from += 100_000
        }
        return found
    }

    private func ask(_ query: String) async -> [UInt32: String]? {
        await list(query).map { items in Dictionary(items.map { ($0.slot, $0.name) }) { first, _ in first } }
    }

    private func list(_ query: String) async -> [(slot: UInt32, name: String)]? {
        guard isReachable, let document = try? await get("/v1/slots?\(query)").document else {
            isReachable = false
            return nil
        }
        return (document["items"]?.items ?? []).compactMap { item in
            guard let slot = item["slot"]?.scalar.flatMap({ UInt32($0) }), let name = item["name"]?.scalar
            else { return nil }
            return (slot, name)
        }
    }

    private struct NoAnswer: Error {}

    private func get(_ path: String) async throws -> APIResponse {
        let response = try await client.send(
            APIRequest("GET", path, headers: [("Accept", "application/json")]), timeout: .seconds(20))
        guard response.status == 200 else { throw NoAnswer() }
        return response
    }
}
