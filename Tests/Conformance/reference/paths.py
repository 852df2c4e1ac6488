"""Which of a session's paths a packet goes by: highest random weight (RFC 2991 §4), with a hash of this file's own."""

from hashlib import sha256

from .ip import TCP, UDP, IPPacket

_SCTP = 132


def chosen(legs: list, packet: IPPacket):
    """The leg of the packet's flow; fragments have no ports."""
    if len(legs) == 1:
        return legs[0]
    flow = packet.source.packed + packet.destination.packed + bytes([packet.protocol or 0])
    is_whole = not packet.fragment_offset and not packet.more_fragments
    if is_whole and packet.protocol in (TCP, UDP, _SCTP):
        flow += packet.transport[:4]
    return max(legs, key=lambda leg: sha256(flow + leg.tunnel.name.encode()).digest())
