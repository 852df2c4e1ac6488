"""A second implementation of the edge, made from the written semantics and the RFCs: slow and plain.

It shares nothing with the forwarder. scapy builds its frames and computes its checksums.
"""
