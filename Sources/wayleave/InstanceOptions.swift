import APIClient
import ArgumentParser
@preconcurrency import Glibc

/// Which control plane is asked.
struct InstanceOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The edge on this host. (default: $WAYLEAVE_INSTANCE, else main)", valueName: "NAME"))
    var instance: String?

    @Option(help: ArgumentHelp("Where the instances' sockets are.", valueName: "DIR"))
    var runDirectory = "/run/wayleave"

    /// The instance's name, from the option or the environment.
    var name: String {
        Self.name(option: instance, environment: getenv("WAYLEAVE_INSTANCE").map { String(cString: $0) })
    }

    /// A variable that is set to nothing is as good as not set.
    static func name(option: String?, environment: String?) -> String {
        option ?? environment.flatMap { $0.isEmpty ? nil : $0 } ?? "main"
    }

    /// The control plane of this instance.
    var daemon: Daemon {
        Daemon(client: APIClient(socketPath: "\(runDirectory)/\(name)/api.sock"), instance: self)
    }

    /// How to start what isn't running.
    var startCommand: String {
        "wayleaved --instance \(name)"
            + (runDirectory == "/run/wayleave" ? "" : " --run-directory \(runDirectory)")
    }
}

/// How an answer is printed.
struct OutputOptions: ParsableArguments {
    @Flag(help: "Print the control plane's answer as JSON.")
    var json = false
}

/// What a change waits for.
struct WaitOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Wait until the forwarder has applied it, at most so long: 10s, 500ms, 2m.", valueName: "TIME"))
    var wait: WaitTime?
}

/// A time as people write it: `10s`, `2m`, or seconds alone.
struct WaitTime: ExpressibleByArgument {
    /// Rounded up, as the control plane takes it: 0 to 600.
    let seconds: Int

    init?(argument: String) {
        let units = [("ms", 1), ("s", 1000), ("m", 60_000), ("", 1000)]
        guard let unit = units.first(where: { argument.hasSuffix($0.0) }),
            case let digits = argument.dropLast(unit.0.count),
            digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let number = Int(digits), number <= 600_000
        else { return nil }
        seconds = (number * unit.1 + 999) / 1000
        guard seconds <= 600 else { return nil }
    }
}
