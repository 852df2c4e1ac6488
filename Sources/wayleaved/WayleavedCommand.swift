import ArgumentParser

@main
struct WayleavedCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wayleaved",
        abstract: "The control plane of one edge: its register, its journal, its programming interface.")
}
