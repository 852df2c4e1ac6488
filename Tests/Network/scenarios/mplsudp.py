"""MPLS in UDP (RFC 7510): two edges over a veth, and a peer that isn't ours.

```
subscribers ─ TUN ─ A ─ udp-core ──veth── udp-core, shared ─ B ─ udp-out ──veth── server
10.4.0.5, .6           10.0.0.1, …:ff::1  10.0.0.2, …:ff::2     198.51.100.1     198.51.100.10, 203.0.113.10
```
A owns its interface; B shares its own with the kernel, which listens on no UDP port.
"""

import json
import socket
import subprocess
import threading

from scapy.contrib.mpls import MPLS
from scapy.layers.inet import ICMP, IP

from laboratory import Laboratory, balances, drops_between, eventually
from laboratory.transport import connect, datagram_socket, pattern, pump

TESS, TESS6, BOB, BOB6 = "10.4.0.5", "2001:db8:4::5", "10.4.0.6", "2001:db8:4::6"
ACME, ACME6, BETA, BETA6 = "198.51.100.10", "2001:db8:a::10", "203.0.113.10", "2001:db8:b::10"
_SECONDS = 2

_SERVED = """
providers: { acme: {}, beta: {} }
services:
  acme: { provider: acme, prefixes: [198.51.100.0/24, "2001:db8:a::/64"] }
  beta: { provider: beta, prefixes: [203.0.113.0/24, "2001:db8:b::/64"] }
conditions: [{ subscriber: tess, service: acme }, { subscriber: bob, service: beta }]
"""

_EDGE_A = (
    _SERVED
    + """
ports:
  access0: { tun: wlt-tun, role: access, addresses: [10.255.0.1/32, "2001:db8:ff4::1/128"] }
  core0:   { packet: udp-core, role: network, addresses: [10.0.0.1/30, "2001:db8:ff::1/64"] }
lines: { north: { port: core0, nextHop: 10.0.0.2 } }
tunnels:
  acme-north: { line: north, mplsudp: { local: 10.0.0.1, remote: 10.0.0.2 } }
  beta-north: { line: north, mplsudp: { local: "2001:db8:ff::1", remote: "2001:db8:ff::2",
                send: 16001, receive: 17001 } }
subscribers:
  tess: { port: access0, addresses: [10.4.0.5, "2001:db8:4::5"] }
  bob:  { port: access0, addresses: [10.4.0.6, "2001:db8:4::6"] }
sessions:
  tess-acme: { subscriber: tess, service: acme, access: { port: access0 },
               network: { tunnel: acme-north, send: 101, receive: 201 } }
  bob-beta:  { subscriber: bob, service: beta, access: { port: access0 },
               network: { tunnel: beta-north, send: 101, receive: 201 } }
"""
)

_EDGE_B = (
    _SERVED
    + """
ports:
  core0:     { packet: udp-core, shared: true, role: network, addresses: [10.0.0.2/30, "2001:db8:ff::2/64"] }
  provider0: { packet: udp-out, role: network,
               addresses: [198.51.100.1/24, 203.0.113.1/24, "2001:db8:a::1/64", "2001:db8:b::1/64"] }
lines: { north: { port: core0, nextHop: 10.0.0.1 } }
tunnels:
  acme-north: { line: north, mplsudp: { local: 10.0.0.2, remote: 10.0.0.1 } }
  beta-north: { line: north, mplsudp: { local: "2001:db8:ff::2", remote: "2001:db8:ff::1",
                send: 17001, receive: 16001 } }
subscribers:
  tess: { addresses: [10.4.0.5, "2001:db8:4::5"] }
  bob:  { addresses: [10.4.0.6, "2001:db8:4::6"] }
sessions:
  tess-acme: { subscriber: tess, service: acme, network: { port: provider0 },
               access: { tunnel: acme-north, send: 201, receive: 101 } }
  bob-beta:  { subscriber: bob, service: beta, network: { port: provider0 },
               access: { tunnel: beta-north, send: 201, receive: 101 } }
"""
)


def _refusals(namespace) -> int:
    """Unreachables that this kernel has sent."""
    words = namespace.run("cat /proc/net/snmp6").stdout.split()
    lines = [line.split() for line in namespace.run("cat /proc/net/snmp").stdout.splitlines()]
    counters = {}
    for names, values in zip(lines[::2], lines[1::2]):
        counters |= dict(zip(names, values))
    return int(counters["OutDestUnreachs"]) + int(words[words.index("Icmp6OutDestUnreachs") + 1])


def edges(laboratory: Laboratory) -> None:
    """MPLS in UDP between two edges: pings, TCP, iperf3"""
    check, equal = laboratory.check, laboratory.equal
    a, b, server = (laboratory.namespace(f"udp-{name}") for name in ("a", "b", "server"))
    laboratory.veth(a, "udp-core", b, "udp-core")
    laboratory.veth(b, "udp-out", server, "eth0")
    a.ip(
        *(f"addr add {address}/32 dev lo" for address in (TESS, BOB)),
        *(f"addr add {address}/128 dev lo" for address in (TESS6, BOB6)),
    )
    b.ip("addr add 10.0.0.2/30 dev udp-core", "addr add 2001:db8:ff::2/64 dev udp-core nodad")
    server.ip(
        *(f"addr add {address}/24 dev eth0" for address in (ACME, BETA)),
        *(f"addr add {address}/64 dev eth0 nodad" for address in (ACME6, BETA6)),
        "route add default via 198.51.100.1",
        "route add ::/0 via 2001:db8:a::1",
    )
    edge_a = laboratory.edge(a, "udp-a", _EDGE_A).start()
    edge_b = laboratory.edge(b, "udp-b", _EDGE_B).start()
    ways = [(TESS, ACME), (TESS6, ACME6), (BOB, BETA), (BOB6, BETA6)]

    def passes(source: str, destination: str) -> bool:
        return a.run(f"ping -n -c 1 -W 1 -I {source} {destination}").returncode == 0

    for source, destination in ways:
        check(
            f"CD-5 {source} reaches {destination}",
            eventually(lambda: passes(source, destination), 8),
            edge_a.log + edge_b.log,
        )
    before = {edge: edge.counters() for edge in (edge_a, edge_b)}
    refused = _refusals(b)
    capture = laboratory.capture(b, "udp-core", "mplsudp", "udp")
    for source, destination in ways:
        said = a.run(f"ping -n -c 20 -i 0.02 -W 1 -I {source} {destination}").stdout
        check(f"PX-3 {source}: 20 pings, each answered once", " 20 received, 0% packet loss" in said, said)
    equal("tcpdump has missed nothing", capture.stop(), 0)
    _judge(laboratory, capture.path)

    data = pattern(4 << 20)
    for source, destination in ways:
        near, far = connect(a, source, server, destination, 8080)
        check(f"PX-3 4 MiB of TCP from {source} arrive whole", pump(near, far, data) == data)
        check("and back", pump(far, near, data) == data)
        near.close()
        far.close()
    for source, destination in ways:
        rate = _iperf(a, server, source, destination)
        check(f"iperf3 from {source} runs", rate is not None)
        print(f"         {source} → {destination}: {(rate or 0) / 1e6:.0f} Mbit/s")

    equal("B's kernel has refused no datagram", _refusals(b) - refused, 0)
    for name, namespace in (("A", a), ("B", b), ("the server", server)):
        said = namespace.run("nstat -asz Tcp*CsumErrors Udp*CsumErrors Tcp*InCsumErrors").stdout
        wrong = [line for line in said.splitlines()[1:] if line.split()[1:2] not in ([], ["0"])]
        equal(f"no checksum error in {name}", wrong, [])
    for name, edge in (("A", edge_a), ("B", edge_b)):
        counters = edge.counters()
        check(f"CD-6 edge {name} balances", balances(counters), counters)
        unexplained = set(drops_between(before[edge], counters)) - {"tooBig"}
        equal(f"edge {name} has dropped nothing but what was too big", unexplained, set())
        ports = {port["port"]: port for port in edge.json("ports")["items"]}
        check(
            f"edge {name} has sent datagrams in superframes, and cut up such",
            ports["core0"]["sentSuperframes"] > 0 and ports["core0"]["superframes"] > 0,
            ports["core0"],
        )
    edge_a.stop()
    edge_b.stop()


def _judge(laboratory: Laboratory, path) -> None:
    """tshark's opinion of what was on the core."""
    check, equal = laboratory.check, laboratory.equal
    command = ["tshark", "-n", "-r", str(path), "-Y", "udp.port == 6635", "-T", "fields"]
    command += ["-o", "udp.check_checksum:TRUE"]
    for field in ("udp.srcport", "udp.dstport", "mpls.label", "udp.checksum.status", "_ws.malformed"):
        command += ["-e", field]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    sources, destinations, labels, checksums, malformed = zip(*(row.split("\t") for row in said.splitlines()))
    check("tshark: pings both ways, in UDP", len(sources) >= 160, len(sources))
    equal("tshark: MPLS by port 6635", set(destinations), {"6635"})
    check("from entropy ports", all(int(source) >= 49152 for source in sources))
    stacks = {"101", "201", "16001,101", "17001,201"}
    equal("tshark: user labels alone, or under path labels", set(labels), stacks)
    # 0: wrong; 1: right; 3: none.
    check("tshark: no wrong checksum", "0" not in checksums, set(checksums))
    equal("tshark: nothing malformed", set(malformed), {""})


def _iperf(client, server, source: str, destination: str) -> float | None:
    """Bits a second of TCP; None where iperf3 fails."""
    listener = server.popen(
        ["iperf3", "--server", "--one-off", "--forceflush", "--bind", destination],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )
    try:
        while "listening" not in (listener.stdout.readline() or "listening"):
            pass
        command = f"iperf3 --json --client {destination} --bind {source} --time {_SECONDS}"
        said = client.run(command, _SECONDS + 20).stdout
        return json.loads(said)["end"]["sum_received"]["bits_per_second"]
    except (json.JSONDecodeError, KeyError):
        return None
    finally:
        listener.kill()
        listener.wait()


_ONE_EDGE = """
ports:
  access0: { tun: wlt-tun, role: access, addresses: [10.255.0.1/32] }
  core0:   { packet: cable, role: network, addresses: [10.0.0.1/30] }
lines: { north: { port: core0, nextHop: 10.0.0.2 } }
providers: { acme: {} }
services: { acme: { provider: acme, prefixes: [198.51.100.0/24] } }
tunnels: { acme-north: { line: north, mplsudp: { local: 10.0.0.1, remote: 10.0.0.2, checksum: on } } }
subscribers: { tess: { port: access0, addresses: [10.4.0.5] } }
conditions: [{ subscriber: tess, service: acme }]
sessions:
  tess-acme: { subscriber: tess, service: acme, access: { port: access0 },
               network: { tunnel: acme-north, send: 101, receive: 201 } }
"""


class _Peer(threading.Thread):
    """The other end as scapy and a socket of the kernel's make it: answers pings of whatever label 101 carries."""

    def __init__(self, made: socket.socket):
        super().__init__(daemon=True)
        self._socket = made
        self.sources: set[int] = set()
        self.start()

    def run(self) -> None:
        self._socket.settimeout(0.2)
        while True:
            try:
                data, (address, port) = self._socket.recvfrom(65536)
            except TimeoutError:
                continue
            except OSError:
                return
            self.sources.add(port)
            stack = MPLS(data)
            request = IP(data[4:])
            if stack.label != 101 or stack.s != 1 or ICMP not in request or request[ICMP].type != 8:
                continue
            reply = request.copy()
            reply.src, reply.dst, reply.ttl = request.dst, request.src, 64
            reply[ICMP].type = 0
            del reply.chksum, reply[ICMP].chksum
            self._socket.sendto(bytes(MPLS(label=201, s=1, ttl=64)) + bytes(reply), (address, 6635))


def peer(laboratory: Laboratory) -> None:
    """MPLS in UDP with a peer of another make: scapy on a UDP socket"""
    check, equal = laboratory.check, laboratory.equal
    namespace, far = laboratory.namespace("udp-edge"), laboratory.namespace("udp-peer")
    namespace.ip(f"addr add {TESS}/32 dev lo")
    laboratory.veth(namespace, "cable", far, "cable")
    far.ip("addr add 10.0.0.2/30 dev cable")
    edge = laboratory.edge(namespace, "udp-peer", _ONE_EDGE).start()
    made = datagram_socket(far, "10.0.0.2", 6635)
    answering = _Peer(made)
    check(
        "a ping is answered",
        eventually(lambda: namespace.run(f"ping -n -c 1 -W 1 -I {TESS} {ACME}").returncode == 0, 8),
        edge.log,
    )
    before = edge.counters()
    said = namespace.run(f"ping -n -c 30 -i 0.02 -s 1200 -W 1 -I {TESS} {ACME}").stdout
    check("CD-5 30 pings of 1,200 bytes, each answered once", " 30 received, 0% packet loss" in said, said)
    check("from one source port, of those for entropy", {port >= 49152 for port in answering.sources} == {True})
    made.sendto(bytes(MPLS(label=99, s=1, ttl=64)) + b"\x45", ("10.0.0.1", 6635))
    check(
        "a label that nobody has is dropped by name",
        eventually(lambda: drops_between(before, edge.counters()) == {"unknownLabel": 1}, 2),
        edge.counters(),
    )
    made.close()
    answering.join(2)
    # The kernel refuses what nobody listens to, and the subscriber is told.
    said = namespace.run(f"ping -n -c 2 -i 0.3 -W 1 -I {TESS} {ACME}").stdout
    told = "Destination Host Unreachable" in said
    check("PX-5 nobody on the port: the subscriber hears that the host is unreachable", told, said)
    errors = far.run("nstat -asz UdpInCsumErrors").stdout.split()
    equal("the kernel found no checksum wrong", errors[-2:-1], ["0"])
    edge.stop()
