// Written by packets.py.

/// A packet, where it arrives, and what must become of it.
let packetTable: [ExpectedPacket] = [
    ExpectedPacket(
        "ping from alice to video", port: "access0", .forwarded, zeros: 0,
        """
        4500001c000100004001469d0a010005c633640a0800f7ff00000000
        """),
    ExpectedPacket(
        "alice to video by IPv6", port: "access0", .forwarded, zeros: 0,
        """
        600000000014064020010db800010005000000000000002520010db8000a0000000000000000008000140050
        00000000000000005002200033580000
        """),
    ExpectedPacket(
        "1500 bytes, to be fragmented", port: "access0", .forwarded, zeros: 1462,
        """
        450005dc00010000400640d80a010005c633640a001401bb000000000000000050022000541c
        """),
    ExpectedPacket(
        "nothing but a version", port: "access0", .dropped(.truncatedIPv4), zeros: 0,
        """
        45
        """),
    ExpectedPacket(
        "version 5", port: "access0", .dropped(.badIPVersion), zeros: 0,
        """
        55000028000100004006468c0a010005c633640a9c4001bb000000000000000050022000bda30000
        """),
    ExpectedPacket(
        "header length 16", port: "access0", .dropped(.badIPv4HeaderLength), zeros: 0,
        """
        44000028000100004006468c0a010005c633640a9c4001bb000000000000000050022000bda30000
        """),
    ExpectedPacket(
        "total length above what came", port: "access0", .dropped(.badIPv4TotalLength), zeros: 0,
        """
        45000029000100004006468c0a010005c633640a9c4001bb000000000000000050022000bda30000
        """),
    ExpectedPacket(
        "another checksum", port: "access0", .dropped(.badIPv4Checksum), zeros: 0,
        """
        4500002800010000400612340a010005c633640a9c4001bb000000000000000050022000bda30000
        """),
    ExpectedPacket(
        "39 bytes of IPv6", port: "access0", .dropped(.truncatedIPv6), zeros: 0,
        """
        6000000000003b4020010db800010005000000000000002520010db8000a000000000000000000
        """),
    ExpectedPacket(
        "payload length above what came", port: "access0", .dropped(.badIPv6PayloadLength), zeros: 0,
        """
        6000000000083b4020010db800010005000000000000002520010db8000a00000000000000000080
        """),
    ExpectedPacket(
        "TCP of two bytes", port: "access0", .dropped(.truncatedTransport), zeros: 0,
        """
        45000016000100004006469e0a010005c633640a9c40
        """),
    ExpectedPacket(
        "TTL 1", port: "access0", .dropped(.ttlExpired), zeros: 0,
        """
        45000028000100000106858c0a010005c633640a9c4001bb000000000000000050022000bda30000
        """),
    ExpectedPacket(
        "hop limit 1", port: "access0", .dropped(.ttlExpired), zeros: 0,
        """
        600000000014060120010db800010005000000000000002520010db8000a0000000000000000008000140050
        00000000000000005002200033580000
        """),
    ExpectedPacket(
        "multicast", port: "access0", .dropped(.notUnicast), zeros: 0,
        """
        4500001c00010000401190c50a010005e00000050035003500081569
        """),
    ExpectedPacket(
        "1500 bytes, DF set", port: "access0", .dropped(.tooBig), zeros: 1462,
        """
        450005dc00014000400600d80a010005c633640a001401bb000000000000000050022000541c
        """),
    ExpectedPacket(
        "1500 bytes of IPv6", port: "access0", .dropped(.tooBig), zeros: 1442,
        """
        6000000005b4064020010db800010005000000000000002520010db8000a0000000000000000008000140050
        0000000000000000500220002db8
        """),
    ExpectedPacket(
        "from nobody", port: "access0", .dropped(.unknownSubscriber), zeros: 0,
        """
        45000028000100004006462e0a010063c633640a001401bb00000000000000005002200059720000
        """),
    ExpectedPacket(
        "carol's address", port: "access0", .dropped(.spoofedSource), zeros: 0,
        """
        45000028000100004006468b0a020005c633640a001401bb00000000000000005002200059cf0000
        """),
    ExpectedPacket(
        "our own address", port: "access0", .dropped(.spoofedSource), zeros: 0,
        """
        4500002800010000400646910a000001c633640a001401bb00000000000000005002200059d50000
        """),
    ExpectedPacket(
        "to no service", port: "access0", .dropped(.unknownService), zeros: 0,
        """
        45000028000100004006ae7c0a010005c000024d001401bb000000000000000050022000c1c00000
        """),
    ExpectedPacket(
        "a port that no rule has", port: "access0", .dropped(.notAdmitted), zeros: 0,
        """
        45000028000100004006468c0a010005c633640a001400160000000000000000500220005b750000
        """),
    ExpectedPacket(
        "a protocol that no rule has", port: "access0", .dropped(.notAdmitted), zeros: 0,
        """
        4500001c000100004011468d0a010005c633640a003501bb0008c9aa
        """),
    ExpectedPacket(
        "a service without a condition", port: "access0", .dropped(.notAdmitted), zeros: 0,
        """
        4500002800010000400634010a010005cb0071c80014005000000000000000005002200048b00000
        """),
    ExpectedPacket(
        "a condition without a session", port: "access0", .dropped(.notAdmitted), zeros: 0,
        """
        4500002800010000400634a00a010006cb00712800140050000000000000000050022000494f0000
        """),
    ExpectedPacket(
        "a later fragment of TCP", port: "access0", .dropped(.fragmentWithoutPorts), zeros: 0,
        """
        450000240001000a400646860a010005c633640a00000000000000000000000000000000
        """),
    ExpectedPacket(
        "UDP to us", port: "access0", .dropped(.notServedHere), zeros: 0,
        """
        4500001c00010000401166c90a0100050a010001003500350008eb6c
        """),
    ExpectedPacket(
        "ping to us", port: "access0", .consumed, zeros: 0,
        """
        4500001c00010000400166d90a0100050a0100010800f7ff00000000
        """),
    ExpectedPacket(
        "a next hop that isn't known", port: "access0", .dropped(.neighbourUnresolved), zeros: 0,
        """
        4500001c00010000401134a20a010005cb007128003500350008b945
        """),
    ExpectedPacket(
        "more than a buffer takes", port: "access0", .dropped(.oversized), zeros: 269999,
        """
        45
        """),
    ExpectedPacket(
        "carol on her VLAN", port: "access1", .forwarded, zeros: 0,
        """
        02000000001102000000000581000064080045000028000100004006468b0a020005c633640a001401bb0000
        0000000000005002200059cf0000
        """),
    ExpectedPacket(
        "carol without her tag", port: "access1", .dropped(.wrongVLAN), zeros: 0,
        """
        020000000011020000000002080045000028000100004006468b0a020005c633640a001401bb000000000000
        00005002200059cf0000
        """),
    ExpectedPacket(
        "13 bytes", port: "core0", .dropped(.truncatedEthernet), zeros: 0,
        """
        02000000000a02000000000208
        """),
    ExpectedPacket(
        "to another station", port: "core0", .dropped(.notOurMAC), zeros: 0,
        """
        020000000099020000000002080045000028000100004006468cc633640a0a01000501bb9c40000000000000
        000050022000bda30000
        """),
    ExpectedPacket(
        "LLDP", port: "core0", .dropped(.unknownEtherType), zeros: 0,
        """
        02000000000a02000000000288cc000000000000000000000000000000000000000000000000000000000000
        00000000000000000000000000000000
        """),
    ExpectedPacket(
        "a tag on the network side", port: "core0", .dropped(.wrongVLAN), zeros: 0,
        """
        02000000000a02000000000281000007080045000028000100004006468cc633640a0a01000501bb9c400000
        00000000000050022000bda30000
        """),
    ExpectedPacket(
        "ARP for Token Ring", port: "core0", .dropped(.malformedARP), zeros: 0,
        """
        02000000000a020000000002080600060800000400010a0000020a000001
        """),
    ExpectedPacket(
        "ARP for us", port: "core0", .consumed, zeros: 0,
        """
        ffffffffffff020000000002080600010800060400010200000000020a0000020000000000000a000001
        """),
    ExpectedPacket(
        "ARP for somebody else", port: "core0", .consumed, zeros: 0,
        """
        ffffffffffff020000000002080600010800060400010200000000020a0000020000000000000a000003
        """),
    ExpectedPacket(
        "neighbour solicitation", port: "core0", .consumed, zeros: 0,
        """
        3333ff00000102000000000286dd6000000000203aff20010db800ff00000000000000000002ff0200000000
        000000000001ff00000187001a290000000020010db800ff000000000000000000010101020000000002
        """),
    ExpectedPacket(
        "neighbour solicitation through a router", port: "core0", .dropped(.malformedNeighbourDiscovery),
        zeros: 0,
        """
        3333ff00000102000000000286dd6000000000203afe20010db800ff00000000000000000002ff0200000000
        000000000001ff00000187001a290000000020010db800ff000000000000000000010101020000000002
        """),
    ExpectedPacket(
        "broadcast IPv4", port: "core0", .dropped(.notUnicast), zeros: 0,
        """
        ffffffffffff020000000002080045000028000100004006468cc633640a0a01000501bb9c40000000000000
        000050022000bda30000
        """),
    ExpectedPacket(
        "to no subscriber", port: "core0", .dropped(.unknownDestination), zeros: 0,
        """
        02000000000a02000000000208004500001c0001000040113d81c633640a0a090909003500350008c224
        """),
    ExpectedPacket(
        "from no service", port: "core0", .dropped(.unknownService), zeros: 0,
        """
        02000000000a02000000000208004500001c000100004011ae7dc000024d0a0100050035003500083321
        """),
    ExpectedPacket(
        "bare IP where the tunnel is due", port: "core0", .dropped(.wrongLeg), zeros: 0,
        """
        02000000000a020000000002080045000028000100004006468cc633640a0a01000501bb9c40000000000000
        000050022000bda30000
        """),
    ExpectedPacket(
        "video to alice", port: "core0", .forwarded, zeros: 0,
        """
        02000000000a02000000000288470426903d30d6a13d45000028000100004006468cc633640a0a01000501bb
        9c40000000000000000050022000bda30000
        """),
    ExpectedPacket(
        "a label with TTL 1", port: "core0", .dropped(.ttlExpired), zeros: 0,
        """
        02000000000a02000000000288470426900130d6a10145000028000100004006468cc633640a0a01000501bb
        9c40000000000000000050022000bda30000
        """),
    ExpectedPacket(
        "three bytes of a label", port: "core0", .dropped(.truncatedLabelStack), zeros: 0,
        """
        02000000000a0200000000028847042690
        """),
    ExpectedPacket(
        "a label that isn't bound", port: "core0", .dropped(.unknownLabel), zeros: 0,
        """
        02000000000a02000000000288471869f13d45000028000100004006468cc633640a0a01000501bb9c400000
        00000000000050022000bda30000
        """),
    ExpectedPacket(
        "an unbound user label", port: "core0", .dropped(.unknownLabel), zeros: 0,
        """
        02000000000a02000000000288470426903d1869f13d45000028000100004006468cc633640a0a01000501bb
        9c40000000000000000050022000bda30000
        """),
    ExpectedPacket(
        "explicit null", port: "core0", .dropped(.missingUserLabel), zeros: 0,
        """
        02000000000a02000000000288470000013d45000028000100004006468cc633640a0a01000501bb9c400000
        00000000000050022000bda30000
        """),
    ExpectedPacket(
        "explicit null above the path", port: "core0", .forwarded, zeros: 0,
        """
        02000000000a02000000000288470000003d0426903d30d6a13d45000028000100004006468cc633640a0a01
        000501bb9c40000000000000000050022000bda30000
        """),
    ExpectedPacket(
        "a transit label below a null", port: "core0", .forwarded, zeros: 0,
        """
        02000000000a02000000000288470000003d03ee413d45000028000100004006468cc633640a0a01000501bb
        9c40000000000000000050022000bda30000
        """),
    ExpectedPacket(
        "nine labels", port: "core0", .dropped(.labelStackTooDeep), zeros: 0,
        """
        02000000000a02000000000288470000003d0000003d0000003d0000003d0000003d0000003d0000003d0000
        003d0426913d45000028000100004006468cc633640a0a01000501bb9c40000000000000000050022000bda3
        0000
        """),
    ExpectedPacket(
        "router alert", port: "core0", .dropped(.reservedLabel), zeros: 0,
        """
        02000000000a02000000000288470000113d45000028000100004006468cc633640a0a01000501bb9c400000
        00000000000050022000bda30000
        """),
    ExpectedPacket(
        "the tunnel's associated channel", port: "core0", .dropped(.associatedChannel), zeros: 0,
        """
        02000000000a02000000000288470426903d0000d13d45000028000100004006468cc633640a0a01000501bb
        9c40000000000000000050022000bda30000
        """),
    ExpectedPacket(
        "the session's associated channel", port: "core0", .dropped(.associatedChannel), zeros: 0,
        """
        02000000000a02000000000288470426903d30d6a03d0000d13d45000028000100004006468cc633640a0a01
        000501bb9c40000000000000000050022000bda30000
        """),
    ExpectedPacket(
        "a tag on a tunnel", port: "core0", .dropped(.wrongVLAN), zeros: 0,
        """
        02000000000a0200000000028100000788470426903d30d6a13d45000028000100004006468cc633640a0a01
        000501bb9c40000000000000000050022000bda30000
        """),
    ExpectedPacket(
        "an error about alice's packet", port: "core0", .forwarded, zeros: 0,
        """
        02000000000a02000000000288470426903d30d6a13d45000044000100004001ae65c000024d0a0100050b00
        295e0000000045000028000100004006468c0a010005c633640a9c4001bb000000000000000050022000bda3
        0000
        """),
    ExpectedPacket(
        "an error about a packet that no rule has", port: "core0", .dropped(.innerSourceMismatch), zeros: 0,
        """
        02000000000a02000000000288470426903d30d6a13d45000044000100004001ae65c000024d0a0100050b00
        295e0000000045000028000100004006468c0a010005c633640a001400160000000000000000500220005b75
        0000
        """),
    ExpectedPacket(
        "an error from inside the tunnel", port: "core0", .forwarded, zeros: 0,
        """
        02000000000a02000000000288470426903d30d6a13d450000440001000040018e2dc000024dc633640a0b00
        295e0000000045000028000100004006468cc633640a0a01000501bb9c40000000000000000050022000bda3
        0000
        """),
    ExpectedPacket(
        "an error outside of the tunnel", port: "core0", .dropped(.unknownService), zeros: 0,
        """
        02000000000a020000000002080045000044000100004001ae65c000024d0a0100050b00295e000000004500
        0028000100004006468c0a010005c633640a9c4001bb000000000000000050022000bda30000
        """),
    ExpectedPacket(
        "a user label without its path", port: "core0", .dropped(.labelOutOfContext), zeros: 0,
        """
        02000000000a020000000002884730d6a13d45000028000100004006468cc633640a0a01000501bb9c400000
        00000000000050022000bda30000
        """),
    ExpectedPacket(
        "a path label on another port", port: "core1", .dropped(.labelOutOfContext), zeros: 0,
        """
        02000000000b02000000000288470426903d30d6a13d45000028000100004006468cc633640a0a01000501bb
        9c40000000000000000050022000bda30000
        """),
    ExpectedPacket(
        "a path label alone", port: "core0", .dropped(.missingUserLabel), zeros: 0,
        """
        02000000000a02000000000288470426913d45000028000100004006468cc633640a0a01000501bb9c400000
        00000000000050022000bda30000
        """),
    ExpectedPacket(
        "a third label", port: "core0", .dropped(.missingBottomOfStack), zeros: 0,
        """
        02000000000a02000000000288470426903d30d6a03d30d6b13d45000028000100004006468cc633640a0a01
        000501bb9c40000000000000000050022000bda30000
        """),
    ExpectedPacket(
        "another's source", port: "core0", .dropped(.innerSourceMismatch), zeros: 0,
        """
        02000000000a02000000000288470426903d30d6a13d4500001c00010000401134a2cb0071280a0100050035
        00350008b945
        """),
    ExpectedPacket(
        "another's destination", port: "core0", .dropped(.innerDestinationMismatch), zeros: 0,
        """
        02000000000a02000000000288470426903d30d6a13d4500001c000100004011468cc633640a0a0200050035
        00350008cb2f
        """),
    ExpectedPacket(
        "swap", port: "core0", .forwarded, zeros: 0,
        """
        02000000000a020000000002884703ee403d0012c13d45000028000100004006468cc633640a0a01000501bb
        9c40000000000000000050022000bda30000
        """),
    ExpectedPacket(
        "pop", port: "core0", .forwarded, zeros: 0,
        """
        02000000000a020000000002884703ee513d45000028000100004006468cc633640a0a01000501bb9c400000
        00000000000050022000bda30000
        """),
    ExpectedPacket(
        "pop and push with nothing below", port: "core0", .dropped(.earlyBottomOfStack), zeros: 0,
        """
        02000000000a020000000002884703ee613d45000028000100004006468cc633640a0a01000501bb9c400000
        00000000000050022000bda30000
        """),
    ExpectedPacket(
        "swap, and too long then", port: "core0", .dropped(.tooBig), zeros: 1476,
        """
        02000000000a020000000002884703ee713d450005d800014000400000e2c633640a0a010005
        """),
    ExpectedPacket(
        "swap with TTL 1", port: "core0", .dropped(.ttlExpired), zeros: 0,
        """
        02000000000a020000000002884703ee410145000028000100004006468cc633640a0a01000501bb9c400000
        00000000000050022000bda30000
        """),
    ExpectedPacket(
        "music to alice", port: "core1", .forwarded, zeros: 0,
        """
        02000000000b020000000002080045000030000100003c04b1bfc00002090a0001014500001c000100004011
        34a2cb0071280a010005003500350008b945
        """),
    ExpectedPacket(
        "music to alice, congested", port: "core1", .forwarded, zeros: 0,
        """
        02000000000b020000000002080045030030000100003c04b1bcc00002090a0001014502001c000100004011
        34a0cb0071280a010005003500350008b945
        """),
    ExpectedPacket(
        "congestion that can't be marked", port: "core1", .dropped(.ecnMismatch), zeros: 0,
        """
        02000000000b020000000002080045030030000100003c04b1bcc00002090a0001014500001c000100004011
        34a2cb0071280a010005003500350008b945
        """),
    ExpectedPacket(
        "from a stranger", port: "core1", .dropped(.unknownTunnelEndpoint), zeros: 0,
        """
        02000000000b020000000002080045000030000100003c04b186c00002420a0001014500001c000100004011
        34a2cb0071280a010005003500350008b945
        """),
    ExpectedPacket(
        "a fragment of the outer packet", port: "core1", .dropped(.outerFragment), zeros: 0,
        """
        02000000000b020000000002080045000030000120003c0491bfc00002090a0001014500001c000100004011
        34a2cb0071280a010005003500350008b945
        """),
    ExpectedPacket(
        "an option that must not be passed", port: "core0", .dropped(.outerExtensionHeader), zeros: 0,
        """
        02000000000a02000000000286dd6000000000343c4020010db800ff0000000000000000000220010db800ff
        00000000000000000001040201020000c910000000000000000000000000000000004500001c000100004011
        34a2cb0071280a010005003500350008b945
        """),
    ExpectedPacket(
        "a fragment of an outer IPv6 packet", port: "core0", .dropped(.outerFragment), zeros: 0,
        """
        02000000000a02000000000286dd6000000000242c4020010db800ff0000000000000000000220010db800ff
        0000000000000000000104000001000000004500001c00010000401134a2cb0071280a010005003500350008
        b945
        """),
    ExpectedPacket(
        "IPv6 ends of no tunnel", port: "core0", .dropped(.unknownTunnelEndpoint), zeros: 0,
        """
        02000000000a02000000000286dd60000000001c044020010db800ff0000000000000000000220010db800ff
        000000000000000000014500001c00010000401134a2cb0071280a010005003500350008b945
        """),
    ExpectedPacket(
        "from nobody, in the tunnel", port: "core1", .dropped(.innerSourceMismatch), zeros: 0,
        """
        02000000000b020000000002080045000030000100003c04b1bfc00002090a0001014500001c000100004011
        ae7dc000024d0a0100050035003500083321
        """),
    ExpectedPacket(
        "to nobody, in the tunnel", port: "core1", .dropped(.innerDestinationMismatch), zeros: 0,
        """
        02000000000b020000000002080045000030000100003c04b1bfc00002090a0001014500001c000100004011
        2b96cb0071280a090909003500350008b039
        """),
    ExpectedPacket(
        "video in music's tunnel", port: "core1", .dropped(.wrongLeg), zeros: 0,
        """
        02000000000b02000000000208004500003c000100003c04b1b3c00002090a00010145000028000100004006
        468cc633640a0a01000501bb9c40000000000000000050022000bda30000
        """),
    ExpectedPacket(
        "on the rich edge, a flow to port 443 from 1", port: "access0", .forwarded, on: .rich, zeros: 0,
        """
        45000028000100004006468c0a010005c633640a000101bb00000000000000005002200059e30000
        """),
    ExpectedPacket(
        "on the rich edge, a flow to port 443 from 2", port: "access0", .forwarded, on: .rich, zeros: 0,
        """
        45000028000100004006468c0a010005c633640a000201bb00000000000000005002200059e20000
        """),
    ExpectedPacket(
        "on the rich edge, a flow to port 443 from 3", port: "access0", .forwarded, on: .rich, zeros: 0,
        """
        45000028000100004006468c0a010005c633640a000301bb00000000000000005002200059e10000
        """),
    ExpectedPacket(
        "on the rich edge, a flow to port 443 from 4", port: "access0", .forwarded, on: .rich, zeros: 0,
        """
        45000028000100004006468c0a010005c633640a000401bb00000000000000005002200059e00000
        """),
    ExpectedPacket(
        "on the rich edge, an IPv6 flow from 1", port: "access0", .forwarded, on: .rich, zeros: 0,
        """
        600000000014064020010db800010005000000000000002520010db8000a00000000000000000080000101bb
        00000000000000005002200032000000
        """),
    ExpectedPacket(
        "on the rich edge, an IPv6 flow from 2", port: "access0", .forwarded, on: .rich, zeros: 0,
        """
        600000000014064020010db800010005000000000000002520010db8000a00000000000000000080000201bb
        00000000000000005002200031ff0000
        """),
    ExpectedPacket(
        "a later fragment, prohibited", port: "access0", .dropped(.fragmentWithoutPorts), on: .rich, zeros: 0,
        """
        450000240001000a400646860a010005c633640a00000000000000000000000000000000
        """),
    ExpectedPacket(
        "a DSCP that no rule has, prohibited", port: "access0", .dropped(.notAdmitted), on: .rich, zeros: 0,
        """
        45200028000100004006466c0a010005c633640a9c4001bb000000000000000050022000bda30000
        """),
    ExpectedPacket(
        "an ICMP type that no rule has, prohibited", port: "access0", .dropped(.notAdmitted), on: .rich,
        zeros: 0,
        """
        4500002800010000400146910a010005c633640a0d0075ef0000000004227ae304227ae304227ae3
        """),
    ExpectedPacket(
        "to no service, prohibited", port: "access0", .dropped(.notAdmitted), on: .rich, zeros: 0,
        """
        45000028000100004006aec70a010006c000020100140050000000000000000050022000c3760000
        """),
    ExpectedPacket(
        "IPv6 to no service, prohibited", port: "access0", .dropped(.unknownService), on: .rich, zeros: 0,
        """
        600000000014064020010db800010005000000000000002520010db8000b0000000000000000000100140050
        00000000000000005002200033d60000
        """),
    ExpectedPacket(
        "alice to bob", port: "access0", .forwarded, on: .rich, zeros: 0,
        """
        4500001c00010000401166c40a0100050a010006003500090008eb93
        """),
    ExpectedPacket(
        "bob to alice, on alice's session", port: "access0", .forwarded, on: .rich, zeros: 0,
        """
        4500001c00010000401166c40a0100060a010005000900350008eb93
        """),
    ExpectedPacket(
        "more than the policer's burst", port: "access0", .forwarded, on: .rich, zeros: 1302,
        """
        4500053c00010000400641780a010005c633640a001401bb00000000000000005002200054bc
        """),
    ExpectedPacket(
        "tags of another line", port: "core0", .dropped(.wrongVLAN), on: .rich, zeros: 0,
        """
        02000000000a02000000000288a800658100000788470426903d30d6a13d45000028000100004006468cc633
        640a0a01000501bb9c40000000000000000050022000bda30000
        """),
    ExpectedPacket(
        "no tags where the line has two", port: "core0", .dropped(.wrongVLAN), on: .rich, zeros: 0,
        """
        02000000000a02000000000288470426903d30d6a13d45000028000100004006468cc633640a0a01000501bb
        9c40000000000000000050022000bda30000
        """),
    ExpectedPacket(
        "red, and dropped", port: "core0", .dropped(.policed), on: .rich, zeros: 402,
        """
        02000000000a02000000000288a800648100000788470426903d30d6a13d450001b800010000400644fcc633
        640a0a01000501bb00500000000000000000500220005804
        """),
    ExpectedPacket(
        "yellow, and marked", port: "core0", .forwarded, on: .rich, zeros: 0,
        """
        02000000000a02000000000288a800648100000788470426903d30d6a13d4500008c0001000040064628c633
        640a0a01000501bb005000000000000000005002200059300000000000000000000000000000000000000000
        0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000
        0000000000000000000000000000000000000000000000000000000000000000000000000000
        """),
    ExpectedPacket(
        "a class that sets the DSCP", port: "core0", .forwarded, on: .rich, zeros: 0,
        """
        02000000000a02000000000288a8006481000007884704269a3d30d6ab3d45000028000100004006468cc633
        640a0a01000501bb9c40000000000000000050022000bda30000
        """),
    ExpectedPacket(
        "a label's TTL at the end of one of two paths", port: "core0", .dropped(.ttlExpired), on: .rich,
        zeros: 0,
        """
        02000000000a02000000000288a800648100000788470426900130d6a10145000028000100004006468cc633
        640a0a01000501bb9c40000000000000000050022000bda30000
        """),
    ExpectedPacket(
        "out of a tunnel of IPv6", port: "core1", .forwarded, on: .rich, zeros: 0,
        """
        02000000000b02000000000286dd6b8000000028044020010db800990000000000000000000220010db80099
        0000000000000000000145000028000100004006468cc633640a0a01000501bb005000000000000000005002
        200059940000
        """),
    ExpectedPacket(
        "out of a tunnel of IPv6, congested for nothing", port: "core1", .dropped(.ecnMismatch), on: .rich,
        zeros: 0,
        """
        02000000000b02000000000286dd603000000028044020010db800990000000000000000000220010db80099
        0000000000000000000145000028000100004006468cc633640a0a01000501bb005000000000000000005002
        200059940000
        """),
    ExpectedPacket(
        "out of a tunnel of IPv6, an unknown option", port: "core1", .dropped(.outerExtensionHeader),
        on: .rich, zeros: 0,
        """
        02000000000b02000000000286dd6000000000403c4020010db800990000000000000000000220010db80099
        00000000000000000001040201020000c9100000000000000000000000000000000045000028000100004006
        468cc633640a0a01000501bb9c40000000000000000050022000bda30000
        """),
    ExpectedPacket(
        "carol to 9", port: "core1", .forwarded, on: .rich, zeros: 0,
        """
        02000000000b02000000000288470427103d01f4013d4500002800010000400646870a070005c63364090014
        00500000000000000000500220005b360000
        """),
    ExpectedPacket(
        "carol to 10", port: "core1", .forwarded, on: .rich, zeros: 0,
        """
        02000000000b02000000000288470427103d01f4013d4500002800010000400646860a070005c633640a0014
        00500000000000000000500220005b350000
        """),
    ExpectedPacket(
        "carol to 11", port: "core1", .forwarded, on: .rich, zeros: 0,
        """
        02000000000b02000000000288470427103d01f4013d4500002800010000400646850a070005c633640b0014
        00500000000000000000500220005b340000
        """),
    ExpectedPacket(
        "a label's TTL where nobody is told", port: "core1", .dropped(.ttlExpired), on: .rich, zeros: 0,
        """
        02000000000b02000000000288470427100101f401014500002800010000400646860a070005c633640a0014
        00500000000000000000500220005b350000
        """),
    ExpectedPacket(
        "into the tunnel from its own end", port: "core0", .dropped(.recursiveEncapsulation), on: .rich,
        zeros: 0,
        """
        02000000000a02000000000208004500001c000100004011aebbc00002090a070005003500350008335f
        """),
    ExpectedPacket(
        "a transit label under tags", port: "core0", .forwarded, on: .rich, zeros: 0,
        """
        02000000000a02000000000288a8006481000007884703ee410745000028000100004006468cc633640a0a01
        000501bb9c40000000000000000050022000bda30000
        """),
    ExpectedPacket(
        "a transit label under tags, its TTL used up", port: "core0", .dropped(.ttlExpired), on: .rich,
        zeros: 0,
        """
        02000000000a02000000000288a8006481000007884703ee410145000028000100004006468cc633640a0a01
        000501bb9c40000000000000000050022000bda30000
        """),
]
