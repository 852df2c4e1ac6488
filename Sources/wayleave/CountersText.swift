import ExchangeFile
import Forwarder

/// Counters for people: a short table for each kind.
struct CountersText: CustomStringConvertible {
    private var sessions = Table(["session", "up packets", "up bytes", "down packets", "down bytes"])
    private var ports = Table(["port", "in", "out"])
    private var drops = Table(["dropped because", "packets"])
    private let summary: String

    /// Those of a replay.
    init(_ report: CountersReport) {
        for session in report.sessions {
            sessions.add([
                session.name, "\(session.up.packets)", "\(session.up.bytes)", "\(session.down.packets)",
                "\(session.down.bytes)",
            ])
        }
        for port in report.ports { ports.add([port.name, "\(port.received)", "\(port.sent)"]) }
        for drop in report.drops { drops.add(["\(drop.reason)", "\(drop.count)"]) }
        summary = report.summary
    }

    /// Those of a running edge, as its control plane tells them.
    init(_ document: DocumentValue) {
        func number(_ value: DocumentValue?) -> String { value?.scalar ?? "0" }
        for session in document["sessions"]?.members ?? [] {
            let (up, down) = (session.value["up"], session.value["down"])
            sessions.add([
                session.key, number(up?["packets"]), number(up?["bytes"]), number(down?["packets"]),
                number(down?["bytes"]),
            ])
        }
        for port in document["ports"]?.members ?? [] {
            ports.add([port.key, number(port.value["in"]), number(port.value["out"])])
        }
        let dropped = document["drops"]?.members ?? []
        for drop in dropped { drops.add([drop.key, number(drop.value)]) }
        let total = dropped.reduce(0) { $0 + (UInt64(number($1.value)) ?? 0) }
        summary =
            "\(number(document["forwarded"])) forwarded, \(number(document["consumed"])) consumed, "
            + "\(number(document["originated"])) originated, \(total) dropped"
    }

    var description: String {
        ([sessions, ports] + (drops.rows.isEmpty ? [] : [drops])).map(\.description).joined(separator: "\n\n")
            + "\n\n" + summary
    }
}
