import ControlPlane
import Exchange
import ExchangeFile
import Hummingbird

extension Endpoints {
    /// For what costs the more the larger the exchange is.
    static let heavyWork = Turnstile()

    /// The exchange as a whole.
    static func exchange(_ controlPlane: ControlPlane) -> [Endpoint] {
        let schema = Schemas.reference("Exchange")
        let types: [(type: ContentType, schema: DocumentValue)] = [(.yaml, schema), (.json, schema)]
        return [
            Endpoint(
                method: .get, path: "/exchange", name: "getExchange",
                summary: "Everything that the edge is told to be, as an exchange file",
                answers: [
                    .init(
                        status: 200, summary: "The file, in YAML unless the header Accept asks for JSON",
                        content: types)
                ]
            ) { call in
                // A copy costs nothing, and keeps nobody waiting while it is gone through.
                let exchange = await controlPlane.read { $0 }.description
                let type = call.preferred([.yaml, .json])
                return await heavyWork.pass {
                    .text(ExchangeFile.text(of: exchange, as: type == .json ? .json : .yaml), type)
                }
            },
            Endpoint(
                method: .put, path: "/exchange", name: "putExchange",
                summary:
                    "Makes the edge what the file says, by the least change; what the file doesn't have is removed",
                parameters: [.dryRun, .wait],
                body: .init(
                    types: [(.yaml, Schemas.lenient("Exchange")), (.json, schema)], limit: exchangeLimit),
                answers: [
                    .init(
                        status: 200, summary: "It is so now; or would be, of a dry run",
                        content: [(.json, Schemas.reference("ExchangeReceipt"))])
                ],
                problems: [.notFound, .conflict, .tooLarge, .unsupportedMediaType, .rejected, .unavailable]
            ) { call in try await putExchange(call, controlPlane) },
        ]
    }

    private static func putExchange(_ call: Call, _ controlPlane: ControlPlane) async throws -> Reply {
        let text = try await call.text()
        let description: ExchangeDescription
        do throws(ExchangeFileError) {
            description = try await heavyWork.pass { () throws(ExchangeFileError) in
                try ExchangeFile.decode(text: text, fileName: "body", as: call.format)
            }
        } catch {
            throw Problem(error)
        }
        let isDryRun = call.flag("dryRun")
        // What is new is told from what is changed by what there was. A client that is faster in between is told of a
        // change as an addition, or the other way round; what is done is the same.
        let present = await presentKeys(description, controlPlane)
        let made: (receipt: Receipt, changes: [Change])
        do throws(SubmitError) {
            made = try await controlPlane.apply(description, dryRun: isDryRun)
        } catch {
            throw Problem(error)
        }
        var added: [DocumentValue] = []
        var changed: [DocumentValue] = []
        var removed: [DocumentValue] = []
        for change in made.changes {
            let path = DocumentValue.text("\(change.key.kind.rawValue)/\(change.key.name)")
            switch change.edit {
            case .remove: removed.append(path)
            case .put where present.contains(change.key): changed.append(path)
            case .put: added.append(path)
            }
        }
        var document: DocumentValue =
            isDryRun
            ? [
                "sequence": DocumentValue(made.receipt.sequence),
                "changeCount": DocumentValue(made.changes.count),
            ]
            : await controlPlane.document(made.receipt, wait: call.wait)
        document.set("dryRun", .flag(isDryRun))
        document.set("added", .list(added))
        document.set("changed", .list(changed))
        document.set("removed", .list(removed))
        return .json(document)
    }

    /// The keys of those of the objects that are there already.
    private static func presentKeys(
        _ description: ExchangeDescription, _ controlPlane: ControlPlane
    ) async -> Set<ExchangeKey> {
        let state = await controlPlane.read { $0 }
        return Set(description.keys.filter { state.object($0) != nil })
    }
}

extension ExchangeDescription {
    /// The keys of all objects.
    fileprivate var keys: [ExchangeKey] {
        ports.map { .port($0.name) } + lines.map { .line($0.name) } + providers.map { .provider($0.name) }
            + services.map { .service($0.name) } + tunnels.map { .tunnel($0.name) }
            + subscribers.map { .subscriber($0.name) } + conditions.map { .condition($0.use) }
            + sessions.map { .session($0.name) } + labels.map { .label($0.in) }
    }
}
