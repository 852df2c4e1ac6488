import ExchangeFile

/// What is answered.
extension Schemas {
    private static let transaction: DocumentValue = [
        "number": count, "set": count, "removed": count, "untouched": count, "microseconds": count,
    ]

    private static let receipt: DocumentValue = [
        "sequence": count, "changeCount": count,
        "outcome": choice(["applied", "noForwarder", "timedOut", "rejected"]), "detail": text,
        "absentPorts": list(reference("PortState")),
        "transactions": list(object(.map([.init("forwarder", text)] + transaction.members))),
    ]

    private static let exchangeReceipt: DocumentValue = .map(
        receipt.members + [
            .init("dryRun", ["type": "boolean"]), .init("added", list(text)), .init("changed", list(text)),
            .init("removed", list(text)),
        ])

    private static let problem = object(
        [
            "type": text, "title": text, "status": count, "detail": text,
            "faults": list(object(["message": text, "line": count, "column": count], required: ["message"])),
        ], required: ["type", "title", "status", "detail"])

    private static let journal: DocumentValue = [
        "path": text, "id": text, "sequence": count, "bytes": count, "commits": count,
        "snapshotSequence": count,
        "fault": text,
    ]

    private static let forwarder: DocumentValue = [
        "name": text, "version": text, "pid": count, "isConnected": ["type": "boolean"],
        "connectedSince": time,
        "appliedSequence": count, "lastTransaction": object(transaction), "unansweredSince": time,
        "rejection": text,
    ]

    private static let status: DocumentValue = [
        "instance": text, "version": text, "startedAt": time, "digest": text, "journal": object(journal),
        "counts": map(count), "forwarders": list(object(forwarder)), "ports": list(reference("PortState")),
    ]

    private static let portState: DocumentValue = [
        "port": text, "forwarder": text, "state": choice(["up", "down", "absent", "finished"]),
        "detail": text,
        "mac": text,
        "mtu": count, "kind": text, "since": time, "receiveQueues": count, "transmitQueues": count,
        "engine": choice(["readwrite", "io_uring", "ring", "mmsg"]), "notes": list(text),
        "offloads": list(choice(["checksum", "segmentation", "coalescing"])), "receiveErrors": count,
        "receiveDrops": count, "transmitErrors": count, "transmitDrops": count, "kernelDrops": count,
        "superframes": count, "sentSuperframes": count,
        "sendFailures": map(count),
    ]

    private static let traffic: DocumentValue = ["packets": count, "bytes": count]

    private static let counters: DocumentValue = [
        "sessions": map(
            object([
                "up": reference("Traffic"), "down": reference("Traffic"), "legs": list(reference("Leg")),
            ])),
        "ports": map(object(["in": count, "out": count])), "forwarded": count, "consumed": count,
        "originated": count, "drops": map(count),
    ]

    private static let usage: DocumentValue = [
        "session": text, "number": count, "leg": count, "sequence": count, "forwarder": text, "from": time,
        "to": time, "up": reference("Traffic"), "down": reference("Traffic"),
    ]

    /// Every answer that is no object of the exchange.
    static var answers: [DocumentValue.Member] {
        [
            .init("Receipt", object(receipt, required: ["sequence", "changeCount"])),
            .init(
                "ExchangeReceipt",
                object(
                    exchangeReceipt,
                    required: ["sequence", "changeCount", "dryRun", "added", "changed", "removed"])),
            .init("Problem", problem),
            .init(
                "Health",
                object(["status": choice(["ok"]), "sequence": count], required: ["status", "sequence"])),
            .init(
                "Status", object(status, required: ["instance", "version", "journal", "forwarders", "ports"])),
            .init("PortState", object(portState, required: ["port", "forwarder", "state"])),
            .init("Traffic", object(traffic, required: ["packets", "bytes"])),
            .init(
                "Leg",
                object(
                    ["leg": count, "up": reference("Traffic"), "down": reference("Traffic")],
                    required: ["leg", "up", "down"])),
            .init("Counters", object(counters, required: counters.members.map(\.key))),
            .init("Drop", object(["reason": text, "packets": count], required: ["reason", "packets"])),
            .init("TableSlot", object(["slot": count, "name": text], required: ["slot", "name"])),
            .init("Usage", object(usage, required: usage.members.map(\.key))),
        ]
    }
}
