import Exchange
import ExchangeFile

/// An exchange with every kind of object and most keys. Tests change a line of it.
let wholeExchange = """
    ports:
      access0: { tun: wl-access0, role: access, addresses: [10.1.0.1/24], routes: automatic }
      access1: { tap: wl-access1, role: access, addresses: [10.2.0.1/24], mac: "02:00:00:00:00:10" }
      core0:   { packet: veth-core, role: network, addresses: [10.0.0.1/30, "2001:db8:ff::1/64"], mtu: 9000 }
      core1:   { packet: veth-west, role: network, addresses: [192.0.2.1/28] }
      core2:   { tun: wl-core2, role: network, routes: [10.1.0.0/24] }
      taps:    { file: { read: in.pcap, write: out.pcap }, link: ip, role: network }
      listen:  { capture: mirror0, role: network }
    neighbours: { 10.0.0.2: "02:00:00:00:00:02" }
    lines:
      north: { port: core0, nextHop: 10.0.0.2, mtu: 1500, capacity: 1Gbit }
      west:  { port: core1, nextHop: 192.0.2.9 }
      flat:  { port: core2 }
    providers:
      acme: { name: Acme Media }
      beta:
    services:
      acme-video: { provider: acme, prefixes: [198.51.100.0/24, "2001:db8:a::/48"] }
      acme-live:  { provider: acme, prefixes: [198.51.100.128/25] }
      beta-mail:  { provider: beta, prefixes: 203.0.113.5 }
    tunnels:
      acme-north: { line: north, mpls: { send: 16001, receive: 17001 }, capacity: 100Mbit }
      acme-php:   { line: north, mpls: { null: implicit, php: true, ttl: 64, trafficClass: 5 }, capacity: 900Mbit }
      beta-west:  { line: west, ipip: { local: 192.0.2.1, remote: 192.0.2.9, ttl: 32, dscp: 46, df: set } }
    subscribers:
      alice: { port: access0, addresses: [10.1.0.5, "2001:db8:1::/64"] }
      bob:   { port: access1, addresses: 10.2.0.5, vlan: [100, 7] }
      carol: { addresses: [10.9.0.0/16] }
      dave:  { port: access1, addresses: [10.3.0.0/16], nextHop: 10.2.0.9, vlan: 5 }
    conditions:
      - { subscriber: alice, service: acme-video, allow: [{ protocol: tcp, ports: [80, 8000-8099] }, { protocol: icmp }] }
      - { subscriber: bob, service: acme-video, allow: [{ protocol: 47 }, { protocol: 17 }] }
      - { subscriber: bob, service: acme-live }
      - { subscriber: carol, service: beta-mail, allow: [{}] }
      - { subscriber: dave, service: beta-mail }
    sessions:
      alice-video:
        subscriber: alice
        service: acme-video
        access: { port: access0 }
        network: { tunnel: acme-north, send: 100042, receive: 200042 }
      bob-video:  { subscriber: bob, service: acme-video, access: { port: access1 }, network: { tunnel: acme-php, send: 100043, receive: 200042 } }
      carol-mail: { subscriber: carol, service: beta-mail, access: { tunnel: acme-north, send: 7000, receive: 7000 }, network: { tunnel: beta-west } }
      dave-mail:  { subscriber: dave, service: beta-mail, access: { port: access1 }, network: { port: core0, nextHop: 10.0.0.2 } }
    labels:
      - { in: 16100, swap: 16200, via: north }
      - { in: 16101, pop: true, via: { line: north } }
      - { in: 16102, swap: [16201, 16202], via: { tunnel: acme-north } }

    """

/// An edit of a text: the first `old` becomes `new`.
struct Edit: CustomStringConvertible {
    let old: String
    let new: String

    init(_ old: String, _ new: String) {
        self.old = old
        self.new = new
    }

    var description: String { "\(old) → \(new)" }

    /// The edited text. `old` must be in it.
    func apply(to text: String) -> String {
        guard let range = text.firstRange(of: old) else { preconditionFailure("`\(old)` is not in the text") }
        return text[..<range.lowerBound] + new + text[range.upperBound...]
    }

    /// The line where the edited part begins.
    func line(in text: String) -> Int {
        guard let range = text.firstRange(of: old) else { preconditionFailure("`\(old)` is not in the text") }
        return 1 + text[..<range.lowerBound].count { $0 == "\n" }
    }
}

/// What is rejected in a text; empty if it is taken.
func rejections(of text: String) -> [Rejection] {
    do {
        _ = try ExchangeFile.parse(text: text, fileName: "edge.yaml")
        return []
    } catch .rejected(_, let rejections) {
        return rejections
    } catch .malformed(_, let rejection) {
        return [rejection]
    } catch {
        return [Rejection("unreadable: \(error)")]
    }
}
