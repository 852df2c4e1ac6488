#!/usr/bin/python3
"""One end of the traffic that the packet socket tests send through the ports: traffic.py serve|fetch|datagrams ADDRESS"""
import hashlib
import socket
import sys
import time

PORT, COUNT, UDP_SEGMENT = 8080, 8_000_000, 103
role, address = sys.argv[1:]
family = socket.AF_INET6 if ":" in address else socket.AF_INET
content = (bytes(i * i % 251 for i in range(9973)) * (COUNT // 9973 + 1))[:COUNT]


def digest(data):
    return f"{len(data)} {hashlib.sha256(data).hexdigest()}"


if role == "serve":
    server = socket.create_server(("", PORT), family=family)
    connection = server.accept()[0]
    connection.sendall(content)
    connection.close()
    print(digest(content))
elif role == "fetch":
    for attempt in range(100):
        try:
            connection = socket.create_connection((address, PORT), 5)
            break
        except OSError:
            time.sleep(0.05)
    print(digest(b"".join(iter(lambda: connection.recv(1 << 16), b""))))
elif role == "datagrams":
    # Each send is one superframe of ten datagrams. Before, small ones until they are no longer refused.
    sender = socket.socket(family, socket.SOCK_DGRAM)
    sender.connect((address, PORT))
    for attempt in range(100):
        try:
            sender.send(b"hello")
            time.sleep(0.1)
            sender.send(b"hello")
            break
        except ConnectionRefusedError:
            pass
    sender.setsockopt(socket.SOL_UDP, UDP_SEGMENT, 1001)
    for number in range(20):
        sender.send(content[:9_950])
        time.sleep(0.01)
elif role == "listen":
    receiver = socket.socket(family, socket.SOCK_DGRAM)
    receiver.bind(("", PORT))
    receiver.settimeout(5)
    sizes = []
    while len(sizes) < 200:
        data = receiver.recv(65536)
        if data != b"hello":
            sizes.append(len(data))
    print(len(sizes), sum(sizes), max(sizes))
