import ArgumentParser
import ExchangeFile

extension Daemon {
    /// Says what became of a change at the forwarders, and ends with exit code 3 where packets don't pass by it yet, 1
    /// where it was refused there. Nothing where it wasn't waited for.
    func report(_ receipt: DocumentValue, output: OutputOptions) throws {
        guard let outcome = receipt["outcome"]?.scalar else { return }
        if !output.json {
            for transaction in receipt["transactions"]?.items ?? [] {
                let parts = ["set", "removed", "untouched"].map { "\(transaction[$0]?.scalar ?? "0") \($0)" }
                print(
                    "forwarder \(transaction["forwarder"]?.scalar ?? ""): \(parts.joined(separator: ", ")) in "
                        + "\(transaction["microseconds"]?.scalar ?? "0") µs")
            }
        }
        switch outcome {
        case "applied": break
        case "noForwarder":
            printError(
                "it is in the journal, but no forwarder runs; start one with `wayleave-forwarder run --instance "
                    + "\(instance.name)`")
            throw Exit.portAbsent
        case "timedOut":
            printError(
                "it is in the journal, but the forwarder has not applied it in time; see `wayleave status`")
            throw Exit.refused
        default:
            printError(
                "it is in the journal, but the forwarder refused it: \(receipt["detail"]?.scalar ?? "")")
            throw Exit.refused
        }
        let absent = receipt["absentPorts"]?.items ?? []
        for port in absent {
            printError(
                "port \(port["port"]?.scalar ?? "") is \(port["state"]?.scalar ?? "absent")"
                    + (port["detail"]?.scalar.map { ": \($0)" } ?? ""))
        }
        if !absent.isEmpty { throw Exit.portAbsent }
    }
}
