"""The kernel as the edge's neighbour: it asks, pings and is asked."""

from laboratory import Laboratory
from . import pair
from .chain import mac_of


def neighbours(laboratory: Laboratory) -> None:
    """ARP, neighbour discovery and ping to an edge's own addresses"""
    check = laboratory.check
    site = pair.build(laboratory, "neighbours")
    site.lay_cable()
    site.edge.start()
    mac = mac_of(site.namespace, "cable")
    # The edge has asked for the peer, and so told it where it is; the peer shall ask itself.
    site.peer.ip("neigh flush dev cable")
    for version, address in (("ARP", "10.0.0.1"), ("neighbour discovery", "2001:db8:ff::1")):
        ping = site.peer.run(f"ping -n -c 3 -i 0.05 -W 1 {address}")
        check(f"CD-3 ping to {address} is answered, 3 of 3", " 0% packet loss" in ping.stdout, ping.stdout)
        table = site.peer.run(f"ip neigh show {address}").stdout
        check(
            f"CD-3 the kernel has our address by {version}",
            f"lladdr {mac} " in table and "REACHABLE" in table,
            table,
        )
    for size, address in ((1472, "10.0.0.1"), (1452, "2001:db8:ff::1")):
        ping = site.peer.run(f"ping -n -c 2 -i 0.05 -W 1 -s {size} {address}")
        check(f"a ping of {size} bytes, which fill a frame, is answered", ping.returncode == 0, ping.stdout)
    # Fragments of what is addressed to us are not put together: no answer, and the drop says so.
    before = site.edge.counters()["drops"].get("notServedHere", 0)
    ping = site.peer.run("ping -n -c 1 -W 0.3 -s 3000 10.0.0.1")
    check("a ping in fragments is not answered", ping.returncode == 1, ping.stdout)
    drops = site.edge.counters()["drops"]
    laboratory.equal(
        "but its three fragments are dropped as notServedHere", drops.get("notServedHere", 0) - before, 3
    )

    check("CD-1 a subscriber's packets leave by the cable", site.forwards())
    site.peer.ip("link set cable address 02:00:00:00:77:77")

    def found_again():
        check(
            "a neighbour who has changed his MAC address without a word is found again",
            site.forwards(seconds=16),
        )
        site.edge.stop()

    laboratory.later(found_again)
