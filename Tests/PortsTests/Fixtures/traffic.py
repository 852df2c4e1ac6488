#!/usr/bin/python3
"""One end of the traffic that tests send through the ports:

    traffic.py serve|fetch|serve-many|fetch-many|datagrams|listen ADDRESS
"""
import hashlib
import socket
import sys
import threading
import time

PORT, COUNT, UDP_SEGMENT, FLOWS, FLOW_COUNT = 8080, 8_000_000, 103, 16, 500_000
role, address = sys.argv[1:]
family = socket.AF_INET6 if ":" in address else socket.AF_INET
content = (bytes(i * i % 251 for i in range(9973)) * (COUNT // 9973 + 1))[:COUNT]


def digest(data):
    return f"{len(data)} {hashlib.sha256(data).hexdigest()}"


def connected():
    for attempt in range(100):
        try:
            return socket.create_connection((address, PORT), 5)
        except OSError:
            time.sleep(0.05)


def part(number):
    """What one of many flows carries."""
    return content[number * 997:number * 997 + FLOW_COUNT]


def send_part(connection):
    connection.sendall(part(connection.recv(1)[0]))
    connection.close()


def fetch_part(number):
    connection = connected()
    connection.settimeout(30)
    connection.sendall(bytes([number]))
    parts[number] = digest(b"".join(iter(lambda: connection.recv(1 << 16), b"")))


def together(function, arguments):
    threads = [threading.Thread(target=function, args=(argument,)) for argument in arguments]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if role == "serve":
    server = socket.create_server(("", PORT), family=family)
    connection = server.accept()[0]
    connection.sendall(content)
    connection.close()
    print(digest(content))
elif role == "fetch":
    connection = connected()
    print(digest(b"".join(iter(lambda: connection.recv(1 << 16), b""))))
elif role == "serve-many":
    server = socket.create_server(("", PORT), family=family, backlog=FLOWS)
    together(send_part, [server.accept()[0] for _ in range(FLOWS)])
    print([digest(part(number)) for number in range(FLOWS)])
elif role == "fetch-many":
    parts = [None] * FLOWS
    together(fetch_part, range(FLOWS))
    print(parts)
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
    print(digest(content[:9_950] * 20))
elif role == "listen":
    receiver = socket.socket(family, socket.SOCK_DGRAM)
    receiver.bind(("", PORT))
    receiver.settimeout(5)
    datagrams = []
    while len(datagrams) < 200:
        data = receiver.recv(65536)
        if data != b"hello":
            datagrams.append(data)
    print(max(map(len, datagrams)), digest(b"".join(datagrams)))
