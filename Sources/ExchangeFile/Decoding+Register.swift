import Exchange
import Wire

/// Who is served, with what: providers, services and subscribers.
extension Decoding {
    mutating func decodeRegister(_ file: Fields) {
        decodeNamed(file["providers"], "provider", as: .provider, into: \.providers) {
            decoding, name, fields in
            let title = fields["name"].flatMap { decoding.readText($0) }
            return Provider(name: name, title: title ?? name, location: fields.location)
        }
        decodeNamed(file["services"], "service", as: .service, into: \.services) { decoding, name, fields in
            let provider = decoding.require("provider", in: fields).flatMap {
                decoding.readText($0, "a provider's name")
            }
            let prefixes = decoding.list(decoding.require("prefixes", in: fields)) { $0.readPrefix($1) }
            return provider.map {
                Service(name: name, provider: $0, prefixes: prefixes, location: fields.location)
            }
        }
        decodeNamed(file["subscribers"], "subscriber", as: .subscriber, into: \.subscribers) {
            $0.decodeSubscriber(name: $1, $2)
        }
    }

    private mutating func decodeSubscriber(name: String, _ fields: Fields) -> Subscriber {
        let port = fields["port"].flatMap { readText($0, "a port's name") }
        let addresses = list(require("addresses", in: fields)) { $0.readPrefix($1) }
        let vlan = list(fields["vlan"]) { $0.readNumber($1, in: Limits.vlanIDs) }
        let nextHop = fields["nextHop"].flatMap { readAddress($0) }
        return Subscriber(
            name: name, port: port, addresses: addresses, vlan: vlan, nextHop: nextHop,
            location: fields.location)
    }
}
