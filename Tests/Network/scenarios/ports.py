"""Every kind of port in one edge: TUN, TAP, AF_PACKET, live capture and capture files."""

from scapy.contrib.mpls import MPLS
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Dot1Q, Ether
from scapy.utils import RawPcapReader, wrpcap

from laboratory import Laboratory, Station, balances, eventually
from laboratory.transport import datagram_socket
from .chain import mac_of

_STATION = "02:00:00:00:00:99"

_EXCHANGE = """
ports:
  tun0:  { tun: wlt-tun, role: access, addresses: [10.255.0.1/32] }
  tap0:  { tap: wlt-tap, role: network, addresses: [10.0.1.1/30] }
  core0: { packet: cable, role: network, addresses: [10.0.2.1/30] }
  ear0:
    { capture: ear, role: access, addresses: [10.5.0.1/24], neighbours: { 10.5.0.5: "02:00:00:00:00:05" } }
  vlan0: { packet: trunk, role: access, addresses: [10.6.0.1/24] }
  file0: { file: { read: READ, write: WRITE }, link: ip, role: access }
lines:
  west:  { port: tap0, nextHop: 10.0.1.2 }
  north: { port: core0, nextHop: 10.0.2.2 }
neighbours: { 10.0.1.2: "02:00:00:00:00:99" }
providers: { acme: {}, beta: {} }
services:
  acme: { provider: acme, prefixes: [198.51.100.0/24] }
  beta: { provider: beta, prefixes: [203.0.113.0/24] }
tunnels:
  acme-west:  { line: west, mpls: { send: 16001, receive: 17001 } }
  beta-north: { line: north, mpls: { send: 16002, receive: 17002 } }
subscribers:
  tess: { port: tun0, addresses: [10.4.0.5] }
  ear:  { port: ear0, addresses: [10.5.0.5] }
  vera: { port: vlan0, vlan: 42, addresses: [10.6.0.5] }
  fred: { port: file0, addresses: [10.7.0.5] }
conditions:
  - { subscriber: tess, service: acme }
  - { subscriber: tess, service: beta }
  - { subscriber: ear, service: acme }
  - { subscriber: vera, service: acme }
  - { subscriber: fred, service: acme }
sessions:
  tess-acme:
    { subscriber: tess, service: acme, access: { port: tun0 },
      network: { tunnel: acme-west, send: 101, receive: 201 } }
  tess-beta:
    { subscriber: tess, service: beta, access: { port: tun0 },
      network: { tunnel: beta-north, send: 102, receive: 202 } }
  ear-acme:
    { subscriber: ear, service: acme, access: { port: ear0 },
      network: { tunnel: acme-west, send: 103, receive: 203 } }
  vera-acme:
    { subscriber: vera, service: acme, access: { port: vlan0 },
      network: { tunnel: acme-west, send: 104, receive: 204 } }
  fred-acme:
    { subscriber: fred, service: acme, access: { port: file0 },
      network: { tunnel: acme-west, send: 105, receive: 205 } }
"""


def _labelled(labels: tuple[int, int], source: str):
    """Fits frames with these labels around a packet from there."""

    def fits(frame: bytes) -> bool:
        if frame[12:14] != b"\x88\x47":
            return False
        top = MPLS(frame[14:])
        return (top.label, top.payload.label) == labels and IP(frame[22:]).src == source

    return fits


def all_kinds(laboratory: Laboratory) -> None:
    """One edge, all kinds of ports"""
    check, equal = laboratory.check, laboratory.equal
    edge, peer = laboratory.namespace("ports-edge"), laboratory.namespace("ports-peer")
    for interface in ("cable", "ear", "trunk"):
        laboratory.veth(edge, interface, peer, interface)
    peer.ip("addr add 10.0.2.2/30 dev cable")
    edge.ip("addr add 10.4.0.5/32 dev lo")
    read, write = laboratory.folder / "fred.pcap", laboratory.folder / "fred.out.pcap"
    up = [IP(src="10.7.0.5", dst="198.51.100.10", id=number) / UDP(sport=1, dport=2) for number in range(3)]
    wrpcap(str(read), up, linktype=101)

    site = laboratory.edge(
        edge, "ports", _EXCHANGE.replace("READ", str(read)).replace("WRITE", str(write))
    )
    # There before the forwarder is, so that nothing escapes it: the far side of the TAP.
    edge.ip("tuntap add wlt-tap mode tap", "link set wlt-tap addrgenmode none", "link set wlt-tap up")
    west, ear, trunk, cable = (
        Station(edge, "wlt-tap"),
        Station(peer, "ear"),
        Station(peer, "trunk"),
        Station(peer, "cable"),
    )
    site.start()
    equal(
        "CD-3 a file port's packets leave once, in order",
        [IP(frame[22:]).id for frame in west.received(4, 0.5, _labelled((16001, 105), "10.7.0.5"))],
        [0, 1, 2],
    )
    check(
        "CD-3 the log says that the file has been read",
        site.says("port file0: finished", seconds=1),
        site.log,
    )

    user = datagram_socket(edge, "10.4.0.5", 4000)
    user.sendto(b"by TAP", ("198.51.100.10", 9))
    arrived = west.received(1, 1, _labelled((16001, 101), "10.4.0.5"))
    check("CD-1 CD-2 from the TUN, as MPLS out of the TAP", len(arrived) == 1)
    check("CD-2 to the next hop's address", arrived and arrived[0][:6].hex(":") == _STATION, arrived)
    check(
        "CD-3 from the TUN, as MPLS out of the AF_PACKET port",
        eventually(
            lambda: (
                user.sendto(b"by cable", ("203.0.113.10", 9))
                and cable.received(1, 0.1, _labelled((16002, 102), "10.4.0.5"))
            )
        ),
    )

    heard = (
        Ether(dst=mac_of(edge, "ear"), src="02:00:00:00:00:05")
        / IP(src="10.5.0.5", dst="198.51.100.10")
        / UDP(sport=1, dport=2, chksum=0)
        / b"heard"
    )
    ear.send(heard)
    check("CD-3 a live capture's packets come in", west.received(1, 1, _labelled((16001, 103), "10.5.0.5")))

    # The kernel takes a tag out of the frame and hands it on beside: it must be put back.
    trunk_mac = mac_of(edge, "trunk")
    vera = Ether(dst=trunk_mac, src="02:00:00:00:00:06") / Dot1Q(vlan=42)
    trunk.send(vera / IP(src="10.6.0.5", dst="198.51.100.10") / UDP(sport=1, dport=2))
    check("CD-3 a tagged frame comes in", west.received(1, 1, _labelled((16001, 104), "10.6.0.5")))

    tap_mac = _forwarder_mac(edge, west)

    def down(label: int, destination: str, text: bytes):
        return (
            Ether(dst=tap_mac, src=_STATION)
            / MPLS(label=17001, s=0, ttl=9)
            / MPLS(label=label, s=1, ttl=9)
            / IP(src="198.51.100.10", dst=destination, ttl=9)
            / UDP(sport=9, dport=4000)
            / text
        )

    west.send(
        down(201, "10.4.0.5", b"down"),
        down(205, "10.7.0.5", b"to the file"),
        down(203, "10.5.0.5", b"to nowhere"),
    )
    equal("CD-2 CD-4 MPLS in by the TAP comes out of the TUN", user.recv(100), b"down")
    equal("it ends cleanly", site.forwarder.stop()[0], 0)
    written = [IP(frame) for frame, _ in RawPcapReader(str(write))]
    equal(
        "CD-3 what goes to a file port stands in its capture when the program has ended",
        [(packet.dst, bytes(packet[UDP].payload)) for packet in written],
        [("10.7.0.5", b"to the file")],
    )
    counters = site.counters()
    equal("what goes to a capture port is dropped as portDown", counters["drops"].get("portDown"), 1)
    check("CD-6 every packet has its one outcome", balances(counters), counters)
    site.control_plane.stop()
    for station in (west, ear, trunk, cable):
        station.close()


def _forwarder_mac(edge, west: Station) -> str:
    """The address that the forwarder answers under on the TAP."""
    from scapy.layers.l2 import ARP

    west.flush()
    west.send(
        Ether(dst="ff:ff:ff:ff:ff:ff", src=_STATION) / ARP(hwsrc=_STATION, psrc="10.0.1.2", pdst="10.0.1.1")
    )
    reply = west.received(1, 1, lambda frame: frame[12:14] == b"\x08\x06")
    return ARP(reply[0][14:]).hwsrc
