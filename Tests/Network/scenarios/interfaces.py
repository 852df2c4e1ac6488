"""Interfaces that come, go and come again while the forwarder runs."""

import time

from laboratory import Laboratory, Program
from . import pair

_IDLE_SECONDS = 1.5


def share_of_processor(*programs: Program) -> list[float]:
    """What each uses of one processor, over a while."""
    before = [program.processor_seconds for program in programs]
    time.sleep(_IDLE_SECONDS)
    return [
        (program.processor_seconds - start) / _IDLE_SECONDS for program, start in zip(programs, before)
    ]


def coming_and_going(laboratory: Laboratory) -> None:
    """An interface that is missing at first, goes down, is deleted and made anew"""
    check = laboratory.check
    site = pair.build(laboratory, "interfaces")
    edge = site.edge.start()

    def idle(name: str) -> None:
        share = share_of_processor(edge.forwarder)[0]
        check(f"{name}: no busy loop", share < 0.01, f"{share:.2%} of a processor")

    check(
        "an interface that is missing is absent, and the forwarder runs on",
        edge.says("port core0: absent: there is no interface cable"),
        edge.log,
    )
    idle("absent")

    site.lay_cable()
    check("it is picked up when it comes", edge.says("port core0: up"), edge.log)
    check("and pings are answered", site.answers())
    check("and packets go through", site.forwards())

    site.namespace.ip("link set cable down")
    check("a link that goes down is noticed", edge.says("port core0: down"), edge.log)
    idle("down")
    site.namespace.ip("link set cable up")
    check("and when it is up again", edge.says("port core0: up", times=2), edge.log)
    check("packets go through", site.forwards())
    site.peer.ip("link set cable down")
    check("a lost carrier is noticed", edge.says("port core0: down", times=2), edge.log)
    site.peer.ip("link set cable up")
    check("and when it is back packets go through", site.forwards())

    site.namespace.ip("link del cable")
    check(
        "an interface that is deleted is absent again",
        edge.says("port core0: absent", times=2),
        edge.log,
    )
    idle("deleted")
    # Both ends have new addresses: what was known of the neighbour is no longer true.
    site.lay_cable()
    check("one that is made anew is picked up", edge.says("port core0: up", times=4), edge.log)
    check("and packets go through to the new address", site.forwards())

    # Within a second, so that nobody sees it missing.
    site.namespace.ip("link del cable")
    site.lay_cable()
    check("one that is exchanged in a moment carries packets too", site.forwards(seconds=6), edge.log)

    site.namespace.ip("link del wlt-tun")
    check("a TUN that is deleted is made anew, with its routes, and packets go through", site.forwards())
    site.namespace.ip("link set wlt-tun down")
    check(
        "a TUN that the operator takes down is left down", edge.says("port access0: down"), edge.log
    )
    idle("TUN down")
    site.namespace.ip("link set wlt-tun up")
    check("and has its routes again when he takes it up", site.forwards())
    edge.stop()
