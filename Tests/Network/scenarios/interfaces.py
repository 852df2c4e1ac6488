"""Interfaces that come, go and come again while the forwarder runs."""

import time

from laboratory import Forwarder, Laboratory
from . import pair

_IDLE_SECONDS = 1.5


def share_of_processor(*forwarders: Forwarder) -> list[float]:
    """What each uses of one processor, over a while."""
    before = [forwarder.processor_seconds for forwarder in forwarders]
    time.sleep(_IDLE_SECONDS)
    return [
        (forwarder.processor_seconds - start) / _IDLE_SECONDS for forwarder, start in zip(forwarders, before)
    ]


def coming_and_going(laboratory: Laboratory) -> None:
    """An interface that is missing at first, goes down, is deleted and made anew"""
    check = laboratory.check
    edge = pair.build(laboratory, "interfaces")
    forwarder = edge.forwarder.start()

    def idle(name: str) -> None:
        share = share_of_processor(forwarder)[0]
        check(f"{name}: no busy loop", share < 0.01, f"{share:.2%} of a processor")

    check(
        "an interface that is missing is absent, and the forwarder runs on",
        forwarder.says("port core0: absent: there is no interface cable"),
        forwarder.log,
    )
    idle("absent")

    edge.lay_cable()
    check("it is picked up when it comes", forwarder.says("port core0: up"), forwarder.log)
    check("and pings are answered", edge.answers())
    check("and packets go through", edge.forwards())

    edge.edge.ip("link set cable down")
    check("a link that goes down is noticed", forwarder.says("port core0: down"), forwarder.log)
    idle("down")
    edge.edge.ip("link set cable up")
    check("and when it is up again", forwarder.says("port core0: up", times=2), forwarder.log)
    check("packets go through", edge.forwards())
    edge.peer.ip("link set cable down")
    check("a lost carrier is noticed", forwarder.says("port core0: down", times=2), forwarder.log)
    edge.peer.ip("link set cable up")
    check("and when it is back packets go through", edge.forwards())

    edge.edge.ip("link del cable")
    check(
        "an interface that is deleted is absent again",
        forwarder.says("port core0: absent", times=2),
        forwarder.log,
    )
    idle("deleted")
    # Both ends have new addresses: what was known of the neighbour is no longer true.
    edge.lay_cable()
    check("one that is made anew is picked up", forwarder.says("port core0: up", times=4), forwarder.log)
    check("and packets go through to the new address", edge.forwards())

    # Within a second, so that nobody sees it missing.
    edge.edge.ip("link del cable")
    edge.lay_cable()
    check("one that is exchanged in a moment carries packets too", edge.forwards(seconds=6), forwarder.log)

    edge.edge.ip("link del wlt-tun")
    check("a TUN that is deleted is made anew, with its routes, and packets go through", edge.forwards())
    edge.edge.ip("link set wlt-tun down")
    check(
        "a TUN that the operator takes down is left down", forwarder.says("port access0: down"), forwarder.log
    )
    idle("TUN down")
    edge.edge.ip("link set wlt-tun up")
    check("and has its routes again when he takes it up", edge.forwards())
    forwarder.stop()
