/// What a staged transaction comes to.
public struct StagedChange: Equatable, Sendable {
    /// The transaction's number.
    public var number: UInt64
    /// Objects put in, in place of others or not.
    public var set = 0
    /// Objects taken out.
    public var removed = 0
    /// Objects that the transaction names and that were so already.
    public var untouched = 0
    /// Ports whose objects were set or removed, in ascending order.
    public var changedPorts: [UInt16] = []
    /// Ports for which `ForwardingTables.routes(for:)` may say something else than before, in ascending order.
    public var portsWithChangedRoutes: [UInt16] = []

    init(number: UInt64) { self.number = number }
}
