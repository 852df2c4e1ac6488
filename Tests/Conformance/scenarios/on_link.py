"""The edge as a station on its links: ARP, neighbour discovery, echo."""

from copy import deepcopy

from scapy.layers.inet6 import (
    ICMPv6ND_NA,
    ICMPv6ND_NS,
    ICMPv6NDOptDstLLAddr,
    ICMPv6NDOptSrcLLAddr,
    IPv6,
)
from scapy.layers.l2 import ARP
from scapy.packet import Raw

from .case import Case
from .exchanges import access_edge
from .packets import ALICE, ALICE6, HOST_MAC, PEER_MAC, PORT1_MAC, PORT2_MAC, VIDEO, VIDEO6
from .packets import echo, ethernet, mpls_frame, patched, udp

_BROADCAST = "ff:ff:ff:ff:ff:ff"
_PEER6, _OWN6 = "2001:db8:ff::2", "2001:db8:ff::1"
_SOLICITED_NODE = "ff02::1:ff00:1"  # of the address above


def cases():
    return [arp(), arp_resolution(), asked_from_own_link(), discovery(), discovery_resolution(), ping(), ethernet_access(),
            on_link_subscriber()]


def _arp(op, target, sender_mac=PEER_MAC, sender="10.0.0.2", destination=_BROADCAST,
         target_mac="00:00:00:00:00:00", pad=60):
    message = ARP(op=op, hwsrc=sender_mac, psrc=sender, hwdst=target_mac, pdst=target)
    return ethernet(bytes(message), destination=destination, source=sender_mac, ethertype=0x0806, pad=pad)


def arp() -> Case:
    case = Case(
        "arp", "ARP requests for our address are answered", access_edge(),
        rfc="RFC 826, RFC 5227 §2.1", ids="CD-2",
    )
    case.send("core0", _arp(1, "10.0.0.1"), "consumed", "a broadcast request for our address", originates=1,
              shows={"arp.opcode": "2", "arp.src.hw_mac": PORT2_MAC, "arp.src.proto_ipv4": "10.0.0.1",
                     "arp.dst.hw_mac": PEER_MAC, "arp.dst.proto_ipv4": "10.0.0.2", "eth.dst": PEER_MAC})
    case.send("core0", _arp(1, "10.0.0.1", destination=PORT2_MAC, pad=0), "consumed",
              "a unicast request, unpadded", originates=1, shows={"arp.opcode": "2"})
    case.send("core0", _arp(1, "10.0.0.1", sender="0.0.0.0"), "consumed", "a probe (RFC 5227)", originates=1,
              shows={"arp.dst.proto_ipv4": "0.0.0.0"})
    case.send("core0", _arp(1, "10.0.0.2", sender_mac="02:00:00:00:00:09", sender="10.0.0.3"), "consumed",
              "a request for somebody else")
    whole = _arp(1, "10.0.0.1", pad=0)
    for length in range(14, len(whole)):
        case.send("core0", whole[:length], "malformedARP", "a request cut short")
    for at, octets, note in [
        (14, b"\0\6", "another hardware type"),
        (16, b"\x86\xdd", "another protocol type"),
        (18, b"\x08", "hardware addresses of 8 bytes"),
        (19, b"\x10", "protocol addresses of 16 bytes"),
    ]:
        case.send("core0", patched(whole, at, octets, seal=False), "malformedARP", note)
    return case


def arp_resolution() -> Case:
    exchange = access_edge()
    del exchange["ports"]["core0"]["neighbours"]
    case = Case(
        "arp-resolution", "A next hop that is not known is asked for, once a second", exchange,
        rfc="RFC 826, RFC 1122 §2.3.2", ids="CD-2",
    )
    case.send("access0", udp(ALICE, VIDEO), "waiting", "the first packet: asked", originates=1,
              shows={"arp.opcode": "1", "eth.dst": _BROADCAST, "arp.src.hw_mac": PORT2_MAC,
                     "arp.src.proto_ipv4": "10.0.0.1", "arp.dst.hw_mac": "00:00:00:00:00:00",
                     "arp.dst.proto_ipv4": "10.0.0.2"})
    case.send("access0", udp(ALICE, VIDEO), "waiting", "at once after: not asked again")
    case.send("access0", udp(ALICE, VIDEO), "waiting", "half a second later: not asked again",
              after=0.5)
    case.send("access0", udp(ALICE6, "2001:db8:a::80"), "waiting",
              "over a second later: asked again", originates=1, after=0.75, shows={"arp.opcode": "1"})
    case.send("core0", _arp(2, "10.0.0.1", destination=PORT2_MAC, target_mac=PORT2_MAC), "consumed",
              "the answer: the latest packet goes, the three before it are lost", shows={"eth.dst": PEER_MAC})
    case.send("access0", udp(ALICE, VIDEO), "forwarded", "now it goes", shows={"eth.dst": PEER_MAC})
    case.send("access0", udp(ALICE6, "2001:db8:a::80"), "forwarded", "IPv6 too", shows={"eth.dst": PEER_MAC})
    case.send("core0", mpls_frame(17001, 200042, inner=udp(VIDEO, ALICE)), "forwarded",
              "back needs no answer")
    return case


def asked_from_own_link() -> Case:
    exchange = access_edge()
    core = exchange["ports"]["core0"]
    del core["neighbours"]
    core["addresses"] = ["10.9.0.1/24", *core["addresses"]]
    case = Case(
        "neighbour-own-link", "A next hop is asked from the port's address on its own link", exchange,
        rfc="RFC 826, RFC 1812 §3.3.2", ids="CD-2",
    )
    case.send("access0", udp(ALICE, VIDEO), "waiting", "asked from the second address", originates=1,
              shows={"arp.opcode": "1", "arp.src.proto_ipv4": "10.0.0.1", "arp.dst.proto_ipv4": "10.0.0.2"})
    case.send("core0", _arp(2, "10.0.0.1", destination=PORT2_MAC, target_mac=PORT2_MAC), "consumed",
              "the answer", shows={"eth.dst": PEER_MAC})
    return case


def _solicit(target, source=_PEER6, destination=_SOLICITED_NODE, mac="33:33:ff:00:00:01") -> bytes:
    message = IPv6(src=source, dst=destination, hlim=255) / ICMPv6ND_NS(tgt=target)
    if source != "::":
        message /= ICMPv6NDOptSrcLLAddr(lladdr=PEER_MAC)
    return ethernet(bytes(message), destination=mac)


def discovery() -> Case:
    case = Case(
        "neighbour-discovery", "Neighbour solicitations for our address are answered", access_edge(),
        rfc="RFC 4861 §7.1, §7.2.4", ids="CD-2",
    )
    case.send("core0", _solicit(_OWN6), "consumed", "to the solicited-node address", originates=1,
              shows={"icmpv6.type": "136", "icmpv6.nd.na.flag.s": "1", "icmpv6.nd.na.flag.o": "1",
                     "icmpv6.nd.na.flag.r": "1", "icmpv6.opt.linkaddr": PORT2_MAC, "ipv6.hlim": "255",
                     "ipv6.src": _OWN6, "ipv6.dst": _PEER6, "eth.dst": PEER_MAC})
    case.send("core0", _solicit(_OWN6, destination=_OWN6, mac=PORT2_MAC), "consumed",
              "to our address (RFC 4861 §7.3.3)", originates=1, shows={"icmpv6.type": "136"})
    case.send("core0", _solicit(_OWN6, source="::"), "consumed",
              "somebody probes our address: all nodes are told", originates=1,
              shows={"ipv6.dst": "ff02::1", "icmpv6.nd.na.flag.s": "0", "eth.dst": "33:33:00:00:00:01"})
    case.send("core0", _solicit("2001:db8:ff::7:1"), "consumed", "for another with the same group address")
    for packet, note in _unsound_solicitations():
        case.send("core0", ethernet(bytes(packet), destination="33:33:ff:00:00:01"),
                  "malformedNeighbourDiscovery", note)
    return case


def _unsound_solicitations():
    """What RFC 4861 §7.1.1 has a node discard."""
    source = ICMPv6NDOptSrcLLAddr(lladdr=PEER_MAC)

    def solicitation(ends=(_PEER6, _SOLICITED_NODE), hops=255, options=source, **fields):
        message = IPv6(src=ends[0], dst=ends[1], hlim=hops) / ICMPv6ND_NS(**{"tgt": _OWN6, **fields})
        return message / options if options else message

    yield solicitation(hops=254), "hop limit 254: it came through a router"
    yield solicitation(cksum=0x1234), "a wrong checksum"
    yield solicitation(code=1), "code 1"
    yield solicitation(tgt="ff02::1:ff00:1"), "a group as target"
    yield solicitation(options=ICMPv6NDOptSrcLLAddr(lladdr=PEER_MAC, len=0)), "an option of length 0"
    yield solicitation(options=ICMPv6NDOptSrcLLAddr(lladdr=PEER_MAC, len=2)), "an option beyond the packet"
    yield solicitation(ends=("::", _SOLICITED_NODE)), "a probe that gives a link-layer address"
    yield solicitation(ends=("::", _OWN6), options=None), "a probe to a single address"
    cut = IPv6(src=_PEER6, dst=_SOLICITED_NODE, hlim=255, nh=58) / Raw(bytes(solicitation())[40:60])
    yield cut, "cut inside the target"


def discovery_resolution() -> Case:
    exchange = access_edge()
    del exchange["ports"]["core0"]["neighbours"]
    exchange["lines"]["north"]["nextHop"] = _PEER6
    case = Case(
        "nd-resolution", "An IPv6 next hop is found by neighbour solicitation", exchange,
        rfc="RFC 4861 §7.2.2", ids="CD-2",
    )
    case.send("access0", udp(ALICE6, "2001:db8:a::80"), "waiting", "the first packet: asked",
              originates=1,
              shows={"icmpv6.type": "135", "icmpv6.nd.ns.target_address": _PEER6, "ipv6.src": _OWN6,
                     "ipv6.dst": "ff02::1:ff00:2", "eth.dst": "33:33:ff:00:00:02",
                     "ipv6.hlim": "255", "icmpv6.opt.linkaddr": PORT2_MAC})
    case.send("access0", udp(ALICE, VIDEO), "waiting", "half a second later: not asked again",
              after=0.5)
    advertisement = (
        IPv6(src=_PEER6, dst=_OWN6, hlim=255)
        / ICMPv6ND_NA(tgt=_PEER6, R=1, S=1, O=1)
        / ICMPv6NDOptDstLLAddr(lladdr=PEER_MAC)
    )
    case.send("core0", ethernet(bytes(advertisement), destination=PORT2_MAC), "consumed",
              "the answer: the packet that waits goes", shows={"mpls.label": "16001,100042"})
    case.send("access0", udp(ALICE, VIDEO), "forwarded", "now it goes",
              shows={"eth.dst": PEER_MAC, "mpls.label": "16001,100042"})
    return case


def ping() -> Case:
    case = Case(
        "ping", "Echo requests to our addresses are answered", access_edge(),
        rfc="RFC 792, RFC 4443 §4.2, RFC 1812 §5.3.7", ids="CD-1 CD-2",
    )
    case.send("access0", echo(ALICE, "10.1.0.1"), "consumed", "from the TUN", originates=1,
              shows={"icmp.type": "0", "ip.src": "10.1.0.1", "ip.dst": ALICE, "ip.ttl": "64"})
    case.send("access0", echo(ALICE6, "2001:db8:1::1", ttl=3), "consumed", "from the TUN, IPv6", originates=1,
              shows={"icmpv6.type": "129", "ipv6.src": "2001:db8:1::1", "ipv6.hlim": "64"})
    case.send("core0", ethernet(echo("10.0.0.2", "10.0.0.1", size=18), pad=60), "consumed", "from the core",
              originates=1, shows={"icmp.type": "0", "eth.dst": PEER_MAC, "icmp.seq": "3"})
    far = ethernet(echo("192.0.2.200", "10.0.0.1", ttl=9, size=0), source="02:00:00:00:00:0a", pad=60)
    case.send("core0", far, "consumed", "from far away: back to the station it came from", originates=1,
              shows={"eth.dst": "02:00:00:00:00:0a", "ip.dst": "192.0.2.200", "ip.ttl": "64", "ip.len": "28"})
    case.send("core0", ethernet(echo(_PEER6, _OWN6, size=200)), "consumed", "from the core, IPv6",
              originates=1, shows={"icmpv6.type": "129", "eth.dst": PEER_MAC})
    for source, note in [("10.0.0.1", "our own"), ("10.1.0.1", "that of another port"), ("224.0.0.5", "a group's"),
                         ("255.255.255.255", "broadcast"), ("10.0.0.3", "the link's broadcast"),
                         ("0.0.0.0", "unspecified"), ("127.0.0.1", "loopback")]:
        case.send("core0", ethernet(echo(source, "10.0.0.1")), "spoofedSource", f"from an address that is {note}")
    for source, note in [(_OWN6, "our own"), ("2001:db8:1::1", "that of another port"), ("ff02::5", "a group's"),
                         ("::", "unspecified"), ("::1", "loopback")]:
        case.send("core0", ethernet(echo(source, _OWN6)), "spoofedSource", f"IPv6, from an address that is {note}")
    case.send("access0", echo("10.1.0.1", "10.1.0.1"), "spoofedSource", "from ourselves, by the TUN")
    case.send("core0", ethernet(udp("10.0.0.1", "10.0.0.1")), "spoofedSource", "UDP from ourselves")
    case.send("core0", ethernet(echo("169.254.7.7", "10.0.0.1")), "consumed", "from link-local", originates=1,
              shows={"ip.dst": "169.254.7.7"})
    case.send("core0", ethernet(udp("10.0.0.2", "10.0.0.1")), "notServedHere", "UDP to us")
    case.send("access0", udp(ALICE, "10.1.0.1"), "notServedHere", "UDP to us, from the TUN")
    case.send("access0", udp(ALICE6, "2001:db8:1::1"), "notServedHere", "UDP to us, IPv6")
    return case


def ethernet_access() -> Case:
    """Subscribers on Ethernet find the edge by ARP, and the edge finds them."""
    exchange = deepcopy(access_edge())
    exchange["ports"]["access0"] = {
        "tap": "wl-access0",
        "role": "access",
        "addresses": ["10.1.0.1/24", "2001:db8:1::1/64"],
    }
    exchange["sessions"]["alice-video"]["access"] = {"port": "access0", "nextHop": ALICE}
    case = Case(
        "ethernet-access", "A subscriber on Ethernet: found by ARP", exchange,
        rfc="RFC 826", ids="CD-2",
    )
    down = mpls_frame(17001, 200042, inner=udp(VIDEO, ALICE))
    case.send("core0", down, "waiting", "to alice: asked", originates=1,
              shows={"arp.opcode": "1", "arp.dst.proto_ipv4": ALICE, "arp.src.proto_ipv4": "10.1.0.1"})
    reply = _arp(2, "10.1.0.1", sender_mac=HOST_MAC, sender=ALICE, destination=PORT1_MAC,
                 target_mac=PORT1_MAC)
    case.send("access0", reply, "consumed", "alice answers")
    case.send("core0", down, "forwarded", "to alice", shows={"eth.dst": HOST_MAC, "eth.src": PORT1_MAC})
    request = _arp(1, "10.1.0.1", sender_mac=HOST_MAC, sender=ALICE)
    case.send("access0", request, "consumed", "alice asks for the edge", originates=1,
              shows={"arp.opcode": "2"})
    up = ethernet(udp(ALICE, VIDEO), destination=PORT1_MAC, source=HOST_MAC)
    case.send("access0", up, "forwarded", "from alice", shows={"mpls.label": "16001,100042"})
    return case


def on_link_subscriber() -> Case:
    """Without a next hop the packet's own destination is who is asked for."""
    exchange = deepcopy(access_edge())
    exchange["ports"]["access0"] = {
        "tap": "wl-access0",
        "role": "access",
        "addresses": ["10.1.0.1/24", "2001:db8:1:5::1/64"],
        "neighbours": {ALICE: HOST_MAC},
    }
    exchange["subscribers"]["alice"]["addresses"] = [ALICE, ALICE6]
    case = Case(
        "ethernet-access-on-link", "Subscribers on the link itself, IPv4 and IPv6", exchange,
        rfc="RFC 4861 §7.2.2", ids="CD-2",
    )
    case.send("core0", mpls_frame(17001, 200042, inner=udp(VIDEO, ALICE)), "forwarded",
              "IPv4: a static neighbour", shows={"eth.dst": HOST_MAC})
    down = mpls_frame(17001, 200042, inner=udp(VIDEO6, ALICE6))
    case.send("core0", down, "waiting", "IPv6: asked", originates=1,
              shows={"icmpv6.nd.ns.target_address": ALICE6, "ipv6.src": "2001:db8:1:5::1",
                     "eth.dst": "33:33:ff:00:00:25"})
    advertisement = (
        IPv6(src=ALICE6, dst="2001:db8:1:5::1", hlim=255)
        / ICMPv6ND_NA(tgt=ALICE6, R=0, S=1, O=1)
        / ICMPv6NDOptDstLLAddr(lladdr=HOST_MAC)
    )
    answer = ethernet(bytes(advertisement), destination=PORT1_MAC, source=HOST_MAC)
    case.send("access0", answer, "consumed", "alice answers")
    case.send("core0", down, "forwarded", "IPv6", shows={"eth.dst": HOST_MAC, "eth.src": PORT1_MAC})
    return case
