import ArgumentParser
import Forwarder
@preconcurrency import Glibc
import Link
import Observation
import Packets

/// Which forwarder is looked at.
struct ObservationOptions: ParsableArguments {
    @OptionGroup var instance: InstanceOptions

    @Option(help: ArgumentHelp("The forwarder, where an edge has several.", valueName: "NAME"))
    var forwarder = InstanceDirectory.defaultForwarder

    /// Where it shows itself.
    var socketPath: String {
        get throws {
            guard InstanceDirectory.isName(forwarder) else {
                throw ValidationError("--forwarder: 1 to 32 letters, digits, '-' and '_' are possible")
            }
            do throws(InstanceError) {
                return try InstanceDirectory(instance.name, base: instance.runDirectory)
                    .observationSocket(forwarder: forwarder)
            } catch { throw ValidationError("\(error)") }
        }
    }

    /// Runs what asks the forwarder. What it refuses, or that it isn't there, is printed and ends the command.
    func ask<Value>(_ body: (String) throws(ObservationError) -> Value) throws -> Value {
        let path = try socketPath
        do throws(ObservationError) { return try body(path) } catch { throw refuse(error) }
    }

    func refuse(_ error: ObservationError) -> ExitCode {
        printError("\(error)")
        if error.isNobodyThere {
            let name = forwarder == InstanceDirectory.defaultForwarder ? "" : " --name \(forwarder)"
            printError(
                "no forwarder '\(forwarder)' runs for the instance `\(instance.name)`; start it with `wayleave-forwarder run "
                    + "--instance \(instance.name)\(name)`, or name another with --instance and --forwarder")
        }
        return Daemon.Exit.refused
    }
}

/// A drop reason by its name.
struct ReasonName: ExpressibleByArgument {
    let reason: DropReason

    init?(argument: String) {
        guard let reason = DropReason.allCases.first(where: { "\($0)" == argument }) else { return nil }
        self.reason = reason
    }

    static var allValueStrings: [String] { DropReason.allCases.map { "\($0)" } }
}

/// A number of bytes as people write it: `4096`, `64k`, `10M`, `1G`.
struct ByteSize: ExpressibleByArgument {
    let byteCount: Int

    init?(argument: String) {
        let units = [("k", 1 << 10), ("K", 1 << 10), ("M", 1 << 20), ("G", 1 << 30), ("", 1)]
        guard let unit = units.first(where: { argument.hasSuffix($0.0) }),
            let number = Int(argument.dropLast(unit.0.count)), (1...1 << 30).contains(number)
        else { return nil }
        byteCount = number * unit.1
    }
}

/// A time of day with nanoseconds, UTC, as in `12:00:00.000000001`.
struct TimeOfDay: CustomStringConvertible {
    let description: String

    /// - Parameter nanoseconds: since the Unix epoch.
    init(_ nanoseconds: UInt64) {
        let seconds = nanoseconds / 1_000_000_000 % 86_400
        func digits(_ value: UInt64, _ count: Int) -> String {
            let text = String(value)
            return String(repeating: "0", count: max(0, count - text.count)) + text
        }
        description =
            [seconds / 3600, seconds / 60 % 60, seconds % 60].map { digits($0, 2) }.joined(separator: ":")
            + "."
            + digits(nanoseconds % 1_000_000_000, 9)
    }
}
