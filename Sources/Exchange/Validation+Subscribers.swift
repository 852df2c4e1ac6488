import Wire

extension Validation {
    mutating func checkServices() {
        for service in exchange.services {
            let user = "service `\(service.name)`"
            _ = resolve(service.provider, in: providers, for: user, at: service.location)
            if service.prefixes.isEmpty {
                reject("\(user): without `prefixes` nobody can reach it; give one", at: service.location)
            }
            for prefix in service.prefixes where prefix.address.isMulticast {
                reject(
                    "\(user): \(prefix) is multicast, which isn't carried; leave it out", at: service.location
                )
            }
        }
    }

    mutating func checkSubscribers() {
        for subscriber in exchange.subscribers {
            let user = "subscriber `\(subscriber.name)`"
            if subscriber.addresses.isEmpty {
                reject(
                    "\(user): without `addresses` no packet can be theirs; give one", at: subscriber.location)
            }
            for prefix in subscriber.addresses where prefix.address.isMulticast {
                reject(
                    "\(user): \(prefix) is multicast, which is nobody's own; leave it out",
                    at: subscriber.location)
            }
            checkVLAN(subscriber.vlan, of: user, at: subscriber.location)
            guard let name = subscriber.port else {
                checkNeedsNoPort(subscriber)
                continue
            }
            guard let index = resolve(name, in: ports, for: user, at: subscriber.location) else { continue }
            check(subscriber, on: exchange.ports[index])
        }
    }

    private mutating func checkNeedsNoPort(_ subscriber: Subscriber) {
        for (key, isGiven) in [("vlan", !subscriber.vlan.isEmpty), ("nextHop", subscriber.nextHop != nil)]
        where isGiven {
            reject(
                "subscriber `\(subscriber.name)`: `\(key)` says nothing without a `port`; add one, or leave "
                    + "it out", at: subscriber.location)
        }
    }

    private mutating func check(_ subscriber: Subscriber, on port: Port) {
        let user = "subscriber `\(subscriber.name)`"
        if port.role != .access {
            reject(
                "\(user): port `\(port.name)` has role network; subscribers come in by access ports",
                at: subscriber.location)
        }
        if !subscriber.vlan.isEmpty && !port.isEthernet {
            reject(
                "\(user): port `\(port.name)` carries bare IP packets, without VLAN tags; leave `vlan` out",
                at: subscriber.location)
        }
        if let nextHop = subscriber.nextHop {
            checkOnLink(nextHop, of: port, for: "\(user): nextHop", at: subscriber.location)
        }
    }

    // MARK: Whose an address is

    /// An address is one port's or one subscriber's, and a prefix one service's.
    mutating func checkAddresses() {
        checkPortAddresses()
        checkSubscriberAddresses()
        checkServicePrefixes()
    }

    private mutating func checkPortAddresses() {
        var owners: [IPAddress: String] = [:]
        for port in exchange.ports {
            for address in port.addresses.map(\.address) {
                if let other = owners[address] {
                    let whose = other == port.name ? "stands twice" : "is port `\(other)`'s already"
                    reject("port `\(port.name)`: address \(address) \(whose); remove one", at: port.location)
                } else {
                    owners[address] = port.name
                }
            }
        }
        for subscriber in exchange.subscribers {
            for prefix in subscriber.addresses where prefix.isSingleAddress {
                guard let port = owners[prefix.address] else { continue }
                reject(
                    "subscriber `\(subscriber.name)`: \(prefix.address) is the address of port `\(port)`; "
                        + "give another", at: subscriber.location)
            }
        }
    }

    /// Prefixes lie inside one another or apart. In sorted order an outer one comes before those inside it,
    /// so a stack of the prefixes that enclose the current one finds every overlap in one sweep.
    private mutating func checkSubscriberAddresses() {
        let held = Holding.sorted(exchange.subscribers.map(\.addresses))
        var enclosing: [Holding] = []
        for holding in held {
            while let last = enclosing.last, !last.prefix.contains(holding.prefix) { enclosing.removeLast() }
            if let outer = enclosing.last {
                let inner = exchange.subscribers[holding.owner]
                let other = exchange.subscribers[outer.owner]
                if holding.owner != outer.owner {
                    reject(
                        "subscriber `\(inner.name)`: \(holding.prefix) overlaps \(outer.prefix) of "
                            + "subscriber `\(other.name)`, so that a packet could be either's; change one",
                        at: inner.location)
                } else if holding.prefix == outer.prefix {
                    reject(
                        "subscriber `\(inner.name)`: \(holding.prefix) stands twice; remove one",
                        at: inner.location)
                }
            }
            enclosing.append(holding)
        }
    }

    /// Prefixes of services may lie inside one another, since the longest counts, but none can be two
    /// services'.
    private mutating func checkServicePrefixes() {
        let held = Holding.sorted(exchange.services.map(\.prefixes))
        for (first, second) in zip(held, held.dropFirst()) where first.prefix == second.prefix {
            let service = exchange.services[second.owner]
            let other = exchange.services[first.owner].name
            let whose = second.owner == first.owner ? "stands twice" : "is service `\(other)`'s already"
            reject("service `\(service.name)`: \(second.prefix) \(whose); remove one", at: service.location)
        }
    }
}

/// A prefix, and the place in its list of the object that has it.
private struct Holding {
    var prefix: IPPrefix
    var owner: Int

    /// All prefixes of a list of objects: by address, the shorter first, then by owner.
    static func sorted(_ prefixes: [[IPPrefix]]) -> [Holding] {
        prefixes.enumerated()
            .flatMap { owner, prefixes in prefixes.map { Holding(prefix: $0, owner: owner) } }
            .sorted { ($0.prefix, $0.owner) < ($1.prefix, $1.owner) }
    }
}

extension IPPrefix {
    var isSingleAddress: Bool { bitCount == version.addressBitCount }
}
