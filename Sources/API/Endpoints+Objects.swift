import ControlPlane
import Exchange
import ExchangeFile
import Hummingbird

extension Endpoints {
    /// Listing, reading, putting and removing objects of one kind.
    static func objects(_ kind: ExchangeKind, _ controlPlane: ControlPlane) -> [Endpoint] {
        let path = "/\(kind.rawValue)" + kind.nameParameters.map { "/{\($0.name)}" }.joined()
        let noun = kind.noun
        let title = noun.prefix(1).uppercased() + noun.dropFirst()
        let schema = Schemas.reference(title)
        let receipt = Schemas.reference("Receipt")
        // Label tables also come as CSV, by an endpoint of their own.
        let list = kind == .labels ? [] : [list(kind, controlPlane)]
        return list + [
            Endpoint(
                method: .get, path: path, name: "get\(title)", summary: "One \(noun)",
                parameters: kind.nameParameters,
                answers: [
                    .init(status: 200, summary: "The \(noun)", content: [(.json, schema)], hasRevision: true)
                ], problems: [.notFound]
            ) { call in
                let key = try kind.key(call)
                guard let item = await controlPlane.read({ $0.item(key) }) else { throw noSuch(key) }
                guard case .session(let name) = key, let counted = await controlPlane.traffic(ofSession: name)
                else { return .json(item.document, revision: item.revision) }
                var live = item
                live.record?.traffic = counted.traffic
                live.legs = counted.legs.map { ($0.leg, $0.traffic) }
                return .json(live.document, revision: live.revision)
            },
            Endpoint(
                method: .put, path: path, name: "put\(title)",
                summary: "Creates the \(noun), or replaces it by this one",
                parameters: kind.nameParameters + [.wait, .ifMatch, .ifNoneMatch],
                body: .init(types: [(.json, schema), (.yaml, Schemas.lenient(title))], limit: objectLimit),
                answers: [
                    .init(
                        status: 200, summary: "It is so now, and was there before",
                        content: [(.json, receipt)], hasRevision: true),
                    .init(
                        status: 201, summary: "It was created", content: [(.json, receipt)], hasRevision: true
                    ),
                ],
                problems: [.notFound, .conflict, .tooLarge, .unsupportedMediaType, .rejected, .unavailable]
            ) { call in
                let key = try kind.key(call)
                let object = try await readObject(key, call)
                let existed = await controlPlane.read { $0.object(key) != nil }
                let made = try await controlPlane.make([
                    Change(.put(object), expectedRevision: call.expectedRevision)
                ])
                // That of this change, never of one that somebody else has made since: the client hasn't seen that.
                let present = await controlPlane.read { $0.object(key) }
                let isUnchanged = made.changeCount == 0 && present?.object == object
                let revision = isUnchanged ? present?.revision : made.changeCount > 0 ? made.sequence : nil
                return .json(
                    await controlPlane.document(made, wait: call.wait), status: existed ? 200 : 201,
                    revision: revision)
            },
            Endpoint(
                method: .delete, path: path, name: "delete\(title)", summary: "Removes the \(noun)",
                parameters: kind.nameParameters + [.wait, .ifMatch],
                answers: [
                    .init(
                        status: 200, summary: "It was removed; said where `wait` is given",
                        content: [(.json, receipt)]),
                    .init(status: 204, summary: "It was removed"),
                ], problems: [.notFound, .conflict, .rejected, .unavailable]
            ) { call in
                let key = try kind.key(call)
                let made = try await controlPlane.make([
                    Change(.remove(key), expectedRevision: call.expectedRevision)
                ])
                guard let wait = call.wait else { return .empty }
                return .json(await controlPlane.document(made, wait: wait))
            },
        ]
    }

    private static func list(_ kind: ExchangeKind, _ controlPlane: ControlPlane) -> Endpoint {
        Endpoint(
            method: .get, path: "/\(kind.rawValue)", name: "list\(kind.title)s",
            summary: "All \(kind.rawValue), page by page",
            parameters: [.limit, .after],
            answers: [
                .init(
                    status: 200, summary: "A page", content: [(.json, Schemas.page(of: kind.title))])
            ]
        ) { call in .json(await page(kind, call, controlPlane)) }
    }

    /// A page of objects, in the order of their slots.
    static func page(_ kind: ExchangeKind, _ call: Call, _ controlPlane: ControlPlane) async -> DocumentValue
    {
        let limit = call.number("limit") ?? 1000
        let first = call.number("after").map { $0 + 1 } ?? 0
        let page = await controlPlane.read { $0.page(kind, from: first, limit: limit) }
        var document: DocumentValue = ["items": .list(page.items.map(\.document))]
        document.set("next", page.last.map { DocumentValue($0) })
        return document
    }

    /// The object in a body.
    private static func readObject(_ key: ExchangeKey, _ call: Call) async throws -> ExchangeObject {
        let text = try await call.text()
        do throws(ExchangeFileError) {
            return try ExchangeFile.readObject(key, text: text, fileName: "body", as: call.format)
        } catch {
            throw Problem(error)
        }
    }

    static func noSuch(_ key: ExchangeKey) -> Problem {
        Problem(
            .notFound,
            "there is no \(key.kind.noun) `\(key.name)`; /v1/\(key.kind.rawValue) lists what there is")
    }
}

extension ExchangeKind {
    /// The name of its schema.
    var title: String { noun.prefix(1).uppercased() + noun.dropFirst() }

    /// The parts of the path that say which object is meant.
    var nameParameters: [Parameter] {
        switch self {
        case .conditions:
            [
                .name("subscriber", "The subscriber's name.", example: "alice"),
                .name("service", "The service's name.", example: "video"),
            ]
        case .labels: [.label("in", .path, "The incoming label.")]
        default: [.name("name", "The \(noun)'s name.", example: example)]
        }
    }

    /// A name that one could have.
    private var example: String {
        switch self {
        case .ports: "core0"
        case .lines: "north"
        case .providers: "acme"
        case .services: "video"
        case .tunnels: "acme-north"
        case .subscribers: "alice"
        case .sessions: "alice-video"
        case .conditions: "alice/video"
        case .labels: "16001"
        }
    }

    /// The object that a request is about.
    func key(_ call: Call) throws(Problem) -> ExchangeKey {
        if self == .conditions {
            return .condition(
                UseOfService(subscriber: call["subscriber"] ?? "", service: call["service"] ?? ""))
        }
        let name = call[self == .labels ? "in" : "name"] ?? ""
        guard let key = ExchangeKey(self, name: name) else {
            throw Problem(.notFound, "there is no \(noun) `\(name)`")
        }
        return key
    }
}
