/// Why a transaction was refused: what is wrong with which object. Nothing has been changed then.
public struct TableError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The object.
    public let key: TableKey
    /// What is wrong with it.
    public let what: String

    init(_ key: TableKey, _ what: String) {
        self.key = key
        self.what = what
    }

    /// As in `session 12: there is no tunnel 7`.
    public var description: String { "\(key): \(what)" }
}

extension TableKey: CustomStringConvertible {
    /// The kind and the slot, as in `session 12`.
    public var description: String {
        switch self {
        case .port(let slot): "port \(slot)"
        case .tunnel(let slot): "tunnel \(slot.rawValue)"
        case .subscriber(let slot): "subscriber \(slot.rawValue)"
        case .service(let slot): "service \(slot.rawValue)"
        case .session(let slot): "session \(slot.rawValue)"
        case .group(let slot): "path group \(slot.rawValue)"
        case .label(let label): "label \(label)"
        }
    }

    /// The slot, or the label.
    package var slot: Int {
        switch self {
        case .port(let slot): Int(slot)
        case .tunnel(let slot): Int(slot.rawValue)
        case .subscriber(let slot): Int(slot.rawValue)
        case .service(let slot): Int(slot.rawValue)
        case .session(let slot): Int(slot.rawValue)
        case .group(let slot): Int(slot.rawValue)
        case .label(let label): Int(label.rawValue)
        }
    }

    /// Objects refer only to those of a lower rank, labels and sessions to nobody's harm last.
    package var rank: Int {
        switch self {
        case .port: 0
        case .tunnel: 1
        case .subscriber: 2
        case .service: 3
        case .session: 4
        case .group: 5
        case .label: 6
        }
    }
    package static var rankCount: Int { 7 }
}
