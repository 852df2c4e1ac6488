import Wire

/// One validation under way: the description, its names, and what has been found wrong.
///
/// The checks stand in `Validation+….swift`, one file for each group of objects. Dictionaries are looked up
/// and never iterated, so that the same description gives the same rejections in every run.
struct Validation {
    let exchange: ExchangeDescription
    let ports: NameIndex
    let lines: NameIndex
    let providers: NameIndex
    let services: NameIndex
    let tunnels: NameIndex
    let subscribers: NameIndex
    /// The addresses of all ports.
    let ownAddresses: Set<IPAddress>
    private let limit: Int
    /// Names of a kind that exist besides those in `exchange`, for hints.
    private let otherNames: (_ kind: String) -> [String]
    private var rejections: [Rejection] = []

    init(
        _ exchange: ExchangeDescription, limit: Int,
        otherNames: @escaping (_ kind: String) -> [String] = { _ in [] }
    ) {
        self.exchange = exchange
        self.limit = limit
        self.otherNames = otherNames
        ownAddresses = Set(exchange.ports.lazy.flatMap { $0.addresses.map(\.address) })
        ports = NameIndex("port", exchange.ports.map(\.name))
        lines = NameIndex("line", exchange.lines.map(\.name))
        providers = NameIndex("provider", exchange.providers.map(\.name))
        services = NameIndex("service", exchange.services.map(\.name))
        tunnels = NameIndex("tunnel", exchange.tunnels.map(\.name))
        subscribers = NameIndex("subscriber", exchange.subscribers.map(\.name))
    }

    /// Holds the whole description against every rule.
    mutating func checkAll() {
        checkNamesAndCounts()
        checkPorts()
        checkLines()
        checkTunnels()
        checkLabels()
        checkServices()
        checkSubscribers()
        checkAddresses()
        checkConditions()
        checkSessions()
    }

    mutating func reject(
        _ message: @autoclosure () -> String, at location: SourceLocation?, kind: Rejection.Kind = .invalid
    ) {
        guard rejections.count < limit else { return }
        rejections.append(Rejection(message(), at: location, kind: kind))
    }

    /// The rejections by line and column; those of one place, and those without, in the order they were
    /// found.
    var inFileOrder: [Rejection] {
        let first = SourceLocation(line: 0, column: 0)
        return rejections.enumerated()
            .sorted { ($0.element.location ?? first, $0.offset) < ($1.element.location ?? first, $1.offset) }
            .map(\.element)
    }

    // MARK: Following names

    /// Follows a name; a dangling one is rejected.
    mutating func resolve(_ name: String, in index: NameIndex, for user: String, at location: SourceLocation?)
        -> Int?
    {
        if let found = index[name] { return found }
        let hint =
            Spelling.nearest(to: name, among: index.names + otherNames(index.kind)).map {
                "did you mean `\($0)`?"
            }
            ?? "add it under `\(index.kind)s:`, or name another"
        reject("\(user): there is no \(index.kind) `\(name)`; \(hint)", at: location)
        return nil
    }

    /// The port of a line, if both exist.
    func port(ofLine name: String) -> Port? {
        lines[name].flatMap { ports[exchange.lines[$0].port] }.map { exchange.ports[$0] }
    }
}

/// From names to places in a list. The first of equal names counts.
struct NameIndex {
    /// What the named things are: `port`, `line`….
    let kind: String
    let names: [String]
    private let places: [String: Int]

    init(_ kind: String, _ names: [String]) {
        self.kind = kind
        self.names = names
        places = Dictionary(zip(names, names.indices), uniquingKeysWith: { first, _ in first })
    }

    subscript(_ name: String) -> Int? { places[name] }
}
