"""The exchange file as Python: the shape of the YAML, and a forwarder's lookups as linear scans."""

from dataclasses import dataclass, field
from ipaddress import ip_address, ip_interface, ip_network

from . import dscp, encapsulation, rules
from .capture import ETHERNET, RAW_IP
from .ip import Dropped
from .policer import Policer

# What no router forwards, unless the exchange names it: RFC 6890; RFC 4291 §2.5.2, §2.5.3, §2.5.6, §2.7.
_CONFINED = [ip_network(p) for p in ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4",
                                     "::/128", "::1/128", "fe80::/10", "ff00::/8")]
_PATH_MTU_AGE = 600_000_000  # microseconds
_SMALLEST_MTU = {4: 68, 6: 1280}


@dataclass
class Port:
    name: str
    link_type: int
    role: str
    mac: str
    interfaces: list
    neighbours: dict  # from the file
    answers_denied: bool
    sends_errors: bool
    learned: dict = field(default_factory=dict)  # (tags, address) → MAC address
    asked: dict = field(default_factory=dict)  # (tags, address) → when it was last asked for
    received: int = 0
    sent: list = field(default_factory=list)

    def address(self, version: int):
        """The port's own address of that version, or None."""
        return next((i.ip for i in self.interfaces if i.version == version), None)

    def address_near(self, neighbour):
        """The port's own address on the link that the neighbour is on, else its first of that version."""
        near = (i.ip for i in self.interfaces if i.version == neighbour.version and neighbour in i.network)
        return next(near, None) or self.address(neighbour.version)


@dataclass(eq=False)
class Line:
    port: Port
    next_hop: object
    mtu: int
    tags: tuple


@dataclass(eq=False)
class Tunnel:
    name: str
    line: Line
    mpls: dict | None
    ipip: dict | None
    mplsudp: dict | None
    clamps_segments: bool
    policer: Policer | None
    learned_mtu: tuple[int, int] | None = None  # of the path, and when

    @property
    def overhead(self) -> int:
        return encapsulation.overhead(self.mpls, self.ipip, self.mplsudp)

    @property
    def outer(self) -> dict | None:
        """The settings of its outer IP header, if it has one."""
        return self.ipip or self.mplsudp

    @property
    def segment_limit(self) -> int:
        """The longest inner packet that fits the line with what we put before it."""
        return self.line.mtu - self.overhead

    def limit(self, version: int, time: int) -> int:
        """The same, where the path is narrower than the line, as long as that is remembered (RFC 2003 §5.1)."""
        mtu = self.line.mtu
        if self.learned_mtu and time - self.learned_mtu[1] < _PATH_MTU_AGE:
            mtu = min(mtu, max(self.learned_mtu[0], _SMALLEST_MTU[version] + self.overhead))
        return mtu - self.overhead

    def inner_class(self, traffic_class: int) -> int | None:
        """The DSCP that packets get which come by the tunnel; `traffic_class`: of the top label (RFC 3270)."""
        configured = self.mpls.get("innerDSCP", "keep")
        found = None if configured == "keep" else configured.get(traffic_class)
        return None if found is None else dscp.value(found)


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
    access: list[Leg]  # several where flows are spread over them
    network: list[Leg]
    rules: list | None  # None: all of the service
    policers: dict
    usage: dict = field(default_factory=lambda: {"up": [0, 0], "down": [0, 0]})

    def legs_in(self, direction: str) -> list[Leg]:
        return self.access if direction == "up" else self.network

    def legs_out(self, direction: str) -> list[Leg]:
        return self.network if direction == "up" else self.access

    def arrives_by(self, direction: str, port: Port | None, tunnel: Tunnel | None) -> bool:
        return any((leg.port, leg.tunnel) == (port, tunnel) for leg in self.legs_in(direction))

    def rules_admit(self, direction: str, packet) -> bool:
        try:
            rules.check(self.rules, direction, packet)
        except Dropped:
            return False
        return True


class Exchange:
    """Objects by name, made from a description of the exchange file's shape."""

    def __init__(self, description: dict):
        self.ports = {
            name: self._port(name, place, entry)
            for place, (name, entry) in enumerate(description["ports"].items(), start=1)
        }
        self.lines = {
            name: Line(self.ports[entry["port"]], ip_address(entry["nextHop"]), entry["mtu"], _tags(entry))
            for name, entry in description.get("lines", {}).items()
        }
        self.tunnels = {
            name: self._tunnel(name, entry)
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
                self._legs(entry["access"]),
                self._legs(entry["network"]),
                conditions[entry["subscriber"], entry["service"]],
                {way: Policer(policer) for way, policer in entry.get("policer", {}).items()},
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
            entry.get("denied") == "prohibited",
            entry.get("icmpErrors", True),
        )

    def _tunnel(self, name: str, entry: dict) -> Tunnel:
        return Tunnel(
            name,
            self.lines[entry["line"]],
            entry.get("mpls"),
            entry.get("ipip"),
            entry.get("mplsudp"),
            entry.get("mssClamp", False),
            Policer(entry["policer"]) if "policer" in entry else None,
        )

    def _subscriber(self, name: str, entry: dict) -> Subscriber:
        return Subscriber(
            name,
            self.ports.get(entry.get("port")),
            [ip_network(a) for a in entry["addresses"]],
            _tags(entry),
            _address(entry.get("nextHop")),
        )

    def _legs(self, entry) -> list[Leg]:
        return [self._leg(leg) for leg in (entry if isinstance(entry, list) else [entry])]

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

    def session(self, subscriber: Subscriber | None, service: Service | None) -> Session | None:
        found = (s for s in self.sessions.values() if (s.subscriber, s.service) == (subscriber, service))
        return next(found, None)

    def sessions_by_label(self, label: int):
        """Every (session, direction, tunnel) that receives user label `label`, under whatever tunnel."""
        for session in self.sessions.values():
            for direction in ("up", "down"):
                for leg in session.legs_in(direction):
                    if leg.tunnel and leg.receive == label:
                        yield session, direction, leg.tunnel


@dataclass
class _Confined:
    prefixes: list


def _tags(entry: dict) -> tuple:
    vlan = entry.get("vlan", [])
    return tuple(vlan if isinstance(vlan, list) else [vlan])


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
