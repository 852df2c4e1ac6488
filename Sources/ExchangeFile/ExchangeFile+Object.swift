public import Exchange
import Wire

extension ExchangeFile {
    /// Decodes one object, as programs and people hand it over: the keys that it has in a file, plus what
    /// `item(of:)` adds.
    ///
    /// Of these, the keys that say which object it is (`name`; `subscriber` and `service` of a condition; `in` of a
    /// label) may be left out, and must be those of `key` where they are given. What only the edge itself can say is
    /// passed over, so that an item that was read can be handed back changed. A provider's display name is `title`
    /// here, since `name` is its key. Names of other objects may dangle: it isn't validated.
    public static func readObject(
        _ key: ExchangeKey, text: String, fileName: String, as format: ExchangeFormat
    ) throws(ExchangeFileError) -> ExchangeObject {
        var decoding = Decoding(limit: maximumRejections)
        let object: ExchangeObject?
        do throws(Rejection) {
            object = decoding.decodeItem(try format.root(of: text), key)
        } catch {
            throw .malformed(fileName: fileName, error)
        }
        guard let object, decoding.rejections.isEmpty else {
            throw .rejected(
                fileName: fileName,
                decoding.rejections.sorted { ($0.location?.line ?? 0) < ($1.location?.line ?? 0) })
        }
        return object
    }

    /// An object as an item of a list: its name, and the keys that it has in a file.
    public static func item(of object: ExchangeObject) -> DocumentValue {
        var members: [DocumentValue.Member] = []
        switch object {
        case .condition, .label: members = object.document.members
        case .provider(let provider):
            members = [.init("name", .text(provider.name)), .init("title", .text(provider.title))]
        default: members = [.init("name", .text(object.key.name))] + object.document.members
        }
        return .map(members)
    }

    /// Keys of an item that only the edge itself can say.
    static let ownKeys = ["revision", "number", "leg", "openedAt", "up", "down", "legs"]
}

extension Decoding {
    fileprivate mutating func decodeItem(_ root: Node, _ key: ExchangeKey) -> ExchangeObject? {
        let whole = Field(name: "\(key.kind.noun) `\(key.name)`", node: root, location: root.location)
        guard let fields = fields(whole, as: .item(key.kind)) else { return nil }
        switch key {
        case .port(let name):
            checkName(name, fields)
            return decodePort(name: name, fields).map { .port($0) }
        case .line(let name):
            checkName(name, fields)
            return decodeLine(name: name, fields).map { .line($0) }
        case .provider(let name):
            checkName(name, fields)
            return .provider(decodeProvider(name: name, fields, titleKey: "title"))
        case .service(let name):
            checkName(name, fields)
            return decodeService(name: name, fields).map { .service($0) }
        case .tunnel(let name):
            checkName(name, fields)
            return decodeTunnel(name: name, fields).map { .tunnel($0) }
        case .subscriber(let name):
            checkName(name, fields)
            return .subscriber(decodeSubscriber(name: name, fields))
        case .session(let name):
            checkName(name, fields)
            return decodeSession(name: name, fields).map { .session($0) }
        case .condition(let use):
            check("subscriber", use.subscriber, fields)
            check("service", use.service, fields)
            let allow = fields["allow"].map { decodeRules($0, fields) }
            return .condition(
                Condition(
                    subscriber: use.subscriber, service: use.service, allow: allow, location: fields.location)
            )
        case .label(let label):
            if let field = fields["in"], let given = readLabel(field), given != label {
                reject(field, "\(given) is not \(label), where this is put")
            }
            return decodeBinding(fields, in: label).map { .label($0) }
        }
    }

    private mutating func checkName(_ name: String, _ fields: Fields) { check("name", name, fields) }

    /// Refuses a key that names another object than is meant.
    private mutating func check(_ key: String, _ name: String, _ fields: Fields) {
        guard let field = fields[key], let given = readText(field), given != name else { return }
        reject(field, "`\(given)` is not `\(name)`, where this is put")
    }
}

extension Schema {
    /// The keys that an item of a list may have.
    static func item(_ kind: ExchangeKind) -> Schema {
        switch kind {
        case .ports: Schema(keys: ["name", "revision"] + port.keys)
        case .lines: Schema(keys: ["name", "revision"] + line.keys)
        case .providers: Schema(keys: ["name", "revision", "title"])
        case .services: Schema(keys: ["name", "revision"] + service.keys)
        case .tunnels: Schema(keys: ["name", "revision"] + tunnel.keys)
        case .subscribers: Schema(keys: ["name", "revision"] + subscriber.keys)
        case .conditions: Schema(keys: ["revision"] + condition.keys)
        case .sessions: Schema(keys: ["name"] + ExchangeFile.ownKeys + session.keys)
        case .labels: Schema(keys: ["revision"] + label.keys)
        }
    }
}
