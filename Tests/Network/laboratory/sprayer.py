#!/usr/bin/python3
"""Sends the frames of a pcap file out of an interface, again and again: sprayer.py INTERFACE FILE RATE SECONDS.

A process of its own, so that it slows nobody's reading down. Prints how many it has sent.
"""

import socket
import struct
import sys
import time


def main(interface: str, path: str, rate: float, seconds: float) -> None:
    octets = open(path, "rb").read()
    frames, offset = [], 24
    while offset + 16 <= len(octets):
        (length,) = struct.unpack_from("<I", octets, offset + 8)
        frames.append(octets[offset + 16 : offset + 16 + length])
        offset += 16 + length
    out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    out.bind((interface, 0))
    begin = time.monotonic()
    sent = 0
    while (now := time.monotonic() - begin) < seconds:
        for _ in range(min(int(now * rate) - sent, 64)):
            try:
                out.send(frames[sent % len(frames)])
            except OSError:
                pass
            sent += 1
        time.sleep(0.0005)
    print(sent)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]), float(sys.argv[4]))
