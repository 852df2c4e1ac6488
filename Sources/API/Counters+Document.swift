import ControlPlane
import ExchangeFile

extension CounterSnapshot {
    var document: DocumentValue {
        [
            "sessions": .map(sessions.map { .init($0.name, $0.document) }),
            "ports": .map(
                ports.map { .init($0.name, ["in": DocumentValue($0.in), "out": DocumentValue($0.out)]) }),
            "forwarded": DocumentValue(forwarded), "consumed": DocumentValue(consumed),
            "originated": DocumentValue(originated),
            "drops": .map(drops.map { .init($0.reason, DocumentValue($0.packets)) }),
        ]
    }
}

extension CounterSnapshot.SessionTraffic {
    /// Both directions, and those of each leg where there are several.
    var document: DocumentValue {
        var document = traffic.document
        if !legs.isEmpty {
            document.set("legs", .list(legs.map { $0.traffic.document(ofLeg: $0.leg) }))
        }
        return document
    }
}

extension CounterSnapshot.DropCount {
    var document: DocumentValue { ["reason": .text(reason), "packets": DocumentValue(packets)] }
}

extension UsageRow {
    var document: DocumentValue {
        [
            "session": .text(sessionName), "number": DocumentValue(session), "leg": DocumentValue(leg),
            "sequence": DocumentValue(sequence), "forwarder": .text(forwarder),
            "from": .text("\(Timestamp(nanoseconds: from))"), "to": .text("\(Timestamp(nanoseconds: to))"),
            "up": ["packets": DocumentValue(upPackets), "bytes": DocumentValue(upBytes)],
            "down": ["packets": DocumentValue(downPackets), "bytes": DocumentValue(downBytes)],
        ]
    }

    static let csvHeader =
        "session,number,leg,sequence,forwarder,from,to,upPackets,upBytes,downPackets,downBytes"

    /// Names have no characters that CSV would have to quote.
    var csvLine: String {
        "\(sessionName),\(session),\(leg),\(sequence),\(forwarder),\(Timestamp(nanoseconds: from)),"
            + "\(Timestamp(nanoseconds: to)),\(upPackets),\(upBytes),\(downPackets),\(downBytes)\n"
    }
}
