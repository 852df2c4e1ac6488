"""An edge with one cable: an AF_PACKET port here, the kernel of another namespace at the other end."""

import socket
from dataclasses import dataclass, field

from laboratory import Edge, Laboratory, Namespace, Station, eventually
from laboratory.transport import datagram_socket

USER, SERVER = "10.4.0.5", "198.51.100.10"
LABELLED = 14 + 2 * 4
"""Bytes that stand before the IP header of a packet on the cable: Ethernet, path label, user label."""

EXCHANGE = """
ports:
  access0: { tun: wlt-tun, role: access, addresses: [10.255.0.1/32] }
  core0:   { packet: cable, role: network, addresses: [10.0.0.1/30, "2001:db8:ff::1/64"] }
lines: { north: { port: core0, nextHop: 10.0.0.2 } }
providers: { acme: {} }
services: { acme: { provider: acme, prefixes: [198.51.100.0/24] } }
tunnels: { acme-north: { line: north, mpls: { send: 16001, receive: 17001 } } }
subscribers: { tess: { port: access0, addresses: [10.4.0.5] } }
conditions: [{ subscriber: tess, service: acme }]
sessions:
  tess-acme: { subscriber: tess, service: acme, access: { port: access0 },
               network: { tunnel: acme-north, send: 100042, receive: 200042 } }
"""


@dataclass
class Pair:
    laboratory: Laboratory
    namespace: Namespace
    peer: Namespace
    edge: Edge
    _user: socket.socket | None = field(default=None)

    def lay_cable(self, mtu: int = 1500) -> None:
        self.laboratory.veth(self.namespace, "cable", self.peer, "cable", mtu)
        self.peer.ip("addr add 10.0.0.2/30 dev cable", "addr add 2001:db8:ff::2/64 dev cable nodad")

    def answers(self, count: int = 1) -> bool:
        """Whether the edge's port answers the peer's ping, within some seconds."""
        return bool(
            eventually(
                lambda: self.peer.run(f"ping -n -c {count} -i 0.05 -W 0.3 10.0.0.1").returncode == 0, 4
            )
        )

    def forwards(self, seconds: float = 4, to: str | None = None) -> bool:
        """Whether the subscriber's packets come to leave by the cable, to the peer or to this MAC address."""
        if self._user is None:
            self._user = datagram_socket(self.namespace, USER)
        station = Station(self.peer, "cable")
        head = bytes.fromhex((to or station.mac).replace(":", ""))
        try:
            return bool(
                eventually(
                    lambda: (
                        self._sends()
                        and station.received(
                            1, 0.05, where=lambda frame: frame[:6] == head and frame[12:14] == b"\x88\x47"
                        )
                    ),
                    seconds,
                )
            )
        finally:
            station.close()

    def _sends(self) -> bool:
        try:
            self._user.sendto(b"packet", (SERVER, 9))
        except OSError:
            return False
        return True


def build(laboratory: Laboratory, name: str, exchange: str = EXCHANGE) -> Pair:
    """Both namespaces and the edge, which has not been started; the cable isn't there yet."""
    namespace, peer = laboratory.namespace(f"{name}-edge"), laboratory.namespace(f"{name}-peer")
    namespace.ip(f"addr add {USER}/32 dev lo")
    return Pair(laboratory, namespace, peer, laboratory.edge(namespace, name, exchange))
