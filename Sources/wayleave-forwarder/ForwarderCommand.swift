import ArgumentParser

@main
struct ForwarderCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wayleave-forwarder",
        abstract: "Forwards packets between subscribers and providers, and counts them to each user.",
        subcommands: [Run.self])
}
