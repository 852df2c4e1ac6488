#!/usr/bin/python3
"""A cable with weather: passes frames between two interfaces, and loses, doubles and swaps some of them.

weather.py INTERFACE INTERFACE SEED LOST DOUBLED SWAPPED     the last three: one frame in so many; 0: none

A process of its own. Says `ready` when it passes frames, and at SIGTERM what it has done.
"""

import random
import select
import signal
import socket
import sys

_ETH_P_ALL = 3
_SOL_PACKET, _PACKET_ADD_MEMBERSHIP, _PACKET_IGNORE_OUTGOING = 263, 1, 23
_MR_PROMISC = 1
_SO_RCVBUFFORCE = 33
_PATIENCE = 0.002
"""Seconds after which a frame that was to change places with the next one goes, since none comes."""


class Way:
    """From one interface to the other."""

    def __init__(self, source: socket.socket, target: socket.socket, intervals: tuple[int, int, int], dice):
        self._source, self._target = source, target
        self._lost, self._doubled, self._swapped = intervals
        self._dice = dice
        self._held: bytes | None = None
        self.counts = {"passed": 0, "lost": 0, "doubled": 0, "swapped": 0}

    def _befalls(self, what: str, interval: int) -> bool:
        if not interval or self._dice.randrange(interval):
            return False
        self.counts[what] += 1
        return True

    def pass_all(self) -> None:
        """Passes what has come."""
        for _ in range(256):
            try:
                frame = self._source.recv(65536)
            except BlockingIOError:
                return
            self.counts["passed"] += 1
            if self._befalls("lost", self._lost):
                continue
            if self._held is None and self._befalls("swapped", self._swapped):
                self._held = frame
                continue
            self._send(frame)
            if self._befalls("doubled", self._doubled):
                self._send(frame)
            self.let_go()

    def let_go(self) -> None:
        if self._held is not None:
            self._send(self._held)
            self._held = None

    def _send(self, frame: bytes) -> None:
        try:
            self._target.send(frame)
        except OSError:
            self.counts["lost"] += 1


def _open(interface: str) -> socket.socket:
    made = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    made.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, 64 << 20)
    made.setsockopt(_SOL_PACKET, _PACKET_IGNORE_OUTGOING, 1)
    made.bind((interface, _ETH_P_ALL))
    request = socket.if_nametoindex(interface).to_bytes(4, sys.byteorder)
    request += _MR_PROMISC.to_bytes(2, sys.byteorder) + bytes(10)
    made.setsockopt(_SOL_PACKET, _PACKET_ADD_MEMBERSHIP, request)
    made.setblocking(False)
    return made


def main(one: str, other: str, seed: int, *intervals: int) -> None:
    dice = random.Random(seed)
    ends = _open(one), _open(other)
    ways = {
        ends[0]: Way(ends[0], ends[1], intervals, dice),
        ends[1]: Way(ends[1], ends[0], intervals, dice),
    }
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print("ready", flush=True)
    try:
        while True:
            readable = select.select(ends, [], [], _PATIENCE)[0]
            for end in readable:
                ways[end].pass_all()
            for end in ends:
                if end not in readable:
                    ways[end].let_go()
    finally:
        print(*(way.counts for way in ways.values()), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:]))
