#!/usr/bin/python3
"""Sends numbered datagrams at a steady rate until SIGTERM: pacer.py SOURCE DESTINATION RATE. Prints how many it has sent,
and the share of the due ones that it had no time for.

A process of its own, so that nothing else takes its turns. The datagrams are of several flows, in turn, so that all queues
of an interface have some.
"""

import signal
import socket
import struct
import sys
import time

_FLOWS = 8


def main(source: str, destination: str, rate: float) -> None:
    flows = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(_FLOWS)]
    for flow in flows:
        flow.bind((source, 0))
    ended = []
    signal.signal(signal.SIGTERM, lambda *_: ended.append(True))
    where = (destination, 9)
    begin, sent, late = time.monotonic(), 0, 0
    while not ended:
        now = time.monotonic() - begin
        due = int(now * rate)
        # After a pause no burst that a queue could not take.
        for _ in range(min(due - sent, 64)):
            flows[sent % _FLOWS].sendto(struct.pack("!I", sent), where)
            sent += 1
        if due - sent > rate / 100:
            late += due - sent
            begin = time.monotonic() - sent / rate
        if due - sent < 8:
            time.sleep(0.0003)
    print(sent, late / max(1, sent + late))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]))
