"""The exchange file as Python: the shape of the YAML, and a forwarder's lookups as linear scans."""

import json
import re
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_interface, ip_network

from .capture import ETHERNET, RAW_IP

# What no router forwards, unless the exchange names it: RFC 6890; RFC 4291 §2.5.2, §2.5.3, §2.5.6, §2.7.
_CONFINED = [ip_network(p) for p in ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4",
                                     "::/128", "::1/128", "fe80::/10", "ff00::/8")]
_PROTOCOLS = {"tcp": (6, 6), "udp": (17, 17), "sctp": (132, 132), "icmp": (1, 58)}  # IPv4, IPv6


@dataclass
class Port:
    name: str
    link_type: int
    role: str
    mac: str
    interfaces: list
    neighbours: dict
    asked: dict = field(default_factory=dict)  # next hop → when it was last asked for
    received: int = 0
    sent: list = field(default_factory=list)

    def address(self, version: int):
        """The port's own address of that version, or None."""
        return next((i.ip for i in self.interfaces if i.version == version), None)


@dataclass(eq=False)
class Line:
    port: Port
    next_hop: object
    mtu: int


@dataclass(eq=False)
class Tunnel:
    name: str
    line: Line
    mpls: dict | None
    ipip: dict | None

    @property
    def path_mtu(self) -> int:
        """The longest inner packet that fits the line with what we put before it."""
        if self.ipip:
            return self.line.mtu - 20
        return self.line.mtu - (4 if self.mpls.get("null") == "implicit" else 8)


@dataclass(eq=False)
class Leg:
    """Where a session's packets come and go on one side: plain by a port and next hop, or inside a tunnel."""

    port: Port | None = None
    next_hop: object = None
    tunnel: Tunnel | None = None
    send: int | None = None
    receive: int | None = None


@dataclass(eq=False)
class Subscriber:
    name: str
    port: Port | None
    prefixes: list
    vlan: tuple
    next_hop: object


@dataclass(eq=False)
class Service:
    name: str
    prefixes: list


@dataclass(eq=False)
class Session:
    name: str
    subscriber: Subscriber
    service: Service
    access: Leg
    network: Leg
    rules: list | None  # None: all of the service
    usage: dict = field(default_factory=lambda: {"up": [0, 0], "down": [0, 0]})

    def leg_in(self, direction: str) -> Leg:
        return self.access if direction == "up" else self.network

    def leg_out(self, direction: str) -> Leg:
        return self.network if direction == "up" else self.access


def speaks_of(rule: dict, version: int, protocol: int) -> bool:
    """Whether the rule is about this protocol."""
    named = rule.get("protocol", "any")
    if named == "any" or isinstance(named, int):
        return named in ("any", protocol)
    return _PROTOCOLS[named][version == 6] == protocol


def has_port(rule: dict, port: int) -> bool:
    """Whether the port is one of the rule's ports and ranges."""
    ends = [str(entry).partition("-") for entry in rule["ports"]]
    return any(int(first) <= port <= int(last or first) for first, _, last in ends)


class Exchange:
    """Objects by name, made from a description of the exchange file's shape."""

    def __init__(self, description: dict):
        self.ports = {
            name: self._port(name, place, entry)
            for place, (name, entry) in enumerate(description["ports"].items(), start=1)
        }
        self.lines = {
            name: Line(self.ports[entry["port"]], ip_address(entry["nextHop"]), entry["mtu"])
            for name, entry in description.get("lines", {}).items()
        }
        self.tunnels = {
            name: Tunnel(name, self.lines[entry["line"]], entry.get("mpls"), entry.get("ipip"))
            for name, entry in description.get("tunnels", {}).items()
        }
        self.services = {
            name: Service(name, [ip_network(p) for p in entry["prefixes"]])
            for name, entry in description.get("services", {}).items()
        }
        self.subscribers = {
            name: self._subscriber(name, entry)
            for name, entry in description.get("subscribers", {}).items()
        }
        conditions = {
            (entry["subscriber"], entry["service"]): entry.get("allow")
            for entry in description.get("conditions", [])
        }
        self.sessions = {
            name: Session(
                name,
                self.subscribers[entry["subscriber"]],
                self.services[entry["service"]],
                self._leg(entry["access"]),
                self._leg(entry["network"]),
                conditions[entry["subscriber"], entry["service"]],
            )
            for name, entry in description.get("sessions", {}).items()
        }
        self.labels = {entry["in"]: entry for entry in description.get("labels", [])}

    def _port(self, name: str, place: int, entry: dict) -> Port:
        return Port(
            name,
            RAW_IP if "tun" in entry else ETHERNET,
            entry["role"],
            entry.get("mac", f"02:57:4c:00:00:{place:02x}"),
            [ip_interface(a) for a in entry.get("addresses", [])],
            {ip_address(a): mac for a, mac in entry.get("neighbours", {}).items()},
        )

    def _subscriber(self, name: str, entry: dict) -> Subscriber:
        vlan = entry.get("vlan", [])
        return Subscriber(
            name,
            self.ports.get(entry.get("port")),
            [ip_network(a) for a in entry["addresses"]],
            tuple(vlan if isinstance(vlan, list) else [vlan]),
            _address(entry.get("nextHop")),
        )

    def _leg(self, entry: dict) -> Leg:
        if "tunnel" in entry:
            tunnel = self.tunnels[entry["tunnel"]]
            return Leg(tunnel=tunnel, send=entry.get("send"), receive=entry.get("receive"))
        return Leg(port=self.ports[entry["port"]], next_hop=_address(entry.get("nextHop")))

    def is_own(self, address) -> bool:
        return any(address == i.ip for port in self.ports.values() for i in port.interfaces)

    def subscriber(self, address) -> Subscriber | None:
        return self._named(self.subscribers, address)

    def service(self, address) -> Service | None:
        return self._named(self.services, address)

    def is_confined(self, address, role: str) -> bool:
        """Whether a packet from a port of this role is not forwarded to `address`, whatever prefix holds it."""
        named = self.services if role == "access" else self.subscribers
        return _longest([self._confined(), *named.values()], address) == self._confined()

    def _named(self, objects: dict, address):
        found = _longest([self._confined(), *objects.values()], address)
        return None if found == self._confined() else found

    def _confined(self) -> "_Confined":
        links = [i.network for port in self.ports.values() for i in port.interfaces]
        broadcast = [n.broadcast_address for n in links if n.version == 4 and n.prefixlen < 31]
        return _Confined([*_CONFINED, *map(ip_network, broadcast)])

    def session(self, subscriber: Subscriber, service: Service) -> Session | None:
        found = (s for s in self.sessions.values() if (s.subscriber, s.service) == (subscriber, service))
        return next(found, None)

    def sessions_by_label(self, label: int):
        """Every (session, direction, tunnel) that receives user label `label`, under whatever tunnel."""
        for session in self.sessions.values():
            for direction in ("up", "down"):
                leg = session.leg_in(direction)
                if leg.tunnel and leg.tunnel.mpls and leg.receive == label:
                    yield session, direction, leg.tunnel


@dataclass
class _Confined:
    prefixes: list


def _address(text: str | None):
    return ip_address(text) if text else None


def _longest(candidates, address):
    """The candidate with the longest prefix that holds `address`."""
    best = max(
        (
            (prefix.prefixlen, index, candidate)
            for index, candidate in enumerate(candidates)
            for prefix in candidate.prefixes
            if prefix.version == address.version and address in prefix
        ),
        default=None,
    )
    return best and best[2]


def yaml(description: dict) -> str:
    """The description as YAML: a line for every object."""
    lines = []
    for section, entries in description.items():
        lines.append(f"{section}:")
        if isinstance(entries, dict):
            lines += [f"  {_flow(name)}: {_flow(entry)}" for name, entry in entries.items()]
        else:
            lines += [f"  - {_flow(entry)}" for entry in entries]
    return "\n".join(lines) + "\n"


def _flow(value) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_flow(k)}: {_flow(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9./-]*", value):
        return value
    return json.dumps(value)
