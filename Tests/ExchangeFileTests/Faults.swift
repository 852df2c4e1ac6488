// One entry for each rejection of `ExchangeDescription.validate()`, as a file meets it.

let portFaults = [
    BadFile("access0: { tun", "acc€ss0: { tun", "port name `acc€ss0` can't be"),
    BadFile("access0: { tun", "\"\": { tun", "port name `` can't be"),
    BadFile("tun: wl-access0", "tun: wl-access0-longer", "can't be an interface's name"),
    BadFile("tun: wl-access0", "tun: \"a b\"", "can't be an interface's name"),
    BadFile("tun: wl-access0", "tun: a/b", "can't be an interface's name"),
    BadFile("tap: wl-access1", "tap: wl-access0", "interface `wl-access0` is port `access0`'s already"),
    BadFile(
        "file: { read: in.pcap, write: out.pcap }", "file: {}",
        "a file port needs `read:`, `write:` or both"),
    BadFile("read: in.pcap", "read: \"\"", "a path to a capture file can't be empty"),
    BadFile("read: in.pcap", "read: out.pcap", "it would write over `out.pcap`"),
    BadFile(
        "listen:  { capture: mirror0", "listen: { file: { write: out.pcap }",
        "port `taps` writes `out.pcap` already"),
    BadFile("mtu: 9000", "mtu: 1279", "mtu 1279 is too small for its IPv6 address"),
    BadFile(
        "role: network, addresses: [192.0.2.1/28]",
        "role: network, denied: prohibited, addresses: [192.0.2.1/28]",
        "only subscribers are told what is denied to them"),
    BadFile(
        "packet: veth-west", "packet: veth-west, shared: true, mac: \"02:00:00:00:00:33\"",
        "a shared interface has the kernel's MAC address"),
    BadFile("routes: automatic", "mac: \"02:00:00:00:00:01\"", "it has no Ethernet header, so no `mac`"),
    BadFile("\"02:00:00:00:00:10\"", "\"03:00:00:00:00:10\"", "mac 03:00:00:00:00:10 is not one station's"),
    BadFile(
        "mac: \"02:00:00:00:00:10\"", "routes: [10.0.0.0/8]", "the kernel routes packets into a TUN only"),
    BadFile("routes: automatic", "routes: [224.0.0.0/4]", "224.0.0.0/4 is multicast"),
    BadFile("[10.1.0.1/24]", "[224.0.0.1/24]", "224.0.0.1 is not a unicast address"),
    BadFile("[10.1.0.1/24]", "[10.1.0.0/24]", "10.1.0.0/24 is the address of the network"),
    BadFile("[10.1.0.1/24]", "[10.1.0.255/24]", "or its broadcast"),
    BadFile("[10.2.0.1/24]", "[10.1.0.1/24]", "address 10.1.0.1 is port `access0`'s already"),
    BadFile("[10.2.0.1/24]", "[10.2.0.1/24, 10.2.0.1/25]", "address 10.2.0.1 stands twice"),
    BadFile("routes: automatic", "neighbours: { 10.1.0.9: \"02:00:00:00:00:01\" }", "so no neighbours"),
    BadFile(
        ": \"02:00:00:00:00:02\"", ": \"01:00:00:00:00:02\"",
        "MAC address 01:00:00:00:00:02 is not one station's"),
    BadFile(
        "mtu: 9000", "neighbours: { 10.0.0.2: \"02:00:00:00:00:02\" }", "neighbour 10.0.0.2 stands twice",
        line: 9),
    BadFile(
        "mtu: 9000", "neighbours: { 10.7.0.2: \"02:00:00:00:00:02\" }",
        "neighbour 10.7.0.2 is not on the link"),
    BadFile("mtu: 9000", "neighbours: { 10.0.0.1: \"02:00:00:00:00:02\" }", "is port `core0`'s own address"),
]

let lineFaults = [
    BadFile(
        "north: { port: core0", "north: { port: corr0", "there is no port `corr0`; did you mean `core0`?"),
    BadFile("north: { port: core0", "north: { port: elsewhere", "no port `elsewhere`; add it under `ports:`"),
    BadFile(
        "north: { port: core0", "north: { port: access1",
        "port `access1` has role access; lines lead to other"),
    BadFile("mtu: 1500", "mtu: 9001", "its mtu 9001 is above the 9000 of port `core0`"),
    BadFile("nextHop: 192.0.2.9", "mtu: 1500", "is an Ethernet, where the line needs a `nextHop`"),
    BadFile(
        "port: core2", "port: core2, nextHop: 10.0.0.2",
        "port `core2` has no Ethernet header, so no next hops"),
    BadFile(
        "nextHop: 192.0.2.9", "nextHop: 10.9.9.9",
        "10.9.9.9 is not on the link of port `core1` (192.0.2.0/28)"),
    BadFile("nextHop: 192.0.2.9", "nextHop: 192.0.2.1", "is port `core1`'s own address"),
    BadFile("nextHop: 192.0.2.9", "nextHop: ff02::1", "ff02::1 is not a unicast address"),
    BadFile("line: west, ipip", "line: wets, ipip", "there is no line `wets`; did you mean `west`?"),
    BadFile("line: north, mpls: { send", "line: flat, mpls: { send", "MPLS can't run on port `core2`"),
    BadFile("capacity: 100Mbit", "capacity: 2Gbit", "its capacity 2Gbit is above line `north`'s 1Gbit"),
    BadFile("capacity: 100Mbit", "capacity: 101Mbit", "promised 1.001Gbit, above the line's 1Gbit", line: 23),
    BadFile("send: 16001, ", "", "it needs a path label to `send`"),
    BadFile("send: 16001, ", "send: 16001, null: explicit, ", "leave `send` or `null` out"),
    BadFile(", receive: 17001", "", "it needs a path label to `receive` by"),
    BadFile("php: true", "php: true, receive: 99", "leave `receive` or `php` out"),
    BadFile(
        "local: 192.0.2.1", "local: 2001:db8::1",
        "local 2001:db8::1 and remote 192.0.2.9 are of two IP versions"),
    BadFile(
        "local: 192.0.2.1, remote: 192.0.2.9", "local: 2001:db8::1, remote: 2001:db8::2",
        "IPv6 has no don't-fragment bit"),
    BadFile(
        "west:  { port: core1, nextHop: 192.0.2.9 }\n",
        "west:  { port: core1, nextHop: 192.0.2.9, vlan: [1, 2, 3] }\n",
        "line `west`: a frame has at most two VLAN tags"),
    BadFile(
        "flat:  { port: core2 }", "flat:  { port: core2, vlan: 7 }", "without VLAN tags; leave `vlan` out"),
    BadFile(
        "send: 16001,", "send: [16, 17, 18, 19, 20, 21, 22, 23],",
        "8 path labels leave no room for a user label in a stack of 8; give at most 7"),
    BadFile("trafficClass: 5", "trafficClass: {}", "trafficClass: the map is empty"),
    BadFile("trafficClass: 5", "innerDSCP: {}", "innerDSCP: the map is empty"),
    BadFile(
        "capacity: 900Mbit", "policer: { committed: 2Mbit, peak: 1Mbit }",
        "tunnel `acme-php`: policer: its peak rate 1Mbit is below the committed rate 2Mbit"),
    BadFile(
        "capacity: 900Mbit", "policer: { committed: 2Tbit }",
        "a policer's rates go from 1 bit to 1Tbit a second"),
    BadFile("remote: 192.0.2.9", "remote: 255.255.255.255", "255.255.255.255 is not a unicast address"),
    BadFile("remote: 192.0.2.9", "remote: 10.0.0.1", "remote 10.0.0.1 is this edge's own address"),
    BadFile(
        "subscribers:", "  twin: { line: west, ipip: { local: 192.0.2.1, remote: 192.0.2.9 } }\nsubscribers:",
        "tunnel `beta-west` has the same `local` and `remote`"),
    BadFile(
        "subscribers:",
        """
          u1: { line: west, mplsudp: { local: 192.0.2.1, remote: 192.0.2.9 } }
          u2: { line: west, mplsudp: { local: 192.0.2.1, remote: 192.0.2.9, send: 99 } }
        subscribers:
        """, "tunnel `u1` has the same `local` and `remote`", line: 26),
    BadFile(
        "ipip: { local: 192.0.2.1,", "mplsudp: { local: 2001:db8::1,",
        "local 2001:db8::1 and remote 192.0.2.9 are of two IP versions"),
    BadFile(
        "ipip: { local: 192.0.2.1, remote: 192.0.2.9", "mplsudp: { local: 192.0.2.1, remote: 192.0.2.9",
        "session `carol-mail`: network leg: tunnel `beta-west` is MPLS; give the user label to `send`",
        line: 43),
    BadFile(
        "ipip: { local: 192.0.2.1,", "mplsudp: { send: 3, local: 192.0.2.1,",
        "tunnel `beta-west`: send 3: labels 0 to 15 have special purposes"),
]

let labelFaults = [
    BadFile("send: 16001", "send: 15", "send 15: labels 0 to 15 have special purposes; give 16 to 1,048,575"),
    BadFile("receive: 17001", "receive: 3", "receive 3: labels 0 to 15 have special purposes"),
    BadFile("send: 100042", "send: 0", "network leg: send 0: labels 0 to 15", line: 37),
    BadFile("in: 16100", "in: 7", "in 7: labels 0 to 15"),
    BadFile("swap: 16200", "swap: 3", "swap 3: labels 0 to 15 have special purposes"),
    BadFile("swap: 16200", "swap: []", "`swap` takes one to 8 labels"),
    BadFile("swap: 16200", "swap: [20, 21, 22, 23, 24, 25, 26, 27, 28]", "`swap` takes one to 8 labels"),
    BadFile(
        "swap: [16201, 16202]", "swap: [20, 21, 22, 23, 24, 25, 26, 27]",
        "`swap` with 8 labels and the 1 of tunnel `acme-north` make more than 8"),
    BadFile("send: 16001,", "send: [16001, 15],", "send 15: labels 0 to 15 have special purposes"),
    BadFile("in: 16101", "in: 16100", "incoming label 16100 is the label table's already"),
    BadFile("in: 16100", "in: 17001", "incoming label 17001 is tunnel `acme-north`'s already"),
    BadFile(
        "null: implicit, php: true", "send: 16003, receive: 17001", "17001 is tunnel `acme-north`'s already"),
    BadFile("via: north", "via: nroth", "there is no line `nroth`; did you mean `north`?"),
    BadFile("via: north", "via: flat", "MPLS can't leave by port `core2` of line `flat`"),
    BadFile("via: { tunnel: acme-north }", "via: { tunnel: acme-nort }", "there is no tunnel `acme-nort`"),
    BadFile("via: { tunnel: acme-north }", "via: { tunnel: beta-west }", "tunnel `beta-west` is not MPLS"),
    BadFile(
        "send: 7000, receive: 7000", "send: 7000, receive: 200042",
        "200042 is session `alice-video`'s already on tunnel"),
    BadFile(
        "send: 100043, receive: 200042", "send: 100043, receive: 16100",
        "arrives alone on tunnel `acme-php` (php)"),
    BadFile(
        "access: { tunnel: acme-north, send: 7000, receive: 7000 }",
        "access: { tunnel: acme-php, send: 7000, receive: 200042 }",
        "200042 is session `bob-video`'s already on port"),
]

let registerFaults = [
    BadFile("name: Acme Media", "name: \"\"", "its `name` must have 1 to 256 printable characters"),
    // One character of 257 code points.
    BadFile(
        "name: Acme Media", "name: e" + String(repeating: "\u{301}", count: 256),
        "its `name` must have 1 to 256 printable characters"),
    BadFile("name: Acme Media", "name: \"a\\u0007b\"", "its `name` must have 1 to 256 printable characters"),
    BadFile("provider: beta,", "provider: bet,", "there is no provider `bet`; did you mean `beta`?"),
    BadFile("prefixes: 203.0.113.5", "prefixes: []", "without `prefixes` nobody can reach it"),
    BadFile("prefixes: 203.0.113.5", "prefixes: 224.0.0.0/4", "224.0.0.0/4 is multicast"),
    BadFile(
        "prefixes: 203.0.113.5", "prefixes: 198.51.100.0/24",
        "198.51.100.0/24 is service `acme-video`'s already"),
    BadFile("prefixes: 203.0.113.5", "prefixes: [203.0.113.5, 203.0.113.5]", "203.0.113.5/32 stands twice"),
    BadFile("addresses: [10.9.0.0/16]", "addresses: []", "without `addresses` no packet can be theirs"),
    BadFile("addresses: [10.9.0.0/16]", "addresses: [ff00::/8]", "ff00::/8 is multicast"),
    BadFile(
        "addresses: [10.9.0.0/16]", "addresses: [10.1.0.5]",
        "10.1.0.5/32 overlaps 10.1.0.5/32 of subscriber `alice`"),
    BadFile(
        "addresses: [10.9.0.0/16]", "addresses: [\"2001:db8:1::7\"]",
        "overlaps 2001:db8:1::/64 of subscriber `alice`"),
    BadFile("addresses: [10.9.0.0/16]", "addresses: [10.9.0.1, 10.9.0.1]", "10.9.0.1/32 stands twice"),
    BadFile("addresses: [10.9.0.0/16]", "addresses: [10.0.0.1]", "10.0.0.1 is the address of port `core0`"),
    BadFile(
        "bob:   { port: access1", "bob: { port: access9",
        "there is no port `access9`; did you mean `access0`?"),
    BadFile("bob:   { port: access1", "bob: { port: core0", "port `core0` has role network"),
    BadFile("vlan: [100, 7]", "vlan: [100, 7, 9]", "a frame has at most two VLAN tags"),
    BadFile(
        "addresses: [10.1.0.5, \"2001:db8:1::/64\"]", "addresses: 10.1.0.5, vlan: 5", "without VLAN tags"),
    BadFile("carol: { addresses", "carol: { vlan: 5, addresses", "`vlan` says nothing without a `port`"),
    BadFile(
        "carol: { addresses", "carol: { nextHop: 10.2.0.9, addresses",
        "`nextHop` says nothing without a `port`"),
    BadFile(
        "nextHop: 10.2.0.9", "nextHop: 10.4.0.9", "nextHop 10.4.0.9 is not on the link of port `access1`"),
]

let sessionFaults = [
    BadFile(
        "subscriber: bob, service: acme-live", "subscriber: bbo, service: acme-live",
        "there is no subscriber `bbo`; did you mean `bob`?"),
    BadFile(
        "subscriber: bob, service: acme-live", "subscriber: bob, service: acme-liv",
        "there is no service `acme-liv`"),
    BadFile("allow: [{}]", "allow: []", "an empty `allow` admits nothing"),
    BadFile(
        "allow: [{}]", "allow: [\(Array(repeating: "{}", count: 256).joined(separator: ", "))]",
        "make 256 rules, a port range or ICMP type each, and at most 255 are allowed; join ranges"),
    BadFile("allow: [{}]", "allow: [{ ports: 80 }]", "only tcp, udp and sctp have ports"),
    BadFile("{ protocol: icmp }", "{ protocol: icmp, ports: 8 }", "only tcp, udp and sctp have ports"),
    BadFile(
        "ports: [80, 8000-8099]", "ports: [\(Array(repeating: "80", count: 65).joined(separator: ", "))]",
        "a rule has at most 64 port ranges"),
    BadFile("dave-mail:  { subscriber: dave", "dave-mail: { subscriber: dav", "there is no subscriber `dav`"),
    BadFile(
        "dave-mail:  { subscriber: dave, service: beta-mail", "dave-mail: { subscriber: dave, service: bm",
        "there is no service `bm`"),
    BadFile(
        "bob-video:  { subscriber: bob, service: acme-video",
        "bob-video: { subscriber: bob, service: beta-mail", "no condition lets `bob` use `beta-mail`"),
    BadFile(
        "dave-mail:  { subscriber: dave, service: beta-mail",
        "dave-mail: { subscriber: carol, service: beta-mail",
        "session `carol-mail` joins `carol` and `beta-mail` already"),
    BadFile(
        "network: { tunnel: beta-west }", "network: { tunnel: acme-north, send: 20, receive: 21 }",
        "both legs are in tunnel `acme-north`"),
    BadFile(
        "network: { tunnel: beta-west }", "network: { tunnel: beta-wst }",
        "there is no tunnel `beta-wst`; did you mean `beta-west`?"),
    BadFile(
        "network: { tunnel: beta-west }", "network: { tunnel: beta-west, send: 20 }",
        "is IP-in-IP and has no labels"),
    BadFile("send: 7000, receive: 7000", "send: 7000", "is MPLS; give the user label to `receive`"),
    BadFile("send: 7000, receive: 7000", "receive: 7000", "is MPLS; give the user label to `send`"),
    BadFile(
        "access: { port: access0 }", "access: { port: access9 }", "access leg: there is no port `access9`",
        line: 37),
    BadFile(
        "access: { port: access0 }", "access: { port: access1 }", "but subscriber `alice` is on `access0`",
        line: 37),
    BadFile(
        "access: { port: access0 }", "access: { port: core0 }",
        "port `core0` has role network; name one with role access", line: 37),
    BadFile(
        "network: { port: core0, nextHop: 10.0.0.2 }", "network: { port: core9 }",
        "network leg: there is no port `core9`"),
    BadFile(
        "network: { port: core0, nextHop: 10.0.0.2 }", "network: { port: access1, nextHop: 10.9.0.9 }",
        "10.9.0.9 is not on the link of port `access1`"),
    BadFile(
        "network: { port: core0, nextHop: 10.0.0.2 }", "network: { port: core0, nextHop: 10.4.0.2 }",
        "nextHop 10.4.0.2 is not on the link"),
    BadFile("mtu: 1500", "mtu: 1287", "line `north` with tunnel `acme-north` leaves 1279 bytes", line: 37),
    BadFile(
        "network: { tunnel: beta-west }", "network: [{ tunnel: beta-west }, { port: core0 }]",
        "network is several paths, and one of them is port `core0`"),
    BadFile(
        "network: { tunnel: beta-west }", "network: [{ tunnel: beta-west }, { tunnel: beta-west }]",
        "network: tunnel `beta-west` stands twice among the paths"),
    BadFile(
        "access: { tunnel: acme-north, send: 7000, receive: 7000 }, network: { tunnel: beta-west }",
        "access: [{ tunnel: acme-north, send: 7000, receive: 7000 }, { tunnel: beta-west }], network: "
            + "[{ tunnel: beta-west }, { tunnel: acme-php, send: 7, receive: 8 }]",
        "both sides are several paths"),
    BadFile(
        "network: { tunnel: beta-west }",
        "network: [{ tunnel: beta-west }, { tunnel: acme-north, send: 20, receive: 21 }]",
        "both legs are in tunnel `acme-north`"),
    BadFile(
        "prefixes: 203.0.113.5", "prefixes: [203.0.113.5, 192.0.2.0/28]",
        "tunnel `beta-west` ends at 192.0.2.9, inside 192.0.2.0/28 of service `beta-mail`, which it carries itself",
        line: 43),
    BadFile(
        "addresses: [10.9.0.0/16]", "addresses: [10.9.0.0/16, 192.0.2.9]",
        "tunnel `beta-west` ends at 192.0.2.9, inside 192.0.2.9/32 of subscriber `carol`", line: 43),
    BadFile(
        "network: { tunnel: beta-west }",
        "network: { tunnel: beta-west }, policer: { down: { committed: 2Tbit } }",
        "session `carol-mail`: policer: down: a policer's rates go from 1 bit to 1Tbit"),
    BadFile("allow: [{}]", "allow: [{ types: echo }]", "only icmp (or 1, or 58) has types"),
    BadFile(
        "{ protocol: icmp }", "{ protocol: icmp, types: 8 }",
        "ICMP type 8 is another one for IPv4 and for IPv6"),
    BadFile(
        "{ protocol: icmp }", "{ protocol: 58, types: timestamp }",
        "ICMPv6 has no type `timestamp`; leave it out"),
    BadFile(
        "{ protocol: icmp }", "{ protocol: 1, types: too-big }", "ICMP for IPv4 has no type `too-big`"),
    BadFile("{ protocol: icmp }", "{ protocol: 1, types: 255 }", "no ICMP message has type 255"),
    BadFile("{ protocol: icmp }", "{ protocol: icmp, types: [echo, echo] }", "an ICMP type stands twice"),
    BadFile("allow: [{}]", "allow: [{ dscp: [ef, 46] }]", "a DSCP stands twice in `dscp`"),
    BadFile("routes: automatic", "mtu: 1000", "port `access0` leaves 1000 bytes", line: 37),
]
