/// Everything that one edge is told to be: its ports, whom it serves, with what, over which ways.
///
/// A plain value, with every list in the order in which it was written. It can hold nonsense; `validate()`
/// says which.
public struct ExchangeDescription: Equatable, Sendable {
    /// At most 256.
    public var ports: [Port] = []
    /// At most 4,096.
    public var lines: [Line] = []
    /// At most 65,536.
    public var providers: [Provider] = []
    /// At most 65,536.
    public var services: [Service] = []
    /// At most 65,536; each on one line.
    public var tunnels: [Tunnel] = []
    /// At most 1,048,576.
    public var subscribers: [Subscriber] = []
    /// At most 1,048,576; one for each pair of subscriber and service.
    public var conditions: [Condition] = []
    /// At most 1,048,576; one for each pair of subscriber and service.
    public var sessions: [Session] = []
    /// The label table of a transit node.
    public var labels: [LabelBinding] = []

    /// A description of nothing.
    public init() {}
}
