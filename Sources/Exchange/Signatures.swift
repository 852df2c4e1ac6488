public import Wire
extension State {
    public init(_ description: ExchangeDescription) { fatalError() }
    public func validate(_ command: Command) -> [Rejection] { fatalError() }
    public mutating func apply(_ command: Command) -> Effects { fatalError() }
    public func changes(to description: ExchangeDescription) -> [Change] { fatalError() }
    public var description: ExchangeDescription { fatalError() }
    public func object(_ key: ExchangeKey) -> (object: ExchangeObject, revision: UInt64)? { fatalError() }
    public func leg(inSlot slot: Int) -> LegRecord? { fatalError() }
    public func counterSlot(ofSession name: String) -> Int? { fatalError() }
    public func sessionRecord(_ name: String) -> SessionRecord? { fatalError() }
    public var drainingSlots: [Int] { fatalError() }
    public func baseline(forwarder: String, slot: Int) -> Traffic { fatalError() }
    public func counterFile(ofForwarder name: String) -> UInt64? { fatalError() }
    public func tunMTU(port slot: Int) -> Int? { fatalError() }
    public func accessPort(ofSubscriber name: String) -> String? { fatalError() }
    public static let formatVersion: UInt16 = 1
    public var encoded: [UInt8] { fatalError() }
    public init(decoding bytes: some Collection<UInt8>) throws(ByteReaderError) { fatalError() }
}
extension Command {
    public static let formatVersion: UInt16 = 1
    public var encoded: [UInt8] { fatalError() }
    public init(decoding bytes: some Collection<UInt8>) throws(ByteReaderError) { fatalError() }
}
extension ExchangeDescription {
    public var joiningConditions: ExchangeDescription { fatalError() }
}
