"""Every kind of live port through everything that can happen to its interface, with traffic running."""

import threading
import time

from laboratory import Laboratory, Station, balances, eventually
from laboratory.transport import datagram_socket

_EXCHANGE = """
ports:
  access0: { tun: wlt-tun, role: access, addresses: [10.255.0.1/32] }
  tap0:    { tap: wlt-tap, role: network, addresses: [10.0.1.1/30] }
  packet0: { packet: cable, role: network, addresses: [10.0.2.1/30] }
  shared0: { packet: share-cable, shared: true, role: network, addresses: [10.0.3.1/30] }
lines:
  west:  { port: tap0, nextHop: 10.0.1.2 }
  north: { port: packet0, nextHop: 10.0.2.2 }
  east:  { port: shared0, nextHop: 10.0.3.2 }
neighbours: { 10.0.1.2: "02:00:00:00:00:99" }
providers: { acme: {}, beta: {}, gamma: {} }
services:
  acme:  { provider: acme, prefixes: [198.51.100.0/24] }
  beta:  { provider: beta, prefixes: [203.0.113.0/24] }
  gamma: { provider: gamma, prefixes: [192.0.2.0/24] }
tunnels:
  acme-west:   { line: west, mpls: { send: 16001, receive: 17001 } }
  beta-north:  { line: north, mpls: { send: 16002, receive: 17002 } }
  gamma-east:  { line: east, mpls: { send: 16003, receive: 17003 } }
subscribers: { tess: { port: access0, addresses: [10.4.0.5] } }
conditions:
  - { subscriber: tess, service: acme }
  - { subscriber: tess, service: beta }
  - { subscriber: tess, service: gamma }
sessions:
  tess-acme:  { subscriber: tess, service: acme, access: { port: access0 },
                network: { tunnel: acme-west, send: 101, receive: 201 } }
  tess-beta:  { subscriber: tess, service: beta, access: { port: access0 },
                network: { tunnel: beta-north, send: 102, receive: 202 } }
  tess-gamma: { subscriber: tess, service: gamma, access: { port: access0 },
                network: { tunnel: gamma-east, send: 103, receive: 203 } }
"""


class _Sender(threading.Thread):
    """Datagrams to some addresses, a hundred a second to each, whether or not there is a route just then."""

    def __init__(self, namespace, source: str, destinations: list[str]):
        super().__init__(daemon=True)
        self._socket = datagram_socket(namespace, source)
        self._destinations = destinations
        self._end = threading.Event()
        self.start()

    def run(self) -> None:
        while not self._end.wait(0.01):
            for destination in self._destinations:
                try:
                    self._socket.sendto(b"packet", (destination, 9))
                except OSError:
                    pass

    def finish(self) -> None:
        self._end.set()
        self.join(5)
        self._socket.close()


class _Readings(threading.Thread):
    """Reads counters and ports again and again, and keeps what ever went back."""

    def __init__(self, edge):
        super().__init__(daemon=True)
        self._edge = edge
        self._end = threading.Event()
        self._highest: dict[str, int] = {}
        self.went_back: list[str] = []
        self.count = 0
        self.start()

    def run(self) -> None:
        while not self._end.is_set():
            self._note("", self._edge.counters())
            for port in self._edge.json("ports")["items"]:
                self._note(port["port"], {key: port[key] for key in port if key.endswith(("Drops", "Errors"))})
            self.count += 1

    def _note(self, name: str, value) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                self._note(f"{name}.{key}", inner)
        elif value < self._highest.get(name, 0):
            self.went_back.append(f"{name}: {self._highest[name]}, then {value}")
        else:
            self._highest[name] = value

    def finish(self) -> None:
        self._end.set()
        self.join(10)


def lives(laboratory: Laboratory) -> None:
    """TUN, TAP, AF_PACKET and shared: down, up, gone, anew, another MTU, another MAC address"""
    check, equal = laboratory.check, laboratory.equal
    edge_namespace, peer = laboratory.namespace("lives-edge"), laboratory.namespace("lives-peer")
    edge_namespace.ip("addr add 10.4.0.5/32 dev lo")

    def lay(interface: str, number: int) -> None:
        laboratory.veth(edge_namespace, interface, peer, interface)
        peer.ip(f"addr add 10.0.{number}.2/30 dev {interface}")
        if interface.startswith("share"):
            edge_namespace.ip(f"addr add 10.0.{number}.1/30 dev {interface}")

    lay("cable", 2)
    lay("share-cable", 3)
    site = laboratory.edge(edge_namespace, "lives", _EXCHANGE).start()
    sender = _Sender(edge_namespace, "10.4.0.5", ["198.51.100.10", "203.0.113.10", "192.0.2.10"])
    readings = _Readings(site)

    def state(port: str) -> dict:
        return next(item for item in site.json("ports")["items"] if item["port"] == port)

    def becomes(port: str, wanted: str, seconds: float = 5) -> bool:
        return bool(eventually(lambda: state(port)["state"] == wanted, seconds))

    def arrives(namespace, interface: str, label: int) -> bool:
        """Whether packets under this path label come by, in some seconds."""

        def look():
            try:
                station = Station(namespace, interface)
            except OSError:
                return False
            try:
                return station.received(
                    1, 0.3, lambda frame: frame[12:17] == b"\x88\x47" + (label << 4).to_bytes(3, "big")
                )
            finally:
                station.close()

        return bool(eventually(look, 8))

    for port, interface, label, number in (("packet0", "cable", 16002, 2), ("shared0", "share-cable", 16003, 3)):
        check(f"{port}: packets come out", arrives(peer, interface, label), site.log)
        since = state(port)["since"]
        edge_namespace.ip(f"link set {interface} down")
        check(f"{port}: down is seen", becomes(port, "down"))
        check(f"{port}: and since when", state(port)["since"] > since)
        edge_namespace.ip(f"link set {interface} up")
        check(f"{port}: up again", becomes(port, "up") and arrives(peer, interface, label), site.log)
        edge_namespace.ip(f"link del {interface}")
        check(f"{port}: absent is seen", becomes(port, "absent"))
        check(f"{port}: and why", f"there is no interface {interface}" in state(port)["detail"], state(port))
        lay(interface, number)
        check(f"{port}: made anew", becomes(port, "up") and arrives(peer, interface, label), site.log)
        edge_namespace.ip(f"link del {interface}")
        lay(interface, number)
        check(f"{port}: exchanged in a moment", arrives(peer, interface, label), site.log)
        edge_namespace.ip(f"link set {interface} mtu 1400")
        check(f"{port}: another MTU is seen", eventually(lambda: state(port)["mtu"] == 1400), state(port))
        edge_namespace.ip(f"link set {interface} address 02:00:00:00:00:4{number}")
        check(
            f"{port}: another MAC address is seen",
            eventually(lambda: state(port)["mac"] == f"02:00:00:00:00:4{number}"),
            state(port),
        )
        check(f"{port}: and packets come out under it", arrives(peer, interface, label), site.log)

    def tap_up() -> bool:
        return becomes("tap0", "up") and arrives(edge_namespace, "wlt-tap", 16001)

    # The far end of a TUN or TAP is the kernel: what comes out is what it receives.
    check("tap0: packets come out", tap_up(), site.log)
    edge_namespace.ip("link set wlt-tap down")
    check("tap0: down is seen", becomes("tap0", "down"))
    edge_namespace.ip("link set wlt-tap up")
    check("tap0: up again", tap_up(), site.log)
    edge_namespace.ip("link del wlt-tap")
    check("tap0: made anew by the forwarder", tap_up(), site.log)
    edge_namespace.ip("link set wlt-tap mtu 1300")
    check(
        "tap0: its MTU is put right",
        eventually(lambda: "mtu 1500" in edge_namespace.run("ip link show wlt-tap").stdout),
    )

    def tun_up() -> bool:
        return becomes("access0", "up") and arrives(peer, "cable", 16002)

    edge_namespace.ip("link set wlt-tun down")
    check("access0: down is seen", becomes("access0", "down"))
    edge_namespace.ip("link set wlt-tun up")
    check("access0: up again, with its routes", tun_up(), site.log)
    edge_namespace.ip("link del wlt-tun")
    check("access0: made anew, with its routes", tun_up(), site.log)

    time.sleep(1)
    readings.finish()
    check("counters have been read all the while", readings.count > 10, readings.count)
    equal("and never went back", readings.went_back, [])
    sender.finish()
    time.sleep(0.5)
    counters = site.counters()
    check("CD-6 every packet has its one outcome", balances(counters), counters)
    equal("it ends cleanly", site.stop(), (0, 0))
