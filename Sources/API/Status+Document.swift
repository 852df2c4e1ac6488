import ControlPlane
import ExchangeFile

extension Status {
    var document: DocumentValue {
        var document: DocumentValue = [
            "instance": .text(instance), "version": .text(version),
            "startedAt": .text("\(Timestamp(nanoseconds: startedAt))"), "journal": journal.document,
            "counts": counts.document, "forwarders": .list(forwarders.map(\.document)),
            "ports": .list(ports.map(\.document)),
        ]
        document.set("digest", digest.map { .text($0) })
        return document
    }
}

extension JournalStatus {
    fileprivate var document: DocumentValue {
        var document: DocumentValue = [
            "path": .text(path), "id": .text(String(id, radix: 16)), "sequence": DocumentValue(sequence),
            "bytes": DocumentValue(byteCount), "commits": DocumentValue(commitCount),
            "snapshotSequence": DocumentValue(snapshotSequence),
        ]
        document.set("fault", fault.map { .text($0) })
        return document
    }
}

extension ObjectCounts {
    fileprivate var document: DocumentValue {
        [
            "ports": DocumentValue(ports), "lines": DocumentValue(lines),
            "providers": DocumentValue(providers),
            "services": DocumentValue(services), "tunnels": DocumentValue(tunnels),
            "subscribers": DocumentValue(subscribers), "conditions": DocumentValue(conditions),
            "sessions": DocumentValue(sessions), "labels": DocumentValue(labels),
            "drainingLegs": DocumentValue(drainingLegs),
        ]
    }
}

extension ForwarderStatus {
    fileprivate var document: DocumentValue {
        var document: DocumentValue = [
            "name": .text(name), "version": .text(version), "pid": DocumentValue(pid),
            "isConnected": .flag(connectedSince != nil), "appliedSequence": DocumentValue(appliedSequence),
        ]
        document.set("connectedSince", connectedSince.map { .text("\(Timestamp(nanoseconds: $0))") })
        document.set("lastTransaction", lastTransaction?.document)
        document.set("unansweredSince", unansweredSince.map { .text("\(Timestamp(nanoseconds: $0))") })
        document.set("rejection", rejection.map { .text($0) })
        return document
    }
}

extension TransactionStatus {
    var document: DocumentValue {
        [
            "number": DocumentValue(number), "set": DocumentValue(setCount),
            "removed": DocumentValue(removedCount),
            "untouched": DocumentValue(untouchedCount), "microseconds": DocumentValue(microseconds),
        ]
    }
}

extension PortStatus {
    var document: DocumentValue {
        var document: DocumentValue = [
            "port": .text(port), "forwarder": .text(forwarder), "state": .text(condition.rawValue),
        ]
        document.set("detail", detail.isEmpty ? nil : .text(detail))
        document.set("mac", mac.map { .text("\($0)") })
        document.set("mtu", mtu.map { DocumentValue($0) })
        document.set("kind", kind.isEmpty ? nil : .text(kind))
        document.set("since", since.map { .text("\(Timestamp(nanoseconds: $0))") })
        document.set("receiveQueues", receiveQueues.map { DocumentValue($0) })
        document.set("transmitQueues", transmitQueues.map { DocumentValue($0) })
        document.set("offloads", offloads.isEmpty ? nil : .list(offloads.map { .text($0) }))
        document.set("engine", engine.map { .text($0) })
        document.set("notes", notes.isEmpty ? nil : .list(notes.map { .text($0) }))
        for counter in counters { document.set(counter.name, DocumentValue(counter.count)) }
        document.set(
            "sendFailures",
            sendFailures.isEmpty
                ? nil : .map(sendFailures.map { .init($0.name, DocumentValue($0.count)) }))
        return document
    }
}
