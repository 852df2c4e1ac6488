import ExchangeFile

/// How ports are, for people: what they are in one table; in a second, where there is something, what they have lost.
struct PortsText: CustomStringConvertible {
    let ports: [DocumentValue]

    private static let counters = [
        "receiveErrors", "receiveDrops", "transmitErrors", "transmitDrops", "kernelDrops",
    ]

    var description: String {
        var states = Table([
            "port", "forwarder", "state", "since", "kind", "mtu", "mac", "queues", "engine", "offloads",
            "detail",
        ])
        var losses = Table(["port"] + Self.counters + ["sendFailures"])
        for port in ports {
            func text(_ key: String) -> String { port[key]?.scalar ?? "" }
            let queues = [text("receiveQueues"), text("transmitQueues")]
            let notes = (port["notes"]?.items ?? []).compactMap(\.scalar)
            let offloads = (port["offloads"]?.items ?? []).compactMap(\.scalar).joined(separator: ",")
            states.add([
                text("port"), text("forwarder"), text("state"), text("since"), text("kind"), text("mtu"),
                text("mac"), queues == ["", ""] ? "" : queues.joined(separator: "/"), text("engine"),
                offloads,
                ([text("detail")].filter { !$0.isEmpty } + notes).joined(separator: "; "),
            ])
            let failures = (port["sendFailures"]?.members ?? []).map {
                "\($0.value.scalar ?? ""): \($0.key)"
            }
            guard Self.counters.contains(where: { !["", "0"].contains(text($0)) }) || !failures.isEmpty else {
                continue
            }
            losses.add([text("port")] + Self.counters.map(text) + [failures.joined(separator: ", ")])
        }
        return ([states] + (losses.rows.isEmpty ? [] : [losses])).map(\.description).joined(
            separator: "\n\n")
    }
}
