import ArgumentParser

@main
struct Wayleave: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wayleave",
        abstract:
            "Tools for a Wayleave edge: see what it would do with packets, without touching the network.",
        subcommands: [ReplayCommand.self, ExplainCommand.self])
}
