public import Wire

/// All that the control plane knows: the objects of the exchange, and the legs and traffic of its sessions.
///
/// A deterministic state machine: `validate` says what is wrong with a command, `apply` carries out one with
/// which nothing is. The same commands lead to the same state, byte for byte (`encoded`).
public struct State: Sendable {
    /// The number of the last command applied, from 1; 0: none.
    public internal(set) var sequence: UInt64 = 0
    public internal(set) var ports = Register<String, Port>()
    public internal(set) var lines = Register<String, Line>()
    public internal(set) var providers = Register<String, Provider>()
    public internal(set) var services = Register<String, Service>()
    public internal(set) var tunnels = Register<String, Tunnel>()
    public internal(set) var subscribers = Register<String, Subscriber>()
    /// One for each pair: the conditions of a file that name the same pair are joined.
    public internal(set) var conditions = Register<UseOfService, Condition>()
    public internal(set) var sessions = Register<String, Session>()
    public internal(set) var labels = Register<Label, LabelBinding>()

    /// The number that the next session gets at least.
    var nextSessionNumber: UInt64 = 1
    /// By session slot.
    var sessionRecords: [SessionRecord?] = []
    var legs = LegTable()
    /// By the forwarders' names, ascending.
    var counterFiles: [CounterFile] = []
    /// Follows from the rest.
    var index = StateIndex()

    /// A state of nothing.
    public init() {}

    /// The state of a validated description before any command. Slots are in the order of the file.
    public init(_ description: ExchangeDescription) {
        self.init()
        _ = change(changes(to: description), at: 0, keepsPlaces: true)
    }
}
