import Exchange
import Wire

extension Decoding {
    mutating func decodePorts(_ file: Fields) {
        decodeNamed(file["ports"], "port", as: .port, into: \.ports) { $0.decodePort(name: $1, $2) }
        decodeTopNeighbours(file["neighbours"])
    }

    mutating func decodePort(name: String, _ fields: Fields) -> Port? {
        let medium = decodeMedium(fields)
        let role: PortRole? = require("role", in: fields).flatMap { readChoice($0) }
        let addresses = list(fields["addresses"]) { $0.readInterfaceAddress($1) }
        let mac = fields["mac"].flatMap { readMAC($0) }
        let mtu = fields["mtu"].flatMap { readMTU($0) }
        let routes = fields["routes"].map { decodeRoutes($0) }
        let neighbours = fields["neighbours"].map { decodeNeighbours($0) }
        let forwarder = fields["forwarder"].flatMap { readText($0, "a forwarder's name") }
        let denied: Denied? = fields["denied"].flatMap { readChoice($0) }
        let sendsErrors = fields["icmpErrors"].flatMap { readFlag($0) }
        let engine: PortEngine? = fields["engine"].flatMap { readChoice($0) }
        let offload: PortOffload? = fields["offload"].flatMap { readChoice($0) }
        guard let medium, let role else { return nil }
        return Port(
            name: name, medium: medium, role: role, addresses: addresses, mac: mac, mtu: mtu,
            routes: routes ?? .automatic, neighbours: neighbours ?? [],
            forwarder: forwarder ?? Port.defaultForwarder, denied: denied ?? .drop,
            sendsErrors: sendsErrors ?? true, engine: engine ?? .automatic, offload: offload ?? .on,
            location: fields.location)
    }

    private mutating func decodeMedium(_ fields: Fields) -> PortMedium? {
        let link: FileLink? = fields["link"].flatMap { readChoice($0) }
        guard let (key, field) = requireOne(of: ["tun", "tap", "packet", "capture", "file"], in: fields)
        else {
            return nil
        }
        let shared = fields["shared"].flatMap { readFlag($0) } ?? false
        if let field = fields["shared"], key != "packet" {
            reject(field, "only the interface of a `packet` port can be shared with the kernel; leave it out")
        }
        if key == "file" { return decodeCaptureFiles(field, link: link ?? .ethernet) }
        if let link = fields["link"] { reject(link, "the interface says what its link is; leave it out") }
        guard let interface = readText(field, "an interface's name") else { return nil }
        switch key {
        case "tun": return .tun(interface: interface)
        case "tap": return .tap(interface: interface)
        case "packet":
            return shared ? .sharedPacket(interface: interface) : .packet(interface: interface)
        default: return .capture(interface: interface)
        }
    }

    /// `{ read: PATH, write: PATH }`.
    private mutating func decodeCaptureFiles(_ field: Field, link: FileLink) -> PortMedium? {
        guard let files = fields(field, as: .captureFiles) else { return nil }
        let read = files["read"].flatMap { readText($0, "a path") }
        let write = files["write"].flatMap { readText($0, "a path") }
        return .file(read: read, write: write, link: link)
    }

    /// `automatic`, or prefixes.
    private mutating func decodeRoutes(_ field: Field) -> PortRoutes {
        if case .scalar(let scalar) = field.node, scalar.string == "automatic" { return .automatic }
        return .prefixes(list(field) { $0.readPrefix($1) })
    }

    // MARK: Neighbours

    /// `{ ADDRESS: MAC }`.
    private mutating func decodeNeighbours(_ field: Field) -> [Neighbour] {
        var neighbours: [Neighbour] = []
        for (key, value) in entries(field) ?? [] {
            let address = IPAddress(key.text)
            if address == nil {
                reject("\(field.name): `\(key.text)` is not an IP address", at: key.location)
            }
            let mac = readMAC(Field(owner: field.name, key: key.text, node: value))
            guard let address, let mac else { continue }
            neighbours.append(Neighbour(address: address, mac: mac, location: key.location))
        }
        return neighbours
    }

    /// Gives the neighbours at the top level to the ports on whose links they are: by the longest prefix,
    /// where the links of several Ethernet ports hold an address.
    private mutating func decodeTopNeighbours(_ field: Field?) {
        guard let field else { return }
        for neighbour in decodeNeighbours(field) {
            let links = exchange.ports.indices.filter { exchange.ports[$0].isEthernet }
                .flatMap { port in exchange.ports[port].addresses.map { (port: port, prefix: $0.prefix) } }
                .filter { $0.prefix.contains(neighbour.address) }
            let longest = links.map(\.prefix.bitCount).max()
            let ports = Set(links.filter { $0.prefix.bitCount == longest }.map(\.port))
            if ports.count == 1, let port = ports.first {
                exchange.ports[port].neighbours.append(neighbour)
            } else {
                let fault = ports.isEmpty ? "on no port's link" : "on the links of several ports"
                reject(
                    "neighbours: \(neighbour.address) is \(fault); write it under `neighbours` of its port",
                    at: neighbour.location ?? field.location)
            }
        }
    }
}
