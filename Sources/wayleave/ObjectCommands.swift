import APIClient
import ArgumentParser
import ExchangeFile

/// `list`: all objects of a kind.
struct ListCommand<Name: ObjectName>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "list", abstract: "Lists the \(Name.kind.rawValue).",
            discussion: "Example:\n  wayleave \(Name.kind.noun) list")
    }

    @OptionGroup var instance: InstanceOptions
    @OptionGroup var output: OutputOptions

    @Option(help: ArgumentHelp("At most so many.", valueName: "N"))
    var limit = 1000

    /// What is asked for at once.
    private static var pageLimit: Int { 10_000 }

    func validate() throws {
        guard limit >= 1 else { throw ValidationError("--limit is at least 1") }
    }

    func run() async throws {
        var items: [DocumentValue] = []
        var next: DocumentValue?
        repeat {
            let count = min(limit - items.count, Self.pageLimit)
            let after = next?.scalar.map { "&after=\($0)" } ?? ""
            let page = try await instance.daemon.get("/v1/\(Name.kind.rawValue)?limit=\(count)\(after)")
            items += page["items"]?.items ?? []
            next = page["next"]
        } while next != nil && items.count < limit
        if output.json {
            var document: DocumentValue = ["items": .list(items)]
            document.set("next", next)
            try printText(document.json + "\n")
        } else if items.isEmpty {
            print("there are no \(Name.kind.rawValue)")
        } else {
            print(Table(items, hidden: ["revision", "number", "leg", "legs", "openedAt"]))
        }
        if next != nil { printError("there are more; see --limit") }
    }
}

/// `show`: one object with all its keys.
struct ShowCommand<Name: ObjectName>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "show", abstract: "Shows one \(Name.kind.noun).",
            discussion: "Example:\n  wayleave \(Name.kind.noun) show \(Name.example)")
    }

    @OptionGroup var instance: InstanceOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var name: Name

    func run() async throws {
        let item = try await instance.daemon.get(name.path)
        try printText(output.json ? item.json + "\n" : item.yaml(indentedDepth: 1))
    }
}

/// `add`: a new object.
struct AddCommand<Fields: ObjectFields>: AsyncParsableCommand {
    static var verb: String { Fields.Name.kind.addVerb }

    static var configuration: CommandConfiguration {
        let noun = Fields.Name.kind.noun
        return CommandConfiguration(
            commandName: verb, abstract: verb == "open" ? "Opens a session." : "Adds a \(noun).",
            discussion: """
                The options are the keys that a \(noun) has in an exchange file; lists are written with commas. \
                --from takes all of them from a file instead.

                Examples:
                  wayleave \(noun) \(verb) \(Fields.Name.example) \(Fields.example)
                  wayleave \(noun) \(verb) \(Fields.Name.example) --from -
                """)
    }

    @OptionGroup var instance: InstanceOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var wait: WaitOption
    @OptionGroup var name: Fields.Name
    @OptionGroup var fields: Fields
    @OptionGroup var source: SourceOption

    func validate() throws { try source.check(fields.edits()) }

    func run() async throws {
        let edits = try fields.edits()
        let input = try source.input()
        let body = input?.bytes ?? Array(edits.applied(to: .map([])).yaml().utf8)
        try await instance.daemon.change(
            name, "PUT", header: ("If-None-Match", "*"), body: body, of: input, wait: wait, output: output)
    }
}

/// `set`: other keys for an object that there is.
struct SetCommand<Fields: ObjectFields>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        let noun = Fields.Name.kind.noun
        return CommandConfiguration(
            commandName: "set", abstract: "Changes keys of a \(noun).",
            discussion: """
                Keys that aren't given stay as they are; an empty value ('') takes a key away. --from replaces all of them.

                Example:
                  wayleave \(noun) set \(Fields.Name.example) \(Fields.example)
                """)
    }

    @OptionGroup var instance: InstanceOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var wait: WaitOption
    @OptionGroup var name: Fields.Name
    @OptionGroup var fields: Fields
    @OptionGroup var source: SourceOption

    func validate() throws {
        let edits = try fields.edits()
        try source.check(edits)
        guard source.from != nil || !edits.isEmpty else {
            throw ValidationError("say what to change: name a key, or --from FILE")
        }
    }

    func run() async throws {
        let edits = try fields.edits()
        let input = try source.input()
        let present = try await instance.daemon.get(name.path)
        let body = input?.bytes ?? Array(edits.applied(to: present).yaml().utf8)
        // Somebody else's change in between is not overwritten.
        try await instance.daemon.change(
            name, "PUT", header: ("If-Match", "\"\(present["revision"]?.scalar ?? "0")\""), body: body,
            of: input,
            wait: wait, output: output)
    }
}

/// `remove`: takes an object out.
struct RemoveCommand<Name: ObjectName>: AsyncParsableCommand {
    static var verb: String { Name.kind == .sessions ? "close" : "remove" }

    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: verb,
            abstract: verb == "close" ? "Closes a session." : "Removes a \(Name.kind.noun).",
            discussion: "Example:\n  wayleave \(Name.kind.noun) \(verb) \(Name.example)")
    }

    @OptionGroup var instance: InstanceOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var wait: WaitOption
    @OptionGroup var name: Name

    func run() async throws {
        try await instance.daemon.change(
            name, "DELETE", header: nil, body: [], of: nil, wait: wait, output: output)
    }
}

/// Where a whole object is taken from.
struct SourceOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Take all keys from this file (YAML or JSON); - is standard input.", valueName: "FILE"))
    var from: String?

    /// The file gives all keys, so that other options can't stand beside it.
    func check(_ edits: FieldEdits) throws {
        guard from == nil || edits.isEmpty else {
            throw ValidationError("--from gives all keys; leave the other options out")
        }
    }

    /// The file, if one is named.
    func input() throws -> InputFile? { try from.map { try InputFile($0) } }
}

extension ExchangeKind {
    /// The verb that makes a new one.
    var addVerb: String { self == .sessions ? "open" : "add" }
}

extension ObjectName {
    var path: String { "/v1/\(Self.kind.rawValue)/" + parts.map(APIRequest.encode).joined(separator: "/") }
}

extension Daemon {
    /// Changes one object, and says what became of it.
    fileprivate func change(
        _ name: some ObjectName, _ method: String, header: (name: String, value: String)?, body: [UInt8],
        of input: InputFile?, wait: WaitOption, output: OutputOptions
    ) async throws {
        let seconds = wait.wait?.seconds ?? 0
        var headers = header.map { [$0] } ?? []
        if !body.isEmpty { headers.append(("Content-Type", input?.contentType ?? "application/yaml")) }
        let answer = try await ask(
            APIRequest(
                method, name.path + (seconds > 0 ? "?wait=\(seconds)" : ""), headers: headers, body: body),
            fileName: input?.name, wait: seconds)
        if answer.body.isEmpty {
            if !output.json { print("\(name.title): removed") }
            return
        }
        let receipt = try answer.document
        if output.json {
            try printText(answer.text)
        } else if method == "DELETE" {
            print("\(name.title): removed")
        } else if receipt["changeCount"]?.scalar == "0" {
            print("\(name.title): nothing changes")
        } else {
            print("\(name.title): \(answer.status == 201 ? "added" : "changed")")
        }
        try report(receipt, output: output)
    }
}
