import Exchange
import Wire

/// Who is served, with what: providers, services and subscribers.
extension Decoding {
    mutating func decodeRegister(_ file: Fields) {
        decodeNamed(file["providers"], "provider", as: .provider, into: \.providers) {
            $0.decodeProvider(name: $1, $2, titleKey: "name")
        }
        decodeNamed(file["services"], "service", as: .service, into: \.services) {
            $0.decodeService(name: $1, $2)
        }
        decodeNamed(file["subscribers"], "subscriber", as: .subscriber, into: \.subscribers) {
            $0.decodeSubscriber(name: $1, $2)
        }
    }

    mutating func decodeProvider(name: String, _ fields: Fields, titleKey: String) -> Provider {
        let title = fields[titleKey].flatMap { readText($0) }
        return Provider(name: name, title: title ?? name, location: fields.location)
    }

    mutating func decodeService(name: String, _ fields: Fields) -> Service? {
        let provider = require("provider", in: fields).flatMap { readText($0, "a provider's name") }
        let prefixes = list(require("prefixes", in: fields)) { $0.readPrefix($1) }
        return provider.map {
            Service(name: name, provider: $0, prefixes: prefixes, location: fields.location)
        }
    }

    mutating func decodeSubscriber(name: String, _ fields: Fields) -> Subscriber {
        let port = fields["port"].flatMap { readText($0, "a port's name") }
        let addresses = list(require("addresses", in: fields)) { $0.readPrefix($1) }
        let vlan = list(fields["vlan"]) { $0.readNumber($1, in: Limits.vlanIDs) }
        let nextHop = fields["nextHop"].flatMap { readAddress($0) }
        return Subscriber(
            name: name, port: port, addresses: addresses, vlan: vlan, nextHop: nextHop,
            location: fields.location)
    }
}
