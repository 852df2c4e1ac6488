import Exchange
import Wire

extension Port {
    var document: DocumentValue {
        var document = medium.document
        document.set("role", .text(role.rawValue))
        if !addresses.isEmpty { document.set("addresses", .texts(addresses)) }
        document.set("mac", mac.map { .text($0.description) })
        document.set("mtu", mtu.map { DocumentValue($0) })
        if case .prefixes(let prefixes) = routes { document.set("routes", .texts(prefixes)) }
        if !neighbours.isEmpty {
            document.set(
                "neighbours",
                .map(neighbours.map { .init($0.address.description, .text($0.mac.description)) }))
        }
        if denied != .drop { document.set("denied", .text(denied.rawValue)) }
        if !sendsErrors { document.set("icmpErrors", false) }
        if engine != .automatic { document.set("engine", .text(engine.rawValue)) }
        if offload != .on { document.set("offload", .text(offload.rawValue)) }
        if forwarder != Port.defaultForwarder { document.set("forwarder", .text(forwarder)) }
        return document
    }
}

extension PortMedium {
    fileprivate var document: DocumentValue {
        switch self {
        case .tun(let interface): return ["tun": .text(interface)]
        case .tap(let interface): return ["tap": .text(interface)]
        case .packet(let interface): return ["packet": .text(interface)]
        case .sharedPacket(let interface): return ["packet": .text(interface), "shared": true]
        case .capture(let interface): return ["capture": .text(interface)]
        case .file(let read, let write, let link):
            let files = DocumentValue.map(given: [
                ("read", read.map { .text($0) }), ("write", write.map { .text($0) }),
            ])
            return .map(given: [("file", files), ("link", link == .ethernet ? nil : .text(link.rawValue))])
        }
    }
}
