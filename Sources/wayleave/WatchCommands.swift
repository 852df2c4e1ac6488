import APIClient
import ArgumentParser
import ExchangeFile

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Shows how the control plane, its forwarders and their ports are.",
        discussion: """
            Example:
              wayleave status
            """)

    @OptionGroup var instance: InstanceOptions
    @OptionGroup var output: OutputOptions

    @Flag(help: "Also the digest of the whole state, which takes time.")
    var digest = false

    func run() async throws {
        let status = try await instance.daemon.get("/v1/status" + (digest ? "?digest=true" : ""))
        if output.json { return print(status.json) }
        func text(_ value: DocumentValue?) -> String { value?.scalar ?? "" }
        let journal = status["journal"]
        print(
            "instance \(text(status["instance"])), version \(text(status["version"])), since \(text(status["startedAt"]))"
        )
        print(
            "journal \(text(journal?["path"])): \(text(journal?["sequence"])) commands, \(text(journal?["bytes"])) bytes"
        )
        if let digest = status["digest"]?.scalar { print("digest \(digest)") }
        if let fault = journal?["fault"]?.scalar { print("NO CHANGES CAN BE MADE: \(fault)") }
        let counts = (status["counts"]?.members ?? []).filter { $0.value.scalar != "0" }
        print(
            counts.map { kind in
                let isOne = kind.value.scalar == "1"
                return "\(text(kind.value)) \(isOne ? String(kind.key.dropLast()) : kind.key)"
            }.joined(separator: ", "))
        let forwarders = status["forwarders"]?.items ?? []
        print("")
        if forwarders.isEmpty {
            print(
                "no forwarder has been here; start one with `wayleave-forwarder run --instance \(instance.name)`"
            )
        } else {
            var table = Table(["forwarder", "pid", "connected since", "applied", "last transaction"])
            for forwarder in forwarders {
                let last = forwarder["lastTransaction"].map { last in
                    ["set", "removed", "untouched"].map { "\(text(last[$0])) \($0)" }.joined(separator: ", ")
                        + " in \(text(last["microseconds"])) µs"
                }
                table.add([
                    text(forwarder["name"]), text(forwarder["pid"]),
                    forwarder["connectedSince"]?.scalar ?? "not connected",
                    text(forwarder["appliedSequence"]), last ?? "",
                ])
            }
            print(table)
            for forwarder in forwarders {
                if let rejection = forwarder["rejection"]?.scalar {
                    print("\(text(forwarder["name"])) REFUSED THE LAST TRANSACTION: \(rejection)")
                }
                if let since = forwarder["unansweredSince"]?.scalar {
                    print("\(text(forwarder["name"])) HAS NOT ANSWERED SINCE \(since)")
                }
            }
        }
        let ports = status["ports"]?.items ?? []
        if !ports.isEmpty { print("\n\(PortsText(ports: ports))") }
    }
}

struct CountersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "counters",
        abstract: "Shows what has been counted: sessions, ports, outcomes.",
        discussion: """
            Example:
              wayleave counters --json
            """)

    @OptionGroup var instance: InstanceOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let counters = try await instance.daemon.get("/v1/counters")
        print(output.json ? counters.json : "\(CountersText(counters))")
    }
}

struct PortsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ports",
        abstract: "Shows every port as the forwarder sees it.",
        discussion: """
            `absent`: the interface isn't there, and is picked up when it comes. How a port is configured, `wayleave port \
            show` says. `since`: when its state last changed. `queues`: of the interface, received from and sent to. \
            `engine`: how \
            packets pass to the kernel and back. `offloads`: what is in force. `checksum`: senders leave checksums \
            unfinished; `segmentation`: packets come in superframes of up to 64 KiB; `coalescing`: packets of a flow \
            leave in superframes. `detail`: also what is not in force, and why. Errors and drops are counted from when \
            the forwarder opened the port, `receive` and `transmit` ones as the kernel sees them; `kernelDrops`: packets \
            that came while the buffer for the forwarder was full.

            Example:
              wayleave ports
            """)

    @OptionGroup var instance: InstanceOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let ports = try await instance.daemon.get("/v1/port-states")
        if output.json { return print(ports.json) }
        let items = ports["items"]?.items ?? []
        print(
            items.isEmpty
                ? "no forwarder is connected, or there are no ports; see `wayleave status`"
                : "\(PortsText(ports: items))")
    }
}

struct UsageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "usage",
        abstract: "Shows the usage history: what each session moved, and when.",
        discussion: """
            Examples:
              wayleave usage --session alice-video
              wayleave usage --from 2026-01-01T00:00:00Z --to 2026-02-01T00:00:00Z --csv
            """)

    @OptionGroup var instance: InstanceOptions
    @OptionGroup var output: OutputOptions

    @Option(help: ArgumentHelp("Of sessions with this name alone.", valueName: "NAME"))
    var session: String?
    @Option(help: ArgumentHelp("Counted after this time.", valueName: "TIME"))
    var from: String?
    @Option(help: ArgumentHelp("Counted before this time.", valueName: "TIME"))
    var to: String?
    @Option(help: ArgumentHelp("At most so many lines.", valueName: "N"))
    var limit = 1000
    @Flag(help: "Print as CSV.")
    var csv = false

    func run() async throws {
        let given = [("session", session), ("from", from), ("to", to), ("limit", "\(limit)")]
        let query = given.compactMap { name, value in value.map { "\(name)=\(APIRequest.encode($0))" } }
        let answer = try await instance.daemon.ask(
            APIRequest(
                "GET", "/v1/usage?" + query.joined(separator: "&"),
                headers: [("Accept", csv ? "text/csv" : "application/json")]))
        if csv || output.json { return try printText(answer.text) }
        let usage = try answer.document
        let items = usage["items"]?.items ?? []
        print(
            items.isEmpty
                ? "nothing was counted" : "\(Table(items, hidden: ["number", "leg", "sequence"]))")
        if usage["next"] != nil { printError("there are more lines; see --limit, --from and --to") }
    }
}
