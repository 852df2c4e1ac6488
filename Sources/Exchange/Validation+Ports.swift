import Wire

extension Validation {
    mutating func checkPorts() {
        var interfaces: [String: String] = [:]
        var files: [String: String] = [:]
        for port in exchange.ports {
            checkMedium(of: port, interfaces: &interfaces, files: &files)
            checkMTU(of: port)
            checkMAC(of: port)
            checkRoutes(of: port)
            checkEngine(of: port)
            for address in port.addresses { check(address, of: port) }
            checkNeighbours(of: port)
            if port.denied == .prohibited && port.role == .network {
                reject(
                    "port `\(port.name)`: only subscribers are told what is denied to them; leave `denied` out on a "
                        + "port with role network", at: port.location)
            }
            if !Self.isForwarderName(port.forwarder) {
                reject(
                    "port `\(port.name)`: `\(port.forwarder)` can't name a forwarder; give 1 to "
                        + "\(Limits.forwarderNameCharacters) of the characters A-Z a-z 0-9 _ -",
                    at: port.location)
            }
        }
    }

    // MARK: What it is made of

    private mutating func checkMedium(
        of port: Port, interfaces: inout [String: String], files: inout [String: String]
    ) {
        if let interface = port.medium.interface {
            if !Self.isInterfaceName(interface) {
                reject(
                    "port `\(port.name)`: `\(interface)` can't be an interface's name; give 1 to "
                        + "\(Limits.interfaceNameBytes) printable characters without blanks, `/` and `:`",
                    at: port.location)
            }
            if let other = interfaces[interface] {
                reject(
                    "port `\(port.name)`: interface `\(interface)` is port `\(other)`'s already; an "
                        + "interface carries one port", at: port.location)
            } else {
                interfaces[interface] = port.name
            }
        }
        guard case .file(let read, let write, _) = port.medium else { return }
        if read == nil && write == nil {
            reject("port `\(port.name)`: a file port needs `read:`, `write:` or both", at: port.location)
        }
        for path in [read, write].compactMap({ $0 }) where path.isEmpty || path.utf8.contains(0) {
            reject(
                "port `\(port.name)`: a path to a capture file can't be empty or hold a NUL",
                at: port.location)
        }
        if let read, read == write {
            reject(
                "port `\(port.name)`: it would write over `\(read)`, which it reads; give two files",
                at: port.location)
        }
        guard let write else { return }
        if let other = files[write] {
            reject(
                "port `\(port.name)`: port `\(other)` writes `\(write)` already; give another file",
                at: port.location)
        } else {
            files[write] = port.name
        }
    }

    /// The rules of the kernel's `dev_valid_name`.
    private static func isInterfaceName(_ name: String) -> Bool {
        (1...Limits.interfaceNameBytes).contains(name.utf8.count) && name != "." && name != ".."
            && name.utf8.allSatisfy {
                (0x21...0x7e).contains($0) && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: ":")
            }
    }

    private mutating func checkMTU(of port: Port) {
        guard let mtu = port.mtu else { return }
        if !Limits.mtu.contains(mtu) {
            reject("port `\(port.name)`: " + Self.mtuSentence(mtu), at: port.location)
        } else if mtu < Limits.minimumIPv6MTU, port.addresses.contains(where: { $0.address.version == .v6 }) {
            reject(
                "port `\(port.name)`: mtu \(mtu) is too small for its IPv6 address; IPv6 needs "
                    + "\(Limits.minimumIPv6MTU) (RFC 8200 §5)", at: port.location)
        }
    }

    static func mtuSentence(_ mtu: Int) -> String {
        "mtu \(mtu) is out of range; give \(Limits.mtu.lowerBound) to \(Limits.mtu.upperBound) bytes"
    }

    private mutating func checkMAC(of port: Port) {
        guard let mac = port.mac else { return }
        if !port.isEthernet {
            reject(
                "port `\(port.name)`: it has no Ethernet header, so no `mac`; leave it out", at: port.location
            )
        } else if case .sharedPacket = port.medium {
            reject(
                "port `\(port.name)`: a shared interface has the kernel's MAC address; leave `mac` out",
                at: port.location)
        } else if !mac.isStation {
            reject(
                "port `\(port.name)`: mac \(mac) is not one station's; give a unicast address",
                at: port.location)
        }
    }

    private mutating func checkRoutes(of port: Port) {
        guard case .prefixes(let prefixes) = port.routes else { return }
        if case .tun = port.medium {
            for prefix in prefixes where prefix.address.isMulticast {
                reject(
                    "port `\(port.name)`: \(prefix) is multicast, which isn't carried; leave it out",
                    at: port.location)
            }
        } else {
            reject(
                "port `\(port.name)`: the kernel routes packets into a TUN only; leave `routes` out",
                at: port.location)
        }
    }

    private mutating func checkEngine(of port: Port) {
        let fitting: [PortEngine]
        switch port.medium {
        case .tun, .tap: fitting = [.automatic, .readWrite, .ioUring]
        case .packet, .sharedPacket: fitting = [.automatic, .ring, .mmsg]
        case .capture, .file: fitting = [.automatic]
        }
        if !fitting.contains(port.engine) {
            let list = fitting.map { "`\($0.rawValue)`" }.joined(separator: ", ")
            reject(
                "port `\(port.name)`: engine `\(port.engine.rawValue)` is none of this kind of port; "
                    + (fitting.count > 1 ? "give one of \(list)" : "leave it out"), at: port.location)
        }
        switch port.medium {
        case .tun, .tap, .packet, .sharedPacket: break
        case .capture, .file:
            guard port.offload == .off else { return }
            reject(
                "port `\(port.name)`: captures and files have no offloads; leave `offload` out",
                at: port.location)
        }
    }

    // MARK: Addresses on its link

    private mutating func check(_ address: InterfaceAddress, of port: Port) {
        if !address.address.isUnicast {
            reject(
                "port `\(port.name)`: \(address.address) is not a unicast address; give another",
                at: port.location)
        } else if address.isNetworkOrBroadcast {
            reject(
                "port `\(port.name)`: \(address) is the address of the network or its broadcast; give the "
                    + "port's own", at: port.location)
        }
    }

    private mutating func checkNeighbours(of port: Port) {
        var seen: Set<IPAddress> = []
        for neighbour in port.neighbours {
            let place = neighbour.location ?? port.location
            if !port.isEthernet {
                reject(
                    "port `\(port.name)`: it has no Ethernet header, so no neighbours; leave them out",
                    at: place)
                return
            }
            if !neighbour.mac.isStation {
                reject(
                    "port `\(port.name)`: neighbour \(neighbour.address)'s MAC address \(neighbour.mac) is "
                        + "not one station's; give a unicast address", at: place)
            }
            if !seen.insert(neighbour.address).inserted {
                reject(
                    "port `\(port.name)`: neighbour \(neighbour.address) stands twice; keep one", at: place)
            }
            checkOnLink(neighbour.address, of: port, for: "port `\(port.name)`: neighbour", at: place)
        }
    }

    /// Rejects a next hop that a port can't reach directly. `user` begins the sentence, up to the address.
    mutating func checkOnLink(
        _ nextHop: IPAddress, of port: Port, for user: String, at location: SourceLocation?
    ) {
        guard port.isEthernet else {
            reject(
                "\(user) \(nextHop): port `\(port.name)` has no Ethernet header, so no next hops; leave it "
                    + "out", at: location)
            return
        }
        if !nextHop.isUnicast {
            reject("\(user) \(nextHop) is not a unicast address; give a node's own", at: location)
        } else if port.addresses.contains(where: { $0.address == nextHop }) {
            reject(
                "\(user) \(nextHop) is port `\(port.name)`'s own address; give the other node's", at: location
            )
        } else if !port.reaches(IPPrefix(nextHop)) {
            let links = port.addresses.filter { $0.address.version == nextHop.version }.map { "\($0.prefix)" }
            reject(
                "\(user) \(nextHop) is not on the link of port `\(port.name)` "
                    + "(\(links.joined(separator: ", "))); give one that is, or correct the port's "
                    + "`addresses`", at: location)
        }
    }
}

extension Port {
    /// Whether every address of `prefix` is on the link: by the port's addresses, as link-local, or because
    /// the port has no address of that version that could tell.
    func reaches(_ prefix: IPPrefix) -> Bool {
        if case .v6(let address) = prefix.address, address.isLinkLocal { return true }
        let links = addresses.filter { $0.address.version == prefix.version }
        return links.isEmpty || links.contains { $0.prefix.contains(prefix) }
    }
}

extension MACAddress {
    /// Whether it can be the address of one station: neither a group's nor all zero.
    var isStation: Bool { !isGroup && rawValue != 0 }
}

extension IPAddress {
    var isMulticast: Bool {
        switch self {
        case .v4(let address): address.isMulticast
        case .v6(let address): address.isMulticast
        }
    }

    /// Whether it can be the address of one node on a network: not multicast, unspecified, loopback or
    /// reserved.
    var isUnicast: Bool {
        switch self {
        case .v4(let address):
            !(address.rawValue >> 24 == 0 || address.rawValue >> 24 == 127 || address.rawValue >> 28 >= 0xe)
        case .v6(let address): !(address.isMulticast || address.high == 0 && address.low <= 1)
        }
    }
}

extension InterfaceAddress {
    /// Whether all host bits are 0, or all 1, on an IPv4 link that is more than a point-to-point one (RFC
    /// 3021).
    var isNetworkOrBroadcast: Bool {
        guard case .v4(let v4) = address, bitCount < 31 else { return false }
        let hostMask = UInt32.max >> UInt32(bitCount)
        return v4.rawValue & hostMask == 0 || v4.rawValue & hostMask == hostMask
    }
}
