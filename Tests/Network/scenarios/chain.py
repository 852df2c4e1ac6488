"""The chain that most scenarios share: two edges on real interfaces, and all that stands around them.

```
subscriber ──veth── a ──veth── core ──veth── b ──veth── provider
10.1.0.5-8          TUN        bridge        edge B      198.51.100.10, 203.0.113.10
                    edge A
```
alice reaches acme through MPLS (by ports), erin too (all of it), bob reaches beta through IP-in-IP, carol has no
condition. dave's address belongs on another port than the TUN.
"""

import re
from dataclasses import dataclass

from laboratory import Edge, Laboratory, Namespace, Station, balances

ALICE, BOB, CAROL, ERIN, DAVE = "10.1.0.5", "10.1.0.6", "10.1.0.7", "10.1.0.8", "10.1.9.9"
ALICE6, ERIN6 = "2001:db8:1::5", "2001:db8:1::8"
ACME, ACME6, BETA = "198.51.100.10", "2001:db8:a::10", "203.0.113.10"

_SERVED = """
providers: { acme: {}, beta: {} }
services:
  acme: { provider: acme, prefixes: [198.51.100.0/24, "2001:db8:a::/48"] }
  beta: { provider: beta, prefixes: [203.0.113.0/24] }
conditions:
  - { subscriber: alice, service: acme, allow: [{ protocol: tcp, ports: [80] }, { protocol: icmp }] }
  - { subscriber: erin, service: acme }
  - { subscriber: bob, service: beta }
"""

EDGE_A = (
    _SERVED
    + """
ports:
  access0: { tun: wlt-access0, role: access, addresses: [10.255.0.1/32, "2001:db8:255::1/128"] }
  access1: { tap: wlt-access1, role: access, addresses: [10.1.9.1/24] }
  core0:   { packet: to-core, role: network, addresses: [10.0.0.1/30, "2001:db8:ff::1/64"] }
lines: { north: { port: core0, nextHop: 10.0.0.2 } }
tunnels:
  acme-north: { line: north, mpls: { send: 16001, receive: 17001 } }
  beta-north: { line: north, ipip: { local: 10.0.0.1, remote: 10.0.0.2 } }
subscribers:
  alice: { port: access0, addresses: [10.1.0.5, "2001:db8:1::5"] }
  bob:   { port: access0, addresses: [10.1.0.6] }
  carol: { port: access0, addresses: [10.1.0.7] }
  erin:  { port: access0, addresses: [10.1.0.8, "2001:db8:1::8"] }
  dave:  { port: access1, addresses: [10.1.9.9] }
sessions:
  alice-acme: { subscriber: alice, service: acme, access: { port: access0 },
                network: { tunnel: acme-north, send: 100042, receive: 200042 } }
  erin-acme:  { subscriber: erin, service: acme, access: { port: access0 },
                network: { tunnel: acme-north, send: 100043, receive: 200043 } }
  bob-beta:   { subscriber: bob, service: beta, access: { port: access0 }, network: { tunnel: beta-north } }
"""
)

EDGE_B = (
    _SERVED
    + """
ports:
  core0:     { packet: to-core, role: network, addresses: [10.0.0.2/30, "2001:db8:ff::2/64"] }
  provider0: { packet: to-server, role: network, addresses: [198.51.100.1/24, 203.0.113.1/24, "2001:db8:a::1/48"] }
lines: { north: { port: core0, nextHop: 10.0.0.1 } }
tunnels:
  acme-north: { line: north, mpls: { send: 17001, receive: 16001 } }
  beta-north: { line: north, ipip: { local: 10.0.0.2, remote: 10.0.0.1 } }
subscribers:
  alice: { addresses: [10.1.0.5, "2001:db8:1::5"] }
  bob:   { addresses: [10.1.0.6] }
  erin:  { addresses: [10.1.0.8, "2001:db8:1::8"] }
sessions:
  alice-acme: { subscriber: alice, service: acme, network: { port: provider0 },
                access: { tunnel: acme-north, send: 200042, receive: 100042 } }
  erin-acme:  { subscriber: erin, service: acme, network: { port: provider0 },
                access: { tunnel: acme-north, send: 200043, receive: 100043 } }
  bob-beta:   { subscriber: bob, service: beta, network: { port: provider0 }, access: { tunnel: beta-north } }
"""
)


@dataclass
class Chain:
    laboratory: Laboratory
    subscriber: Namespace
    a: Namespace
    core: Namespace
    b: Namespace
    provider: Namespace
    edge_a: Edge
    edge_b: Edge
    core_station: Station
    """In the core, on the cable to edge A."""


def mac_of(namespace: Namespace, interface: str) -> str:
    return namespace.run(f"ip -br link show {interface}").stdout.split()[2]


def build(laboratory: Laboratory) -> Chain:
    """Lays the cables and starts both edges."""
    subscriber, a, core, b, provider = (
        laboratory.namespace(name) for name in ("subscriber", "a", "core", "b", "provider")
    )
    core.set(ipv6__conf__default__disable_ipv6=1)
    laboratory.veth(subscriber, "eth0", a, "users")
    laboratory.veth(a, "to-core", core, "to-a")
    laboratory.veth(b, "to-core", core, "to-b")
    laboratory.veth(b, "to-server", provider, "eth0")
    core.ip(
        "link add bridge type bridge mcast_snooping 0",
        "link set to-a master bridge",
        "link set to-b master bridge",
        "link set bridge up",
    )
    a.set(ipv4__ip_forward=1, ipv6__conf__all__forwarding=1)
    a.ip("addr add 10.1.0.1/24 dev users", "addr add 2001:db8:1::1/64 dev users nodad")
    subscriber.ip(
        *(f"addr add {address}/24 dev eth0" for address in (ERIN, ALICE, BOB, CAROL)),
        "addr add 10.1.9.9/32 dev eth0",
        *(f"addr add {address}/64 dev eth0 nodad" for address in (ALICE6, ERIN6)),
        "route add default via 10.1.0.1",
        "route add ::/0 via 2001:db8:1::1",
    )
    provider.ip(
        *(f"addr add {address}/24 dev eth0" for address in (ACME, BETA)),
        f"addr add {ACME6}/64 dev eth0 nodad",
        "route add default via 198.51.100.1",
        "route add ::/0 via 2001:db8:a::1",
    )
    return Chain(
        laboratory,
        subscriber,
        a,
        core,
        b,
        provider,
        laboratory.edge(a, "edge-a", EDGE_A).start(),
        laboratory.edge(b, "edge-b", EDGE_B).start(),
        Station(core, "to-a"),
    )


# What a forwarder says when all is well: it runs, finds the control plane, a port is up, it stops.
_USUAL = re.compile(r": up$|control plane: can't connect|connected to the control plane| runs$| stopped$")


def aftermath(chain: Chain) -> None:
    """Both edges, after all that"""
    for name, edge in (("A", chain.edge_a), ("B", chain.edge_b)):
        counters = edge.counters()
        chain.laboratory.check(
            f"CD-6 edge {name}: in + originated = out + consumed + dropped",
            balances(counters),
            counters,
        )
        chain.laboratory.equal(f"edge {name} ends cleanly", edge.stop(), (0, 0))
        chain.laboratory.equal(
            f"edge {name} has had nothing to complain of",
            [line for line in edge.log.splitlines() if not _USUAL.search(line)],
            [],
        )
