/// What has become of a command at the forwarders.
public struct ApplyOutcome: Equatable, Sendable {
    /// How the waiting ended.
    public var result: Result
    /// Ports that are in the tables but can't be used, and why.
    public var absentPorts: [PortStatus]

    /// An outcome.
    public init(_ result: Result, absentPorts: [PortStatus] = []) {
        self.result = result
        self.absentPorts = absentPorts
    }

    /// How waiting for the forwarders can end.
    public enum Result: Equatable, Sendable {
        /// Every connected forwarder forwards by it.
        case applied
        /// No forwarder is connected; the first that comes will be brought up to it.
        case noForwarder
        /// A forwarder has not answered in time.
        case timedOut
        /// A forwarder refused it: its sentence.
        case rejected(String)
    }
}
