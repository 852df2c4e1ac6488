"""The exchanges that the cases run on, as small as their themes allow."""

from copy import deepcopy

from .packets import HOST_MAC, LOCAL, LOCAL6, PEER_MAC, REMOTE, REMOTE6

ACCESS = {"tun": "wl-access0", "role": "access", "addresses": ["10.1.0.1/24", "2001:db8:1::1/64"]}
CORE = {
    "packet": "veth-core",
    "role": "network",
    "addresses": ["10.0.0.1/30", "2001:db8:ff::1/64"],
    "neighbours": {"10.0.0.2": PEER_MAC},
}
NORTH = {"port": "core0", "nextHop": "10.0.0.2", "mtu": 1500, "capacity": "1Gbit"}
PROVIDERS = {"acme": {"name": "Acme Media"}, "beta": {"name": "Beta Music"}}
SERVICES = {
    "acme-video": {"provider": "acme", "prefixes": ["198.51.100.0/24", "2001:db8:a::/48"]},
    "beta-music": {"provider": "beta", "prefixes": ["203.0.113.0/24"]},
}
SUBSCRIBERS = {
    "alice": {"port": "access0", "addresses": ["10.1.0.5", "2001:db8:1:5::/64"]},
    "bob": {"port": "access0", "addresses": ["10.1.0.6"]},
}
ALICE_VIDEO = {"subscriber": "alice", "service": "acme-video"}
PLAIN = {"port": "access0"}
MPLS_LEG = {"tunnel": "acme-north", "send": 100042, "receive": 200042}
ACME_NORTH = {"line": "north", "mpls": {"send": 16001, "receive": 17001}, "capacity": "100Mbit"}
BETA_WEST = {"line": "north", "ipip": {"local": LOCAL, "remote": REMOTE}}


def access_edge(tunnel=ACME_NORTH, leg=MPLS_LEG, allow: list | None = None, mtu: int = 1500) -> dict:
    """A TUN for subscribers, an Ethernet port to the core, one session of alice's for the video service."""
    condition = dict(ALICE_VIDEO) if allow is None else {**ALICE_VIDEO, "allow": allow}
    return deepcopy(
        {
            "ports": {"access0": ACCESS, "core0": CORE},
            "lines": {"north": {**NORTH, "mtu": mtu}},
            "providers": PROVIDERS,
            "services": SERVICES,
            "tunnels": {leg["tunnel"]: tunnel},
            "subscribers": SUBSCRIBERS,
            "conditions": [condition],
            "sessions": {"alice-video": {**ALICE_VIDEO, "access": PLAIN, "network": leg}},
        }
    )


def ip_in_ip_edge(**options) -> dict:
    return access_edge(tunnel=BETA_WEST, leg={"tunnel": "beta-west"}, **options)


def ip_in_ip6_edge(**knobs) -> dict:
    """As above, the outer header IPv6."""
    tunnel = {"line": "north", "ipip": {"local": LOCAL6, "remote": REMOTE6, **knobs}}
    return access_edge(tunnel=tunnel, leg={"tunnel": "beta-west"})


def mpls_in_udp_edge(local=LOCAL, remote=REMOTE, **knobs) -> dict:
    """An outer header of either version, UDP, and alice's user label."""
    tunnel = {"line": "north", "mplsudp": {"local": local, "remote": remote, **knobs}}
    return access_edge(tunnel=tunnel, leg={"tunnel": "acme-udp", "send": 100042, "receive": 200042})


def mpls_in_udp6_edge(**knobs) -> dict:
    return mpls_in_udp_edge(LOCAL6, REMOTE6, **knobs)


def provider_edge(tunnel: dict, leg: dict) -> dict:
    """The other end: a tunnelled access leg from the core, a plain network leg to the provider's servers."""
    server = {
        "tap": "wl-server0",
        "role": "network",
        "addresses": ["192.0.2.129/30", "2001:db8:fe::1/64"],
        "neighbours": {"192.0.2.130": HOST_MAC},
    }
    return deepcopy(
        {
            "ports": {"server0": server, "core0": CORE},
            "lines": {"north": NORTH},
            "providers": PROVIDERS,
            "services": SERVICES,
            "tunnels": {leg["tunnel"]: tunnel},
            "subscribers": {
                "alice": {"addresses": ["10.1.0.5", "2001:db8:1:5::/64"]},
                "bob": {"addresses": ["10.1.0.6"]},
            },
            "conditions": [ALICE_VIDEO],
            "sessions": {
                "alice-video": {
                    **ALICE_VIDEO,
                    "access": leg,
                    "network": {"port": "server0", "nextHop": "192.0.2.130"},
                }
            },
        }
    )
