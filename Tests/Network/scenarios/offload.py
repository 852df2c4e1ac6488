"""Bytes through superframes: every kind of port, with offload on and off, in fair weather and foul.

```
      ┌ to-tun ── kernel router ── TUN ┐                             ┌ TUN ── kernel router ── to-tun ┐
users ┼ to-tap ── bridge ───────── TAP ┼ edge A ── weather ── edge B ┼ TAP ── bridge ───────── to-tap ┼ servers
      └ to-packet ────────── AF_PACKET ┘                             └ AF_PACKET ────────── to-packet ┘
```
The hosts send superframes. On the edges' side of the hosts' cables transmit offload is off, and receive offload on the hosts'
side: what edges hand on as superframes, with sums that are only begun, the kernel has to cut up and finish, and each packet's
checksum is verified by who receives it.
"""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from laboratory import Edge, Laboratory, Namespace, balances, eventually
from laboratory import weather as weather_program
from laboratory.flows import exchange, spray

_KINDS = ("tun", "tap", "packet")
_USERS = {kind: (f"10.1.{n}.5", f"2001:db8:{n}::5") for n, kind in enumerate(_KINDS, 1)}
_USER_ROUTERS = {kind: (f"10.1.{n}.1", f"2001:db8:{n}::1") for n, kind in enumerate(_KINDS, 1)}
_SERVICES = {"tun": ("198.51.100", "a"), "tap": ("203.0.113", "b"), "packet": ("192.0.2", "c")}
_SERVERS = {kind: (f"{v4}.10", f"2001:db8:{v6}::10") for kind, (v4, v6) in _SERVICES.items()}
_SERVER_ROUTERS = {kind: (f"{v4}.1", f"2001:db8:{v6}::1") for kind, (v4, v6) in _SERVICES.items()}
_CORE_MTU = 1600


def _exchange(is_servers: bool, offload: str) -> str:
    """Edge A's file, or edge B's, its mirror."""
    own, other = ("2", "1") if is_servers else ("1", "2")
    routers = _SERVER_ROUTERS if is_servers else _USER_ROUTERS
    role = "network" if is_servers else "access"
    lines = [
        "ports:",
        f"  core0: {{ packet: core, role: network, addresses: [10.0.0.{own}/30], offload: {offload} }}",
        # The router before the TUN is the kernel.
        f"  tun0: {{ tun: wlt-tun, role: {role}, offload: {offload},",
        f'          addresses: [10.255.0.{own}/32, "2001:db8:255::{own}/128"] }}',
    ]
    for kind, interface in (("tap", "wlt-tap"), ("packet", "to-packet")):
        v4, v6 = routers[kind]
        lines.append(
            f"  {kind}0: {{ {kind}: {interface}, role: {role}, offload: {offload}, "
            f'addresses: [{v4}/24, "{v6}/64"] }}'
        )
    lines += [
        f"lines: {{ north: {{ port: core0, nextHop: 10.0.0.{other}, mtu: {_CORE_MTU} }} }}",
        "providers: { acme: {} }",
        "services:",
        *(
            f'  {kind}: {{ provider: acme, prefixes: [{v4}.0/24, "2001:db8:{v6}::/48"] }}'
            for kind, (v4, v6) in _SERVICES.items()
        ),
        "tunnels:",
        f"  north: {{ line: north, mpls: {{ send: 1600{own}, receive: 1600{other} }} }}",
        "subscribers:",
    ]
    for kind, (v4, v6) in _USERS.items():
        port = "" if is_servers else f"port: {kind}0, "
        lines.append(f'  {kind}: {{ {port}addresses: [{v4}, "{v6}"] }}')
    lines.append("conditions:")
    lines += [f"  - {{ subscriber: {kind}, service: {kind} }}" for kind in _KINDS]
    lines.append("sessions:")
    for n, kind in enumerate(_KINDS, 1):
        tunnel = f"{{ tunnel: north, send: 10{own}00{n}, receive: 10{other}00{n} }}"
        port = f"{{ port: {kind}0 }}"
        access, network = (tunnel, port) if is_servers else (port, tunnel)
        lines.append(
            f"  {kind}: {{ subscriber: {kind}, service: {kind}, access: {access}, network: {network} }}"
        )
    return "\n".join(lines) + "\n"


@dataclass
class Site:
    laboratory: Laboratory
    users: Namespace
    servers: Namespace
    core: Namespace
    edges: tuple[Edge, Edge]
    kernels: tuple[Namespace, ...]
    _weather: subprocess.Popen | None = None

    def weather(self, seed: int, *intervals: int) -> None:
        """Begins to pass frames between the edges: one in so many is lost, doubled, or changes places with the next."""
        self.calm()
        self._weather = self.core.popen(
            [sys.executable, weather_program.__file__, "to-a", "to-b", str(seed), *map(str, intervals)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._weather.stdout.readline() == "ready\n"

    def calm(self) -> str:
        """Ends it; what it has done."""
        if self._weather is None:
            return ""
        self._weather.terminate()
        said, _ = self._weather.communicate(timeout=5)
        self._weather = None
        return said.strip()

    def checksum_errors(self) -> dict[str, int]:
        """What any kernel on the way has found wrong, above zero."""
        found = {}
        for kernel in self.kernels:
            with kernel.inside():
                rows = Path("/proc/thread-self/net/snmp").read_text().splitlines()
                rows6 = Path("/proc/thread-self/net/snmp6").read_text().splitlines()
            named = [row.split() for row in rows6]
            for names, values in zip(rows[::2], rows[1::2]):
                protocol = names.split(":")[0]
                named += [(protocol + name, value) for name, value in zip(names.split()[1:], values.split()[1:])]
            for name, value in named:
                if ("InCsumErrors" in name or name == "IpInHdrErrors") and int(value) > 0:
                    found[f"{kernel.name} {name}"] = int(value)
        return found

    def superframes(self) -> dict[str, tuple[int, int]]:
        """Of each port to a host: superframes received and sent."""
        return {
            f"{edge.instance} {port['port']}": (port.get("superframes", 0), port.get("sentSuperframes", 0))
            for edge in self.edges
            for port in edge.json("ports")["items"]
            if port["port"] != "core0"
        }


def _build(laboratory: Laboratory, name: str, offload: str) -> Site:
    users, a, core, b, servers = (
        laboratory.namespace(f"{name}-{place}") for place in ("users", "a", "core", "b", "servers")
    )
    sides = ((users, a, _USERS, _USER_ROUTERS), (servers, b, _SERVERS, _SERVER_ROUTERS))
    for host, edge, addresses, routers in sides:
        for kind in _KINDS:
            laboratory.veth(host, f"to-{kind}", edge, f"to-{kind}")
            v4, v6 = addresses[kind]
            host.ip(f"addr add {v4}/24 dev to-{kind}", f"addr add {v6}/64 dev to-{kind} nodad")
            _require(edge, f"ethtool -K to-{kind} tx off")
            _require(host, f"ethtool -K to-{kind} rx off")
        v4, v6 = routers["tun"]
        edge.ip(f"addr add {v4}/24 dev to-tun", f"addr add {v6}/64 dev to-tun nodad")
        edge.set(ipv4__ip_forward=1, ipv6__conf__all__forwarding=1)
        edge.ip(
            "link add br0 type bridge mcast_snooping 0",
            "link set br0 addrgenmode none",
            "link set to-tap master br0",
            "link set br0 up",
            "tuntap add wlt-tap mode tap",
            "link set wlt-tap addrgenmode none",
            "link set wlt-tap master br0",
        )
    laboratory.veth(a, "core", core, "to-a", _CORE_MTU)
    laboratory.veth(b, "core", core, "to-b", _CORE_MTU)
    for kind in _KINDS:
        (user4, user6), (server4, server6) = _USER_ROUTERS[kind], _SERVER_ROUTERS[kind]
        v4, v6 = _SERVICES[kind]
        users.ip(f"route add {v4}.0/24 via {user4}", f"route add 2001:db8:{v6}::/48 via {user6}")
        n = _KINDS.index(kind) + 1
        servers.ip(f"route add 10.1.{n}.0/24 via {server4}", f"route add 2001:db8:{n}::/64 via {server6}")
    edges = tuple(
        laboratory.edge(edge, f"{name}-{place}", _exchange(edge is b, offload)).start()
        for place, edge in (("a", a), ("b", b))
    )
    for edge in (a, b):
        # What waits for a debug build is not lost.
        edge.ip(*(f"link set {interface} txqueuelen 10000" for interface in ("wlt-tun", "wlt-tap")))
    return Site(laboratory, users, servers, core, edges, (users, a, b, servers))


def _require(namespace: Namespace, command: str) -> None:
    said = namespace.run(command)
    if said.returncode != 0:
        raise RuntimeError(f"{command}: {said.stdout}")


def _pings(site: Site, source: str, destination: str) -> bool:
    command = f"ping -n -c 1 -W 0.5 -I {source} {destination}"
    return bool(eventually(lambda: site.users.run(command).returncode == 0, 5))


def _iperf(site: Site, source: str, destination: str) -> str:
    """What is wrong with a second of sixteen streams; nothing: they have come through."""
    server = site.servers.popen(
        ["iperf3", "--server", "--one-off", "--forceflush", "--bind", destination],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        while "listening" not in (server.stdout.readline() or "listening"):
            pass
        said = site.users.run(
            f"iperf3 --json --client {destination} --bind {source} --parallel 16 --time 1", 15
        ).stdout
        streams = json.loads(said)["end"]["streams"]
        return "" if len(streams) == 16 and any(s["receiver"]["bytes"] > 0 for s in streams) else said
    except (json.JSONDecodeError, KeyError):
        return said
    finally:
        server.kill()
        server.wait()


def _check(site: Site, mode: str, is_fair: bool) -> None:
    check, equal = site.laboratory.check, site.laboratory.equal
    sky = "in fair weather" if is_fair else "through loss, doubles and disorder"
    for kind in _KINDS:
        for source, destination in zip(_USERS[kind], _SERVERS[kind]):
            what = f"{kind}, {'IPv6' if ':' in source else 'IPv4'}, {mode}, {sky}"
            if is_fair and not check(f"CD-3 {what}: the server answers", _pings(site, source, destination)):
                continue
            flows, byte_count = (16, 400_000) if is_fair else (8, 300_000)
            wrong = exchange(site.users, source, site.servers, destination, flows, byte_count)
            equal(f"PX-5 {what}: {flows} TCP connections carry both ways what was sent", wrong, [])
            good, bad = spray(site.users, source, site.servers, destination, 160, 1300)
            equal(f"PX-5 {what}: no datagram is another than was sent", bad, 0)
            check(f"PX-5 {what}: datagrams arrive", good == 160 if is_fair else good >= 100, good)
        if is_fair:
            check(f"CD-6 {kind}, {mode}: 16 streams of iperf3", not (wrong := _iperf(site, source, destination)), wrong)


def offload(laboratory: Laboratory) -> None:
    """Bytes through every kind of port, by packets and by superframes"""
    check, equal = laboratory.check, laboratory.equal
    for number, mode in enumerate(("on", "off")):
        site = _build(laboratory, f"offload-{mode}", mode)
        try:
            site.weather(number, 0, 0, 0)
            _check(site, f"offload {mode}", is_fair=True)
            site.calm()
            site.weather(number, 150, 200, 100)
            _check(site, f"offload {mode}", is_fair=False)
            print(f"         weather: {site.calm()}")
            equal(f"offload {mode}: no kernel has found a wrong checksum", site.checksum_errors(), {})
            for port, (received, sent) in site.superframes().items():
                # What comes by AF_PACKET comes as the host sends it.
                if mode == "on":
                    check(f"{port}: superframes came and went", received > 0 and sent > 0, (received, sent))
                else:
                    equal(f"{port}: without offload nothing leaves in superframes", sent, 0)
            for edge in site.edges:
                counters = edge.counters()
                check(f"CD-6 {edge.instance} balances", balances(counters), counters)
        finally:
            site.calm()
            for edge in site.edges:
                edge.stop()
