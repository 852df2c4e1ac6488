/// An edge with what `edge` doesn't have: policers, several paths, tagged lines, outer IPv6, subscribers who serve one
/// another, answers to what is denied, and a tunnel whose end may send packets that are to go into it.
let richEdge = """
    ports:
      access0: { tun: wl-access0, role: access, addresses: [10.1.0.1/24, "2001:db8:1::1/64"], denied: prohibited }
      core0:
        packet: veth-core
        role: network
        mac: "02:00:00:00:00:0a"
        addresses: [10.0.0.1/30, "2001:db8:ff::1/64"]
        neighbours: { 10.0.0.2: "02:00:00:00:00:02" }
      core1:
        packet: veth-west
        role: network
        mac: "02:00:00:00:00:0b"
        addresses: [10.0.1.1/30]
        icmpErrors: false
        neighbours: { 10.0.1.2: "02:00:00:00:00:03" }
    lines:
      north: { port: core0, nextHop: 10.0.0.2, mtu: 1500, vlan: [100, 7] }
      west:  { port: core1, nextHop: 10.0.1.2 }
    providers: { acme: { name: Acme Media } }
    services:
      video: { provider: acme, prefixes: [198.51.100.0/24, "2001:db8:a::/48"] }
      bobs: { provider: acme, prefixes: [10.1.0.6/32] }
      all: { provider: acme, prefixes: [0.0.0.0/0] }
    tunnels:
      t1: { line: north, mpls: { send: [16001, 16002, 16003], receive: 17001, innerDSCP: { 5: ef } } }
      t2: { line: west, ipip: { local: "2001:db8:99::1", remote: "2001:db8:99::2", innerDSCP: outer } }
      t3: { line: west, ipip: { local: 10.0.1.1, remote: 192.0.2.9 } }
      t4: { line: west, mpls: { send: 16009, receive: 17009 } }
    subscribers:
      alice: { port: access0, addresses: [10.1.0.5, "2001:db8:1:5::/64"] }
      bob:   { port: access0, addresses: [10.1.0.6] }
      carol: { addresses: [10.7.0.0/24] }
    conditions:
      - subscriber: alice
        service: video
        allow: [{ protocol: tcp, ports: [80, 443], dscp: [ef, 0] }, { protocol: icmp, types: [echo] }]
      - { subscriber: alice, service: bobs }
      - { subscriber: carol, service: all }
      - { subscriber: carol, service: video }
    sessions:
      alice-video:
        subscriber: alice
        service: video
        access: { port: access0 }
        network: [{ tunnel: t1, send: 100042, receive: 200042 }, { tunnel: t2 }]
        policer:
          up: { committed: 1000, peak: 1000, burst: 3000 }
          down: { committed: 1000, peak: 1000, burst: 100, peakBurst: 300, yellow: { dscp: af11 } }
      alice-bob: { subscriber: alice, service: bobs, access: { port: access0 }, network: { port: access0 } }
      carol-all:
        subscriber: carol
        service: all
        access: { tunnel: t3 }
        network: { port: core0, nextHop: 10.0.0.2 }
      carol-video:
        subscriber: carol
        service: video
        access: { tunnel: t4, send: 7000, receive: 8000 }
        network: [{ tunnel: t1, send: 100043, receive: 200043 }, { tunnel: t2 }]
    labels:
      - { in: 16100, swap: 16200, via: north }

    """
