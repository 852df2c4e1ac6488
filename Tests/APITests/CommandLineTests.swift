import ArgumentParser
import Exchange
@preconcurrency import Glibc
import Testbed
import Testing

@testable import ExchangeFile
@testable import wayleave

@Suite("The command line") struct CommandLineTests {
    /// Runs a command as a person would; nil for exit code 0.
    private func run(_ arguments: [String]) async throws -> ExitCode? {
        do {
            var command = try Wayleave.parseAsRoot(arguments)
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
            return nil
        } catch {
            return Wayleave.exitCode(for: error)
        }
    }

    // MARK: Parsing

    @Test(
        "Wrong options end with 64",
        arguments: [
            ["frobnicate"], ["apply"], ["line"], ["line", "add"], ["line", "set", "north"],
            ["label", "add", "x"],
            ["line", "add", "north", "--port", "a", "--from", "-"], ["apply", "-f", "x", "--wait", "soon"],
            ["label", "add", "20", "--pop", "--line", "a", "--tunnel", "b"], ["completion", "csh"],
            ["port", "add", "core0", "--neighbours", "10.0.0.2"], ["session", "add", "a"],
            ["session", "open", "a", "--network-path", "t:100"],
            ["session", "open", "a", "--network-path", "t:100:200:300"],
            ["session", "open", "a", "--network-path", ""],
            ["session", "open", "a", "--network-path", "t", "--network-send", "100"],
            ["session", "set", "a"], ["label", "add", "20", "--swap", "30", "--pop", "--line", "a"],
            ["label", "set", "20"], ["tunnel", "set", "t", "--mpls-inner-dscp", "5=ef,7="],
            ["tunnel", "set", "t", "--ipip-dscp", "ef=cs5=cs6"],
            ["condition", "add", "a", "v", "--allow", "tcp:80:443"],
            ["condition", "add", "a", "v", "--allow", "tcp:dscp="],
            ["condition", "add", "a", "v", "--allow", ":80"],
        ])
    func wrongOptions(arguments: [String]) async throws {
        // A noun alone prints its verbs.
        let expected: ExitCode? = arguments == ["line"] ? .success : .validationFailure
        #expect(try await run(arguments) == expected)
    }

    @Test("The instance can be named before and behind the verb")
    func instance() throws {
        for arguments in [["--instance", "b", "status"], ["status", "--instance", "b"]] {
            let command = try #require(try Wayleave.parseAsRoot(arguments) as? StatusCommand)
            #expect(command.instance.name == "b")
        }
    }

    @Test(
        "Options become an object's keys",
        arguments: [
            (
                [
                    "tunnel", "add", "t", "--line", "north", "--mpls-send", "16001", "--mpls-traffic-class",
                    "5",
                ],
                "{ line: north, mpls: { send: \"16001\", trafficClass: \"5\" } }\n"
            ),
            (
                ["subscriber", "add", "a", "--addresses", "10.0.0.1,10.0.0.2"],
                "{ addresses: [10.0.0.1, 10.0.0.2] }\n"
            ),
            (
                ["condition", "add", "a", "v", "--allow", "tcp:80,8000-8099", "--allow", "icmp"],
                "{ allow: [{ protocol: tcp, ports: [\"80\", 8000-8099] }, { protocol: icmp }] }\n"
            ),
            (
                [
                    "tunnel", "add", "t", "--mss-clamp", "true", "--policer-committed", "5Mbit",
                    "--policer-yellow",
                    "dscp=af12", "--policer-red", "pass", "--mpls-send", "16001,16002",
                ],
                "mssClamp: \"true\"\npolicer: { committed: 5Mbit, yellow: { dscp: af12 }, red: pass }\n"
                    + "mpls: { send: [\"16001\", \"16002\"] }\n"
            ),
            (
                ["session", "open", "s", "--up-committed", "1Mbit", "--down-peak", "2Mbit"],
                "{ policer: { up: { committed: 1Mbit }, down: { peak: 2Mbit } } }\n"
            ),
            (
                [
                    "session", "open", "s", "--up-burst", "9000", "--up-red", "dscp=le", "--down-committed",
                    "1Mbit", "--down-peak-burst", "20000", "--down-yellow", "drop",
                ],
                "policer:\n  up: { burst: \"9000\", red: { dscp: le } }\n"
                    + "  down: { committed: 1Mbit, peakBurst: \"20000\", yellow: drop }\n"
            ),
            (
                [
                    "session", "open", "s", "--access-path", "t", "--network-path", "u:100:200",
                    "--network-path",
                    "v:101:201,w",
                ],
                "access: { tunnel: t }\nnetwork:\n  - { tunnel: u, send: \"100\", receive: \"200\" }\n"
                    + "  - { tunnel: v, send: \"101\", receive: \"201\" }\n  - { tunnel: w }\n"
            ),
            (
                [
                    "tunnel", "add", "t", "--mpls-traffic-class", "ef=5,default=copy", "--mpls-inner-dscp",
                    "5=ef,0=be",
                ],
                "{ mpls: { trafficClass: { ef: \"5\", default: copy }, innerDSCP: { \"5\": ef, \"0\": be } } }\n"
            ),
            (["tunnel", "add", "t", "--ipip-dscp", "ef=cs5"], "{ ipip: { dscp: { ef: cs5 } } }\n"),
            (["tunnel", "add", "t", "--ipip-dscp", "ef"], "{ ipip: { dscp: ef } }\n"),
            (
                ["tunnel", "add", "t", "--mplsudp-checksum", "on", "--mplsudp-send", "99"],
                "{ mplsudp: { send: \"99\", checksum: \"on\" } }\n"
            ),
            (
                ["condition", "add", "a", "v", "--allow", "udp:5060:dscp=ef,cs3", "--allow", "any:dscp=le"],
                "{ allow: [{ protocol: udp, ports: [\"5060\"], dscp: [ef, cs3] }, { protocol: any, dscp: [le] }] }\n"
            ),
            (["line", "add", "n", "--vlan", "100,7"], "{ vlan: [\"100\", \"7\"] }\n"),
            (
                ["port", "add", "p", "--packet", "eth1", "--shared", "true", "--icmp-errors", "false"],
                "{ packet: eth1, shared: \"true\", icmpErrors: \"false\" }\n"
            ),
            (
                ["port", "add", "p", "--engine", "io_uring", "--offload", "off"],
                "{ engine: io_uring, offload: \"off\" }\n"
            ),
            (
                ["condition", "add", "a", "v", "--allow", "icmp:echo,time-exceeded"],
                "{ allow: [{ protocol: icmp, types: [echo, time-exceeded] }] }\n"
            ),
            (
                ["label", "add", "20", "--swap", "30,31", "--tunnel", "t"],
                "{ swap: [\"30\", \"31\"], via: { tunnel: t } }\n"
            ),
            (
                ["port", "add", "p", "--tun", "wl0", "--routes", "automatic"],
                "{ tun: wl0, routes: automatic }\n"
            ),
            (
                ["session", "open", "s", "--access-port", "p", "--network-tunnel", "t"],
                "{ access: { port: p }, network: { tunnel: t } }\n"
            ),
        ])
    func options(arguments: [String], yaml: String) throws {
        let command = try Wayleave.parseAsRoot(arguments)
        let edits = try #require(try (command as? any WithEdits)?.edits)
        #expect(edits.applied(to: .map([])).yaml() == yaml)
    }

    @Test("Every key that an object has in an exchange file has an option, named for it")
    func optionsForKeys() {
        let keys: [(any ParsableCommand.Type, prefix: String, Schema, otherwise: Set<String>)] = [
            (AddCommand<PortFields>.self, "", .port, ["file"]),
            (AddCommand<PortFields>.self, "file-", .captureFiles, []),
            (AddCommand<LineFields>.self, "", .line, []),
            (AddCommand<ServiceFields>.self, "", .service, []),
            (AddCommand<TunnelFields>.self, "", .tunnel, ["mpls", "ipip", "mplsudp", "policer"]),
            (AddCommand<TunnelFields>.self, "mpls-", .mpls, []),
            (AddCommand<TunnelFields>.self, "ipip-", .ipip, []),
            (AddCommand<TunnelFields>.self, "mplsudp-", .mplsudp, []),
            (AddCommand<TunnelFields>.self, "policer-", .policer, []),
            (AddCommand<SubscriberFields>.self, "", .subscriber, []),
            (AddCommand<SessionFields>.self, "", .session, ["access", "network", "policer"]),
            (AddCommand<SessionFields>.self, "access-", .leg, []),
            (AddCommand<SessionFields>.self, "network-", .leg, []),
            (AddCommand<SessionFields>.self, "up-", .policer, []),
            (AddCommand<SessionFields>.self, "down-", .policer, []),
            (AddCommand<LabelFields>.self, "", .label, ["in", "via"]),
            (AddCommand<LabelFields>.self, "", .via, []),
        ]
        for (command, prefix, schema, otherwise) in keys {
            let help = Wayleave.helpMessage(for: command)
            for key in schema.keys where !otherwise.contains(key) {
                let option = "--" + prefix + Self.hyphenated(key)
                #expect(help.contains("  \(option) ") || help.contains("  \(option)\n"), "\(option)")
            }
        }
    }

    /// As in `inner-dscp` for `innerDSCP`.
    private static func hyphenated(_ key: String) -> String {
        key.replacing(/[a-z](?=[A-Z])/) { "\($0.output)-" }.lowercased()
    }

    @Test("An empty value takes a key away")
    func removal() {
        var edits = FieldEdits()
        edits.text("mtu", "")
        edits.text("mpls.ttl", "")
        edits.text("ipip.df", "")
        let document: DocumentValue = [
            "port": "core0", "mtu": 1400, "mpls": ["send": 16], "ipip": ["df": "set"],
        ]
        #expect(edits.applied(to: document) == ["port": "core0", "mpls": ["send": 16]])
    }

    @Test("A condition without rules again allows the whole service")
    func wholeService() throws {
        let command = try Wayleave.parseAsRoot(["condition", "set", "a", "v", "--allow", ""])
        let edits = try #require(command as? SetCommand<ConditionFields>).fields.edits()
        let document: DocumentValue = ["subscriber": "a", "allow": [["protocol": "udp"]]]
        #expect(!edits.isEmpty && edits.applied(to: document) == ["subscriber": "a"])
    }

    @Test("Several paths give way to one leg")
    func oneLeg() {
        var edits = FieldEdits()
        edits.text("network.tunnel", "t")
        let document: DocumentValue = ["network": [["tunnel": "u"], ["tunnel": "v"]]]
        #expect(edits.applied(to: document) == ["network": ["tunnel": "t"]])
    }

    @Test(
        "Times",
        arguments: [
            ("10s", 10), ("500ms", 1), ("2m", 120), ("0", 0), ("7", 7), ("11m", nil), ("s", nil),
            ("-1s", nil),
        ]
            as [(String, Int?)])
    func times(text: String, seconds: Int?) {
        #expect(WaitTime(argument: text)?.seconds == seconds)
    }

    @Test("Completions are generated for each shell", arguments: ["bash", "zsh", "fish"])
    func completions(shell: String) throws {
        let shell = try #require(CompletionShell(rawValue: shell))
        let script = Wayleave.completionScript(for: shell)
        for word in ["apply", "subscriber", "next-hop", "wayleave"] { #expect(script.contains(word)) }
    }

    @Test("Every command says what it does, and shows an example")
    func help() {
        var rest: [any ParsableCommand.Type] = [Wayleave.self]
        while let command = rest.popLast() {
            let configuration = command.configuration
            #expect(!configuration.abstract.isEmpty, "\(command)")
            if configuration.subcommands.isEmpty {
                #expect(configuration.discussion.contains("wayleave "), "\(command)")
            }
            rest += configuration.subcommands
        }
    }

    @Test("Tables: numbers to the right, the rest to the left")
    func table() {
        var table = Table(["name", "bytes", "note"])
        table.add(["a", "1000", "x"])
        table.add(["long", "7", ""])
        #expect("\(table)" == "name  bytes  note\na      1000  x\nlong      7")
    }

    // MARK: Files

    @Test("A file that is written keeps its mode and the link to it; a draft is never left")
    func outputFile() throws {
        let folder = ScratchFolder()
        let file = folder.file("real.yaml", [1, 2, 3])
        let link = folder.path + "/link.yaml"
        #expect(chmod(file, 0o600) == 0 && symlink(file, link) == 0)
        #expect(OutputFile(link).write([4, 5]) == nil)
        #expect(fileContents(file) == [4, 5])
        var status = stat()
        #expect(lstat(link, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK)
        #expect(stat(file, &status) == 0 && status.st_mode & 0o777 == 0o600)
        #expect(OutputFile(folder.path + "/new.yaml").write([6]) == nil)
        #expect(OutputFile(folder.path + "/none/new.yaml").write([6]) == ENOENT)
        #expect(OutputFile(folder.path).write([6]) == EISDIR)
        #expect(folderEntries(folder.path).sorted() == ["link.yaml", "new.yaml", "real.yaml"])
    }

    @Test("What is no plain file is written to, and never replaced")
    func outputPipe() throws {
        let folder = ScratchFolder()
        let pipe = folder.path + "/pipe"
        try #require(mkfifo(pipe, 0o600) == 0)
        let reader = open(pipe, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        defer { close(reader) }
        #expect(OutputFile(pipe).write([7, 8]) == nil)
        var bytes: [UInt8] = [0, 0, 0]
        #expect(read(reader, &bytes, 3) == 2 && bytes == [7, 8, 0])
        var status = stat()
        #expect(lstat(pipe, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO)
    }

    @Test("What can't be written to standard output fails")
    func fullOutput() throws {
        let stream = try #require(fopen("/dev/full", "w"))
        defer { fclose(stream) }
        #expect(throws: ExitCode(1)) { try printText("x", to: stream) }
    }

    @Test("The option comes before the environment, where an empty name is none")
    func instanceNames() {
        #expect(InstanceOptions.name(option: "a", environment: "b") == "a")
        #expect(InstanceOptions.name(option: nil, environment: "b") == "b")
        #expect(InstanceOptions.name(option: nil, environment: "") == "main")
        #expect(InstanceOptions.name(option: nil, environment: nil) == "main")
    }

    // MARK: Against a control plane

    @Test("No control plane: exit code 69")
    func noDaemon() async throws {
        #expect(try await run(["status", "--run-directory", "/nonexistent"]) == ExitCode(69))
    }

    @Test(
        "PX-4 CD-7 a session is opened, shown and closed; everything else works against a running control plane"
    )
    func session() async throws {
        try await Site.run { site in
            let folder = ScratchFolder()
            let file = folder.file("edge.yaml", Array(Edges.subscriberEdge.utf8))
            func wayleave(
                _ arguments: String..., expecting expected: ExitCode? = nil,
                at location: Testing.SourceLocation = #_sourceLocation
            ) async throws {
                let code = try await run(arguments + site.options)
                #expect(code == expected, "\(arguments)", sourceLocation: location)
            }
            try await wayleave("diff", "-f", file, expecting: ExitCode(1))
            try await wayleave("apply", "-f", file, "--dry-run")
            // There is no forwarder.
            try await wayleave("apply", "-f", file, "--wait", "1s", expecting: ExitCode(3))
            try await wayleave("diff", "-f", file)
            let exported = folder.file("exported.yaml")
            try await wayleave("export", "-o", exported)
            try await wayleave("diff", "-f", exported)
            try await wayleave("session", "close", "bob-video")
            try await wayleave("session", "show", "bob-video", expecting: ExitCode(1))
            try await wayleave(
                "session", "open", "bob-video", "--subscriber", "bob", "--service", "acme-video",
                "--access-port",
                "access1", "--network-tunnel", "acme-pipe", "--network-send", "100043",
                "--network-receive", "200043")
            try await wayleave("diff", "-f", file)
            try await wayleave(
                "session", "set", "alice-music", "--network-path", "acme-north:100050:200050",
                "--network-path",
                "beta-west", "--up-committed", "1Mbit", "--up-burst", "20000")
            let music = try #require(await site.controlPlane.read { $0.sessions["alice-music"] })
            #expect(music.paths.count == 2 && music.upPolicer?.committedBurstByteCount == 20_000)
            try await wayleave(
                "session", "set", "alice-music", "--network-tunnel", "beta-west", "--up-committed", "",
                "--up-burst",
                "")
            try await wayleave("diff", "-f", file)
            // There is one already.
            try await wayleave("line", "add", "north", "--port", "core0", expecting: ExitCode(1))
            try await wayleave("line", "set", "north", "--mtu", "1400")
            let mtu = await site.controlPlane.read { $0.lines["north"]?.mtu }
            #expect(mtu == 1400)
            try await wayleave("line", "set", "north", "--mtu", "")
            try await wayleave("diff", "-f", file)
            let table = folder.file(
                "labels.csv", Array("in,out,line,tunnel\n20001,pop,north,\n20002,x,north,\n".utf8))
            try await wayleave("label", "load", table, expecting: ExitCode(1))
            try await wayleave("label", "add", "20001", "--swap", "30001", "--line", "north")
            try await wayleave("label", "set", "20001", "--pop")
            try await wayleave("label", "set", "20001", "--tunnel", "acme-north")
            let label = await site.controlPlane.read {
                $0.labels.all.first { $0.entry.key.rawValue == 20_001 }
            }
            #expect(label?.entry.object.operation == .pop)
            #expect(label?.entry.object.via == .tunnel("acme-north"))
            try await wayleave("label", "set", "20001", "--swap", "30001,30002")
            try await wayleave("label", "remove", "20001")
            for kind in ExchangeKind.allCases {
                try await wayleave(kind.noun, "list")
                try await wayleave(kind.noun, "list", "--json")
                // More than the control plane gives at once.
                try await wayleave(kind.noun, "list", "--limit", "200000")
            }
            for command in ["status", "counters", "drops", "ports", "usage", "export"] {
                try await wayleave(command)
                try await wayleave(command, "--json")
            }
        }
    }
}

/// A command that changes keys.
private protocol WithEdits {
    var edits: FieldEdits { get throws }
}

extension AddCommand: WithEdits {
    var edits: FieldEdits { get throws { try fields.edits() } }
}
