import Exchange
import ExchangeFile
import Testing

/// Files that are refused: the edit of the whole exchange that spoils it, and what is said about it. The
/// place is where the edit begins, unless a line is given.
struct BadFile: CustomTestStringConvertible, Sendable {
    let old: String
    let new: String
    let fragment: String
    let line: Int?

    init(_ old: String, _ new: String, _ fragment: String, line: Int? = nil) {
        self.old = old
        self.new = new
        self.fragment = fragment
        self.line = line
    }

    var testDescription: String { "\(new.prefix(60)): \(fragment)" }

    func check(sourceLocation: Testing.SourceLocation = #_sourceLocation) {
        let edit = Edit(old, new)
        let rejections = rejections(of: edit.apply(to: wholeExchange))
        let line = line ?? edit.line(in: wholeExchange)
        let isFound = rejections.contains { $0.message.contains(fragment) && $0.location?.line == line }
        #expect(isFound, "line \(line): \(rejections)", sourceLocation: sourceLocation)
    }
}

@Suite struct BadFileTests {
    @Test("what the decoder refuses", arguments: decodingFaults) func decoding(file: BadFile) { file.check() }
    @Test("ports that can't be", arguments: portFaults) func ports(file: BadFile) { file.check() }
    @Test("lines and tunnels that can't be", arguments: lineFaults) func lines(file: BadFile) { file.check() }
    @Test("labels that can't be", arguments: labelFaults) func labels(file: BadFile) { file.check() }
    @Test("PX-4 subscribers, services and their addresses that can't be", arguments: registerFaults)
    func register(file: BadFile) { file.check() }
    @Test("PX-4 conditions and sessions that can't be", arguments: sessionFaults)
    func sessions(file: BadFile) { file.check() }
}

let decodingFaults = [
    BadFile(
        "mtu: 1500, capacity", "mtuu: 1500, capacity",
        "line `north`: there is no key `mtuu`; did you mean `mtu`?"),
    BadFile(
        "mtu: 1500, capacity", "zzz: 1, capacity",
        "the keys here are `port`, `nextHop`, `vlan`, `mtu`, `capacity`"),
    BadFile("ports:\n", "port:\n", "did you mean `ports`?"),
    BadFile("mtu: 1500", "mtu: 575", "line `north`: mtu: a number from 576 to 65535 is due here, not `575`"),
    BadFile("mtu: 1500", "mtu: 65536", "a number from 576 to 65535 is due here"),
    BadFile("mtu: 1500", "mtu: 1.5e3", "a number from 576 to 65535 is due here"),
    BadFile("mtu: 1500", "mtu: [1500]", "not a list"),
    BadFile("mtu: 1500", "mtu: { a: b }", "not a mapping"),
    BadFile("mtu: 1500", "mtu: ", "not nothing"),
    BadFile("mtu: 1500", "mtu: 99999999999999999999", "a number from 576 to 65535 is due here"),
    BadFile("capacity: 1Gbit", "capacity: 1Gb", "a capacity above 0"),
    BadFile("capacity: 1Gbit", "capacity: 0", "a capacity above 0"),
    BadFile("capacity: 1Gbit", "capacity: 99999999999Tbit", "a capacity above 0"),
    BadFile(
        "port: core0, nextHop: 10.0.0.2, mtu", "nextHop: 10.0.0.2, mtu",
        "line `north`: `port` is missing; add it"),
    BadFile(
        "nextHop: 10.0.0.2", "nextHop: 10.0.0.256", "an IPv4 or IPv6 address is due here, not `10.0.0.256`"),
    BadFile("addresses: [10.1.0.1/24]", "addresses: [10.1.0.1/33]", "an address with the length"),
    BadFile("role: access,", "role: acess,", "`access` or `network` is due here, not `acess`"),
    BadFile("role: access,", "", "port `access0`: `role` is missing"),
    BadFile("tun: wl-access0, ", "", "one of `tun`, `tap`, `packet`, `capture`, `file` is missing"),
    BadFile("tun: wl-access0, ", "tun: wl-access0, tap: x, ", "only one of"),
    BadFile("tun: wl-access0, ", "tun: wl-access0, link: ip, ", "the interface says what its link is"),
    BadFile(
        "tun: wl-access0, ", "tun: wl-access0, shared: true, ",
        "only the interface of a `packet` port can be shared with the kernel"),
    BadFile(
        "role: access,", "role: access, denied: reject,", "`drop` or `prohibited` is due here, not `reject`"),
    BadFile(
        "role: access,", "role: access, engine: uring,",
        "`auto` or `readwrite` or `io_uring` or `ring` or `mmsg` is due here, not `uring`"),
    BadFile(
        "role: access,", "role: access, engine: ring,",
        "port `access0`: engine `ring` is none of this kind of port; give one of `auto`, `readwrite`, `io_uring`"
    ),
    BadFile("role: access,", "role: access, offload: no,", "`on` or `off` is due here, not `no`"),
    BadFile("role: access,", "role: access, icmpErrors: no,", "true or false is due here, not `no`"),
    BadFile("nextHop: 192.0.2.9 }", "nextHop: 192.0.2.9, vlan: 0 }", "a number from 1 to 4094 is due here"),
    BadFile("capacity: 100Mbit", "mssClamp: 1400", "mssClamp: true or false is due here"),
    BadFile("capacity: 100Mbit", "policer: { peak: 1Mbit }", "`committed` is missing; add it"),
    BadFile("capacity: 100Mbit", "policer: { committed: 1Mbit, burst: 0 }", "a number from 1 to 2147483647"),
    BadFile("capacity: 100Mbit", "policer: { committed: 1Mbit, red: mark }", "`pass`, `drop`, `{ dscp: … }`"),
    BadFile(
        "capacity: 100Mbit", "policer: { committed: 1Mbit, red: { dscp: af14 } }",
        "a DSCP by name (as in `ef`"),
    BadFile(
        "capacity: 100Mbit", "policer: { committed: 1Mbit, red: { dscp: 1, trafficClass: 2 } }", "only one of"
    ),
    BadFile(
        "capacity: 100Mbit", "policer: { committed: 1Mbit, red: {} }",
        "one of `dscp`, `trafficClass` is missing"),
    BadFile("trafficClass: 5", "trafficClass: 8", "`copy`, a number from 0 to 7 or a mapping of DSCPs"),
    BadFile("trafficClass: 5", "trafficClass: { ef: 8 }", "a number from 0 to 7 is due here, not `8`"),
    BadFile("trafficClass: 5", "trafficClass: { ef: copy }", "a number from 0 to 7 is due here, not `copy`"),
    BadFile("trafficClass: 5", "trafficClass: { fe: 1 }", "`fe` is no DSCP"),
    BadFile("trafficClass: 5", "trafficClass: { ef: 1, 46: 2 }", "DSCP 46 stands twice"),
    BadFile("trafficClass: 5", "trafficClass: { default: ef }", "`copy` or a number from 0 to 7"),
    BadFile("trafficClass: 5", "innerDSCP: outer", "`keep` or a mapping of traffic classes to DSCPs"),
    BadFile("trafficClass: 5", "innerDSCP: { 8: ef }", "`8` is no traffic class"),
    BadFile("trafficClass: 5", "innerDSCP: { 1: 64 }", "a DSCP by name"),
    BadFile("ttl: 32", "ttl: uniform", "`copy` or a TTL from 1 to 255"),
    BadFile("dscp: 46", "dscp: af44", "`copy`, a DSCP (as in `ef` or 46) or a mapping"),
    BadFile("dscp: 46", "ecn: none", "`normal` or `compatibility` is due here"),
    BadFile("dscp: 46", "innerDSCP: copy", "`keep` or `outer` is due here"),
    BadFile("{ protocol: icmp }", "{ protocol: icmp, types: ping }", "`echo`, `timestamp`"),
    BadFile("allow: [{}]", "allow: [{ dscp: 64 }]", "a DSCP by name"),
    BadFile(
        "network: { tunnel: beta-west }", "network: [{ tunnel: beta-west }]",
        "a list of 1 where 2 to 8 tunnels are used side by side"),
    BadFile("network: { tunnel: beta-west }", "network: []", "a list of 0 where 2 to 8"),
    BadFile(
        "network: { tunnel: beta-west }", "network: { tunnel: beta-west }, policer: { committed: 1Mbit }",
        "there is no key `committed`; the keys here are `up`, `down`"),
    BadFile("link: ip", "link: atm", "`ethernet` or `ip` is due here"),
    BadFile("read: in.pcap", "raed: in.pcap", "did you mean `read`?"),
    BadFile("\"02:00:00:00:00:10\"", "02:00:00:00:00", "a MAC address"),
    BadFile("routes: automatic", "routes: all", "an address or prefix"),
    BadFile("neighbours: { 10.0.0.2:", "neighbours: { 10.0.0.x:", "`10.0.0.x` is not an IP address"),
    BadFile("neighbours: { 10.0.0.2:", "neighbours: { 10.7.0.2:", "10.7.0.2 is on no port's link"),
    BadFile("neighbours: { 10.0.0.2:", "neighbours: { [1]:", "a key must be a word, not a list"),
    BadFile(
        "203.0.113.5", "203.0.113.5/24",
        "`203.0.113.5/24` has bits set behind its prefix; did you mean `203.0.113.0/24`?"),
    BadFile("198.51.100.128/25", "198.51.100.128/125", "an address or prefix"),
    BadFile("provider: beta, ", "", "service `beta-mail`: `provider` is missing"),
    BadFile(", prefixes: 203.0.113.5", "", "`prefixes` is missing", line: 20),
    BadFile("addresses: 10.2.0.5, ", "", "`addresses` is missing", line: 27),
    BadFile("vlan: 5", "vlan: 4095", "a number from 1 to 4094 is due here"),
    BadFile("vlan: [100, 7]", "vlan: [100, red]", "not `red`"),
    BadFile("send: 16001", "send: 1048576", "a label from 16 to 1,048,575 is due here, not `1048576`"),
    BadFile("send: 16001", "send: -1", "a label from 16 to 1,048,575 is due here"),
    BadFile("null: implicit", "null: none", "`explicit` or `implicit` is due here"),
    BadFile("php: true", "php: yes", "true or false is due here, not `yes`"),
    BadFile("ttl: 64", "ttl: 256", "`uniform`, `pipe` or the pipe's TTL"),
    BadFile("ttl: 64", "ttl: 0", "`uniform`, `pipe` or the pipe's TTL"),
    BadFile("ttl: 32", "ttl: 0", "`copy` or a TTL from 1 to 255 is due here"),
    BadFile("dscp: 46", "dscp: 64", "`copy`, a DSCP (as in `ef` or 46) or a mapping"),
    BadFile("df: set", "df: clear", "`copy` or `set` is due here"),
    BadFile(
        "ipip: { local: 192.0.2.1,", "mplsudp: { checksum: none, local: 192.0.2.1,",
        "`on` or `off` is due here, not `none`"),
    BadFile("ipip: { local: 192.0.2.1,", "mplsudp: { label: 9, local: 192.0.2.1,", "there is no key `label`"),
    BadFile("local: 192.0.2.1, ", "", "tunnel `beta-west`: ipip: `local` is missing"),
    BadFile(
        "line: west, ipip", "line: west, mpls: { send: 99, receive: 98 }, ipip",
        "only one of `mpls`, "
            + "`ipip`, `mplsudp`"),
    BadFile(
        "ipip: { local: 192.0.2.1, remote: 192.0.2.9, ttl: 32, dscp: 46, df: set }", "capacity: 1",
        "one of `mpls`, `ipip`, `mplsudp` is missing", line: 24),
    BadFile("protocol: tcp", "protocol: tpc", "`any`, `icmp`, `tcp`, `udp`, `sctp` or a protocol number"),
    BadFile("protocol: 47", "protocol: 256", "a protocol number from 0 to 255"),
    BadFile("8000-8099", "8099-8000", "a port, or a range"),
    BadFile("8000-8099", "8000-65536", "a port, or a range"),
    BadFile("8000-8099", "8000-", "a port, or a range"),
    BadFile("allow: [{}]", "allow: tcp", "a list (`- …`) is due here, not `tcp`"),
    BadFile(
        "subscriber: bob, service: acme-live", "service: acme-live", "condition 3: `subscriber` is missing"),
    BadFile("access: { port: access0 }", "access: {}", "one of `port`, `tunnel` is missing"),
    BadFile(
        "access: { port: access0 }", "access: { port: access0, send: 5 }", "it says nothing beside `port`"),
    BadFile(
        "network: { tunnel: beta-west }", "network: { tunnel: beta-west, nextHop: 10.0.0.2 }",
        "it says nothing beside `tunnel`"),
    BadFile("swap: 16200, via", "swap: 16200, pop: true, via", "only one of `swap`, `pop`"),
    BadFile("swap: 16200, via", "via", "one of `swap`, `pop` is missing"),
    BadFile("pop: true", "pop: false", "`pop: false` says nothing"),
    BadFile("via: north", "via: [north]", "a mapping (`key: value`) is due here, not a list"),
    BadFile("via: { line: north }", "via: { port: core0 }", "there is no key `port`"),
]
