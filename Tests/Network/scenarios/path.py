"""The path as subscribers see it: traceroute and tracepath through a transit label switch and a kernel router.

```
                                ┌─ t: transit edge, swaps labels ─┐
subscriber ── a: kernel, edge A ┤                                 ├ b: edge B ── r: kernel router ── server
                                └─ k: kernel router, MTU 1400 ────┘
```
mira reaches acme through MPLS by way of t, nils beta through IP-in-IP by way of k, which speaks no word of ours: what it
finds too long it says to the tunnel's end.
"""

import re
from dataclasses import dataclass

from laboratory import Edge, Laboratory, Namespace, balances, drops_between, eventually
from laboratory.transport import connect, pattern, pump

MIRA, NILS = "10.1.0.5", "10.1.0.6"
MIRA6, NILS6 = "2001:db8:1::5", "2001:db8:1::6"
ACME, ACME6 = "198.51.100.10", "2001:db8:a::10"
BETA, BETA6 = "203.0.113.10", "2001:db8:b::10"
_NARROW = 1400

_SERVED = """
providers: { acme: {}, beta: {} }
services:
  acme: { provider: acme, prefixes: [198.51.100.0/24, "2001:db8:a::/48"] }
  beta: { provider: beta, prefixes: [203.0.113.0/24, "2001:db8:b::/48"] }
conditions: [{ subscriber: mira, service: acme }, { subscriber: nils, service: beta }]
"""

_EDGE_A = (
    _SERVED
    + """
ports:
  access0: { tun: wlt-path, role: access, addresses: [10.255.0.1/32, "2001:db8:255::1/128"] }
  core0:   { packet: to-t, role: network, addresses: [10.0.0.1/30, "2001:db8:f0::1/64"] }
  core1:   { packet: to-k, role: network, addresses: [10.0.1.1/30, "2001:db8:f1::1/64"] }
lines:
  north: { port: core0, nextHop: 10.0.0.2 }
  south: { port: core1, nextHop: 10.0.1.2 }
tunnels:
  acme-north: { line: north, mpls: { send: 16001, receive: 17001 } }
  beta-south: { line: south, ipip: { local: 10.0.1.1, remote: 10.0.3.2 } }
subscribers:
  mira: { port: access0, addresses: [10.1.0.5, "2001:db8:1::5"] }
  nils: { port: access0, addresses: [10.1.0.6, "2001:db8:1::6"] }
sessions:
  mira-acme: { subscriber: mira, service: acme, access: { port: access0 },
               network: { tunnel: acme-north, send: 100042, receive: 200042 } }
  nils-beta: { subscriber: nils, service: beta, access: { port: access0 }, network: { tunnel: beta-south } }
"""
)

_TRANSIT = """
ports:
  west: { packet: to-a, role: network, addresses: [10.0.0.2/30, "2001:db8:f0::2/64"] }
  east: { packet: to-b, role: network, addresses: [10.0.2.1/30, "2001:db8:f2::1/64"] }
lines:
  to-a: { port: west, nextHop: 10.0.0.1 }
  to-b: { port: east, nextHop: 10.0.2.2 }
labels:
  - { in: 16001, swap: 18001, via: to-b }
  - { in: 19001, swap: 17001, via: to-a }
"""

_EDGE_B = (
    _SERVED
    + """
ports:
  core0:     { packet: to-t, role: network, addresses: [10.0.2.2/30, "2001:db8:f2::2/64"] }
  core1:     { packet: to-k, role: network, addresses: [10.0.3.2/30, "2001:db8:f3::2/64"] }
  provider0: { packet: to-r, role: network, addresses: [192.0.2.1/30, "2001:db8:f4::1/64"] }
lines:
  north: { port: core0, nextHop: 10.0.2.1 }
  south: { port: core1, nextHop: 10.0.3.1, mtu: 1400 }
tunnels:
  acme-north: { line: north, mpls: { send: 19001, receive: 18001 } }
  beta-south: { line: south, ipip: { local: 10.0.3.2, remote: 10.0.1.1 } }
subscribers:
  mira: { addresses: [10.1.0.5, "2001:db8:1::5"] }
  nils: { addresses: [10.1.0.6, "2001:db8:1::6"] }
sessions:
  mira-acme: { subscriber: mira, service: acme, network: { port: provider0, nextHop: 192.0.2.2 },
               access: { tunnel: acme-north, send: 200042, receive: 100042 } }
  nils-beta: { subscriber: nils, service: beta, network: { port: provider0, nextHop: 192.0.2.2 },
               access: { tunnel: beta-south } }
"""
)


@dataclass
class Site:
    laboratory: Laboratory
    subscriber: Namespace
    server: Namespace
    edges: dict[str, Edge]

    def counters(self) -> dict[str, dict]:
        return {name: edge.counters() for name, edge in self.edges.items()}


def build(laboratory: Laboratory, site: str) -> Site:
    """Lays the cables and starts the three edges."""
    subscriber, a, t, k, b, r, server = (
        laboratory.namespace(f"{site}-{name}") for name in ("user", "a", "t", "k", "b", "r", "server")
    )
    laboratory.veth(subscriber, "eth0", a, "users")
    laboratory.veth(a, "to-t", t, "to-a")
    laboratory.veth(t, "to-b", b, "to-t")
    laboratory.veth(a, "to-k", k, "to-a")
    laboratory.veth(k, "to-b", b, "to-k", _NARROW)
    laboratory.veth(b, "to-r", r, "to-b")
    laboratory.veth(r, "to-server", server, "eth0")
    for kernel in (a, k, r):
        kernel.set(ipv4__ip_forward=1, ipv6__conf__all__forwarding=1, ipv4__icmp_ratelimit=0)
        kernel.set(ipv6__icmp__ratelimit=0)
    a.ip("addr add 10.1.0.1/24 dev users", "addr add 2001:db8:1::1/64 dev users nodad")
    k.ip(
        "addr add 10.0.1.2/30 dev to-a",
        "addr add 2001:db8:f1::2/64 dev to-a nodad",
        "addr add 10.0.3.1/30 dev to-b",
        "addr add 2001:db8:f3::1/64 dev to-b nodad",
    )
    r.ip(
        "addr add 192.0.2.2/30 dev to-b",
        "addr add 2001:db8:f4::2/64 dev to-b nodad",
        *(f"addr add {address} dev to-server" for address in ("198.51.100.1/24", "203.0.113.1/24")),
        *(f"addr add {address} dev to-server nodad" for address in ("2001:db8:a::1/64", "2001:db8:b::1/64")),
        "route add 10.1.0.0/24 via 192.0.2.1",
        "route add 2001:db8:1::/64 via 2001:db8:f4::1",
    )
    server.ip(
        *(f"addr add {address}/24 dev eth0" for address in (ACME, BETA)),
        *(f"addr add {address}/64 dev eth0 nodad" for address in (ACME6, BETA6)),
        "route add default via 198.51.100.1",
        "route add ::/0 via 2001:db8:a::1",
    )
    subscriber.ip(
        *(f"addr add {address}/24 dev eth0" for address in (MIRA, NILS)),
        *(f"addr add {address}/64 dev eth0 nodad" for address in (MIRA6, NILS6)),
        "route add default via 10.1.0.1",
        "route add ::/0 via 2001:db8:1::1",
    )
    edges = {
        "A": laboratory.edge(a, f"{site}-a", _EDGE_A).start(),
        "T": laboratory.edge(t, f"{site}-t", _TRANSIT).start(),
        "B": laboratory.edge(b, f"{site}-b", _EDGE_B).start(),
    }
    return Site(laboratory, subscriber, server, edges)


def _hops(said: str) -> list[str]:
    """The addresses that a traceroute has found, in order; an asterisk where nobody answered."""
    return re.findall(r"^ *\d+ +(\S+)", said, re.M)


def path(laboratory: Laboratory) -> None:
    """traceroute and tracepath show the true path and MTU"""
    check, equal = laboratory.check, laboratory.equal
    site = build(laboratory, "path")
    for source, destination in ((MIRA, ACME), (NILS, BETA), (MIRA6, ACME6), (NILS6, BETA6)):
        reached = eventually(
            lambda: site.subscriber.run(f"ping -n -c 1 -W 0.5 -I {source} {destination}").returncode == 0, 5
        )
        check(f"PX-3 {destination} answers {source}", reached)
    before = site.counters()
    for name, source, destination, hops in (
        ("MPLS, IPv4", MIRA, ACME, ["10.1.0.1", "10.255.0.1", "10.0.0.2", "10.0.2.2", "192.0.2.2", ACME]),
        (
            "MPLS, IPv6",
            MIRA6,
            ACME6,
            "2001:db8:1::1 2001:db8:255::1 2001:db8:f0::2 2001:db8:f2::2 2001:db8:f4::2".split() + [ACME6],
        ),
        ("IP-in-IP, IPv4", NILS, BETA, ["10.1.0.1", "10.255.0.1", "10.0.3.2", "192.0.2.2", BETA]),
        (
            "6-in-4, IPv6",
            NILS6,
            BETA6,
            "2001:db8:1::1 2001:db8:255::1 2001:db8:f3::2 2001:db8:f4::2".split() + [BETA6],
        ),
    ):
        said = site.subscriber.run(f"traceroute -n -e -q 1 -w 1 -z 20 -s {source} {destination}", 20).stdout
        equal(f"RFC 3032 2.3 traceroute by {name} shows every hop", _hops(said), hops)
        if name.startswith("MPLS"):
            labels = re.findall(r"MPLS:L=(\d+),E=\d,S=(\d),T=(\d+)(?:/L=(\d+),E=\d,S=(\d),T=(\d+))?", said)
            equal(
                f"RFC 4950 by {name} with the label stack that came, at the transit node and at edge B",
                labels,
                [("16001", "0", "1", "100042", "1", "1"), ("18001", "0", "1", "100042", "1", "2")],
            )
        tcp = site.subscriber.run(f"traceroute -n -T -p 80 -q 1 -w 1 -z 20 -s {source} {destination}", 20).stdout
        equal(f"traceroute with TCP by {name} does too", _hops(tcp), hops)

    for name, source, destination, mtu in (
        # The TUN's own MTU is what fits all lines as configured: the kernel says it for us.
        ("MPLS", MIRA, ACME, 1480),
        ("MPLS, IPv6", MIRA6, ACME6, 1480),
        ("IP-in-IP, through a router that is narrower", NILS, BETA, _NARROW - 20),
        ("6-in-4, through a router that is narrower", NILS6, BETA6, _NARROW - 20),
    ):
        # tracepath has no source option: the subscriber's other addresses stand back for a while.
        gateway = "2001:db8:1::1" if ":" in destination else "10.1.0.1"
        site.subscriber.ip(f"route replace {destination} via {gateway} src {source}")
        said = site.subscriber.run(f"tracepath -n {destination}", 30).stdout
        found = re.findall(r"pmtu (\d+)", said)
        check(
            f"RFC 1191, 8201 tracepath by {name} finds {mtu} and reaches the server",
            found and found[-1] == str(mtu) and "reached" in said,
            said,
        )
    for name, source, destination in (("IP-in-IP", NILS, BETA), ("6-in-4", NILS6, BETA6)):
        near, far = connect(site.subscriber, source, site.server, destination, 80)
        data = pattern(2 << 20)
        check(f"PX-3 a download by {name} arrives whole", pump(far, near, data) == data)
        check(f"PX-3 an upload by {name} arrives whole", pump(near, far, data) == data)
        near.close()
        far.close()
    after = site.counters()
    for name in site.edges:
        check(f"CD-6 edge {name}: every packet has its one outcome", balances(after[name]), after[name])
        check(
            f"edge {name} has dropped only what it should: hops used up, packets too long",
            set(drops_between(before[name], after[name])) <= {"ttlExpired", "tooBig"},
            drops_between(before[name], after[name]),
        )
        equal(f"edge {name} ends cleanly", site.edges[name].stop(), (0, 0))
