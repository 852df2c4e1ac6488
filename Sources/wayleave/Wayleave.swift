import ArgumentParser

@main
struct Wayleave: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wayleave",
        abstract: "Tells a Wayleave edge what to be, and shows what it does.",
        discussion: """
            An edge is two programs: wayleaved keeps what it is told to be, wayleave-forwarder moves the packets. Begin \
            with a file that describes it, as README.md has one:

              wayleaved --instance main &
              wayleave-forwarder run --instance main &
              wayleave apply -f edge.yaml
              wayleave status

            Every object can also be changed by itself (wayleave line set north --mtu 1400), and everything be read by \
            programs (--json). What an edge would do with a packet, replay and explain say without a running one.

            Exit codes: 0 done; 1 refused or failed; 3 done, but a port is absent or no forwarder runs; 64 wrong \
            options; 65 an exchange file was refused by replay or explain; 69 no control plane runs.
            """,
        groupedSubcommands: [
            CommandGroup(
                name: "The edge as a whole:",
                subcommands: [ApplyCommand.self, DiffCommand.self, ExportCommand.self, StatusCommand.self]),
            CommandGroup(
                name: "What it counts and sees:",
                subcommands: [
                    CountersCommand.self, DropsCommand.self, TraceCommand.self, CaptureCommand.self,
                    RuntimeCommand.self, PortsCommand.self, UsageCommand.self,
                ]),
            CommandGroup(
                name: "Single objects:",
                subcommands: [
                    PortCommand.self, LineCommand.self, ProviderCommand.self, ServiceCommand.self,
                    TunnelCommand.self, SubscriberCommand.self, ConditionCommand.self, SessionCommand.self,
                    LabelCommand.self,
                ]),
            CommandGroup(
                name: "Without a running edge:",
                subcommands: [
                    ReplayCommand.self, ExplainCommand.self, BenchCommand.self, CompletionCommand.self,
                ]),
        ])

    @OptionGroup var instance: InstanceOptions
}
