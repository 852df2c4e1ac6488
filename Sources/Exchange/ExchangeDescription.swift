/// Everything that one edge is told to be: its ports, whom it serves, with what, over which ways.
///
/// A plain value, with every list in the order in which it was written. It can hold nonsense; `validate()`
/// says which.
public struct ExchangeDescription: Equatable, Sendable {
    public var ports: [Port] = []
    public var lines: [Line] = []
    public var providers: [Provider] = []
    public var services: [Service] = []
    public var tunnels: [Tunnel] = []
    public var subscribers: [Subscriber] = []
    public var conditions: [Condition] = []
    public var sessions: [Session] = []
    /// The label table of a transit node.
    public var labels: [LabelBinding] = []

    public init() {}
}
