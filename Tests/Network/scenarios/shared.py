"""Ports that share their interfaces with the kernel: one copy of each packet, and each to whom it belongs.

```
subscribers ─ TUN ─ A ─ share-core ──veth── share-core ─ B ─ share-out ──veth── server
10.4.0.5, .6           10.0.0.1             10.0.0.2         198.51.100.1       198.51.100.10, 203.0.113.10
```
Both kernels keep the addresses of all these interfaces, and would forward.
"""

from laboratory import Laboratory, balances, eventually
from laboratory.transport import connect, datagram_socket, datagrams, pattern, pump

TESS, BOB = "10.4.0.5", "10.4.0.6"
ACME, BETA = "198.51.100.10", "203.0.113.10"

_SERVED = """
providers: { acme: {}, beta: {} }
services:
  acme: { provider: acme, prefixes: [198.51.100.0/24] }
  beta: { provider: beta, prefixes: [203.0.113.0/24] }
conditions: [{ subscriber: tess, service: acme }, { subscriber: bob, service: beta }]
"""

_EDGE_A = (
    _SERVED
    + """
ports:
  access0: { tun: wlt-tun, role: access, addresses: [10.255.0.1/32] }
  core0:   { packet: share-core, shared: true, role: network, addresses: [10.0.0.1/30] }
lines: { north: { port: core0, nextHop: 10.0.0.2 } }
tunnels:
  acme-north: { line: north, mpls: { send: 16001, receive: 17001 } }
  beta-north: { line: north, ipip: { local: 10.0.0.1, remote: 10.0.0.2 } }
subscribers:
  tess: { port: access0, addresses: [10.4.0.5] }
  bob:  { port: access0, addresses: [10.4.0.6] }
sessions:
  tess-acme: { subscriber: tess, service: acme, access: { port: access0 },
               network: { tunnel: acme-north, send: 101, receive: 201 } }
  bob-beta:  { subscriber: bob, service: beta, access: { port: access0 }, network: { tunnel: beta-north } }
"""
)

_EDGE_B = (
    _SERVED
    + """
ports:
  core0:     { packet: share-core, shared: true, role: network, addresses: [10.0.0.2/30] }
  provider0: { packet: share-out, shared: true, role: network, addresses: [198.51.100.1/24, 203.0.113.1/24] }
lines: { north: { port: core0, nextHop: 10.0.0.1 } }
tunnels:
  acme-north: { line: north, mpls: { send: 17001, receive: 16001 } }
  beta-north: { line: north, ipip: { local: 10.0.0.2, remote: 10.0.0.1 } }
subscribers:
  tess: { addresses: [10.4.0.5] }
  bob:  { addresses: [10.4.0.6] }
sessions:
  tess-acme: { subscriber: tess, service: acme, network: { port: provider0 },
               access: { tunnel: acme-north, send: 201, receive: 101 } }
  bob-beta:  { subscriber: bob, service: beta, network: { port: provider0 }, access: { tunnel: beta-north } }
"""
)


def _kernel(namespace) -> dict[str, int]:
    """What this kernel has forwarded, and refused by ICMP."""
    lines = [line.split() for line in namespace.run("cat /proc/net/snmp").stdout.splitlines()]
    counters = {}
    for names, values in zip(lines[::2], lines[1::2]):
        counters |= {f"{names[0]}{name}": int(value) for name, value in zip(names[1:], values[1:])}
    return {name: counters[name] for name in _WATCHED}


_WATCHED = ("Ip:ForwDatagrams", "Icmp:OutDestUnreachs", "Icmp:OutTimeExcds")


def one_copy(laboratory: Laboratory) -> None:
    """Interfaces shared with the kernel: who gets what, and all of it back after kill -9"""
    check, equal = laboratory.check, laboratory.equal
    a, b, server = (laboratory.namespace(f"shared-{name}") for name in ("a", "b", "server"))
    laboratory.veth(a, "share-core", b, "share-core")
    laboratory.veth(b, "share-out", server, "eth0")
    for namespace in (a, b):
        namespace.set(ipv4__ip_forward=1, ipv6__conf__all__forwarding=1)
    a.ip("addr add 10.0.0.1/30 dev share-core", *(f"addr add {address}/32 dev lo" for address in (TESS, BOB)))
    b.ip(
        "addr add 10.0.0.2/30 dev share-core",
        "addr add 198.51.100.1/24 dev share-out",
        "addr add 203.0.113.1/24 dev share-out",
        # By these it would forward what comes from the server.
        "route add 10.4.0.0/24 via 10.0.0.1",
    )
    server.ip(
        *(f"addr add {address}/24 dev eth0" for address in (ACME, BETA)), "route add default via 198.51.100.1"
    )
    edge_a = laboratory.edge(a, "shared-a", _EDGE_A).start()
    edge_b = laboratory.edge(b, "shared-b", _EDGE_B).start()

    def passes(source: str, destination: str) -> bool:
        return bool(
            eventually(lambda: a.run(f"ping -n -c 1 -W 1 -I {source} {destination}").returncode == 0, 6)
        )

    check("through MPLS to a neighbour that the kernel has found", passes(TESS, ACME), edge_b.log)
    check("through IP-in-IP", passes(BOB, BETA), edge_b.log)
    kernels = {name: _kernel(namespace) for name, namespace in (("A", a), ("B", b))}

    for source, destination in ((TESS, ACME), (BOB, BETA)):
        said = a.run(f"ping -n -c 100 -i 0.01 -W 1 -I {source} {destination}").stdout
        check(f"{source}: a hundred pings, each answered once", " 100 received, 0% packet loss" in said, said)
    near, far = connect(a, TESS, server, ACME, 8080)
    data = pattern(4 << 20)
    check("4 MiB of TCP up", pump(near, far, data) == data)
    check("and down", pump(far, near, data) == data)
    near.close()
    far.close()

    # What is the kernels' own, beside that.
    host_a, host_b = connect(a, "10.0.0.1", b, "10.0.0.2", 22)
    check("TCP between the kernels' addresses, on the same interfaces", pump(host_a, host_b, data) == data)
    host_a.close()
    host_b.close()
    for namespace, address in ((a, "10.0.0.2"), (b, "10.0.0.1"), (server, "198.51.100.1")):
        said = namespace.run(f"ping -n -c 20 -i 0.01 -W 1 {address}").stdout
        check(f"pings to {address} are the kernel's to answer", " 20 received, 0% packet loss" in said, said)
    for name, namespace in (("A", a), ("B", b)):
        equal(
            f"the kernel of {name} has forwarded nothing and refused nothing", _kernel(namespace), kernels[name]
        )
    for name, edge in (("A", edge_a), ("B", edge_b)):
        check(f"CD-6 edge {name} balances", balances(edge.counters()), edge.counters())
        ports = {port["port"]: port for port in edge.json("ports")["items"]}
        equal(
            f"edge {name} says how core0 is",
            (ports["core0"]["state"], ports["core0"]["kind"]),
            ("up", "shared AF_PACKET on veth"),
        )

    # Dead, the forwarder takes nothing: the kernel forwards the first and refuses the second.
    edge_b.forwarder.kill()
    user = datagram_socket(server, ACME, 9)
    before = _kernel(b)
    user.sendto(b"for the kernel", (TESS, 9))
    check(
        "kill -9: the kernel has what was ours, and forwards it",
        eventually(lambda: _kernel(b)["Ip:ForwDatagrams"] > before["Ip:ForwDatagrams"], 2),
    )
    subscriber = datagram_socket(a, BOB, 9)
    subscriber.sendto(b"4-in-4", (BETA, 9))
    check(
        "kill -9: and refuses encapsulated packets",
        eventually(lambda: _kernel(b)["Icmp:OutDestUnreachs"] > before["Icmp:OutDestUnreachs"], 2),
    )
    edge_b.forwarder.start()
    check("another forwarder takes them up again", passes(TESS, ACME) and passes(BOB, BETA), edge_b.log)
    before = _kernel(b)
    receiver = datagram_socket(server, BETA, 10)
    for number in range(20):
        subscriber.sendto(bytes([number]), (BETA, 10))
    equal(
        "and each arrives once",
        sorted(datagrams(receiver, 21, 0.5)),
        [bytes([number]) for number in range(20)],
    )
    equal("without the kernel", _kernel(b), before)

    equal("both end cleanly", (edge_a.stop(), edge_b.stop()), ((0, 0), (0, 0)))
    before = _kernel(b)
    user.sendto(b"for the kernel", (TESS, 9))
    check(
        "a forwarder that has ended leaves the kernel everything",
        eventually(lambda: _kernel(b)["Ip:ForwDatagrams"] > before["Ip:ForwDatagrams"], 2),
    )
    for used in (user, subscriber, receiver):
        used.close()
