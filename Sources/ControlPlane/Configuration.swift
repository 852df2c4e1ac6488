extension ControlPlane {
    /// Where a control plane keeps its files, and how often it does what it does by itself.
    public struct Configuration: Equatable, Sendable {
        /// The instance's name: 1 to 32 letters, digits, `-` and `_`.
        public var instance: String
        /// Where the instances' directories of sockets, locks and counter files are; on tmpfs.
        public var runDirectory = "/run/wayleave"
        /// Where the instances' directories of journals are.
        public var stateDirectory = "/var/lib/wayleave"
        /// How often usage is journaled.
        public var collectInterval: Duration = .seconds(5)
        /// Commands between two snapshots.
        public var snapshotEvery = 10_000
        /// How long commands stay in the journal at least once a snapshot has them.
        public var keepCommands: Duration = .seconds(7 * 86_400)
        /// After how long an unanswered transaction is complained about.
        public var answerTimeout: Duration = .seconds(30)

        /// The usual values for an instance.
        public init(instance: String) {
            self.instance = instance
        }

        /// The instance's own directory of sockets, locks and counter files.
        public var instanceDirectory: String { "\(runDirectory)/\(instance)" }
        /// The socket of the API.
        public var apiSocketPath: String { "\(instanceDirectory)/api.sock" }
        /// The socket that forwarders connect to.
        public var linkSocketPath: String { "\(instanceDirectory)/link.sock" }
        /// The journal's file.
        public var journalPath: String { "\(stateDirectory)/\(instance)/journal.sqlite" }
    }
}
