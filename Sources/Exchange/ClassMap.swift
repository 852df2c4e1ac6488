/// What becomes of each of a few numbers, DSCPs or traffic classes, as far as it is given (RFC 2983, RFC 3270).
public struct ClassMap: Equatable, Sendable {
    /// DSCPs there are: 6 bits.
    public static let dscpCount = 64
    /// Traffic classes there are: 3 bits.
    public static let trafficClassCount = 8

    /// By number; nil: as `otherwise` says.
    private var entries: [UInt8?]
    /// What becomes of the others. Nil: they are copied, or kept.
    public var otherwise: UInt8?

    /// A map that gives nothing for `count` numbers from 0.
    public init(count: Int, otherwise: UInt8? = nil) {
        entries = Array(repeating: nil, count: count)
        self.otherwise = otherwise
    }

    /// How many numbers there are.
    public var count: Int { entries.count }

    /// What is given for a number below `count`.
    public subscript(_ number: Int) -> UInt8? {
        get { entries[number] }
        set { entries[number] = newValue }
    }

    /// What is given, by number.
    public var given: some Sequence<(number: Int, value: UInt8)> {
        entries.indices.lazy.compactMap { number in entries[number].map { (number, $0) } }
    }

    /// The greatest of all that numbers become. Nil: nothing is given.
    var greatest: UInt8? { (entries + [otherwise]).compactMap { $0 }.max() }

    /// Whether nothing is given for any number.
    public var isEmpty: Bool { entries.allSatisfy { $0 == nil } }
}
