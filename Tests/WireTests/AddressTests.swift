import Testbed
import Testing
import Wire

@Suite("Address text forms") struct AddressTests {
    @Test(
        "IPv4 is dotted decimal",
        arguments: [
            ("0.0.0.0", 0), ("10.0.0.1", 0x0a00_0001), ("198.51.100.7", 0xc633_6407),
            ("255.255.255.255", .max),
        ] as [(String, UInt32)])
    func ipv4(text: String, value: UInt32) {
        #expect(IPv4Address(text)?.rawValue == value)
        #expect(IPv4Address(rawValue: value).description == text)
    }

    @Test(
        "not IPv4",
        arguments: [
            "", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.04", "1.2.3.", ".1.2.3", "1..2.3", " 1.2.3.4",
            "1.2.3.4 ", "+1.2.3.4", "-1.2.3.4", "0x1.2.3.4", "1.2.3.4/24", "1.2.3.1000", "१.2.3.4",
        ])
    func notIPv4(text: String) { #expect(IPv4Address(text) == nil) }

    @Test(
        "IPv6 reads every form of RFC 4291 §2.2 and writes that of RFC 5952",
        arguments: [
            // RFC 4291 §2.2.
            ("ABCD:EF01:2345:6789:ABCD:EF01:2345:6789", "abcd:ef01:2345:6789:abcd:ef01:2345:6789"),
            ("2001:DB8:0:0:8:800:200C:417A", "2001:db8::8:800:200c:417a"),
            ("FF01:0:0:0:0:0:0:101", "ff01::101"),
            ("0:0:0:0:0:0:0:1", "::1"), ("0:0:0:0:0:0:0:0", "::"), ("::13.1.68.3", "::d01:4403"),
            ("0:0:0:0:0:FFFF:129.144.52.38", "::ffff:8190:3426"),
            ("::FFFF:129.144.52.38", "::ffff:8190:3426"),
            // RFC 5952 §2 and §4: leading zeros, one zero group, the longest run, the first of equals, case.
            ("2001:0db8::0001", "2001:db8::1"), ("2001:db8:0:0:0:0:2:1", "2001:db8::2:1"),
            ("2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"), ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"),
            ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"), ("2001:DB8::ABCD", "2001:db8::abcd"),
            // A run at either end, and `::` for one group.
            ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"), ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"),
            ("fe80::", "fe80::"),
        ])
    func ipv6(text: String, canonical: String) throws {
        let address = try #require(IPv6Address(text))
        #expect(address.description == canonical)
        #expect(IPv6Address(canonical) == address)
    }

    @Test(
        "not IPv6",
        arguments: [
            "", ":", ":::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "1:2:3:4:5:6:7:8::",
            "::1:2:3:4:5:6:7:8",
            ":1:2:3:4:5:6:7", "1:2:3:4:5:6:7:", "12345::", "g::", "::1%eth0", "::1/64", " ::1", "+1::",
            "::+1",
            "-1::", "1.2.3.4", "1.2.3.4::", "::1.2.3.4:5", "::1.2.3", "1:2:3:4:5:6:7:1.2.3.4", "1::2:",
            ":1::2",
            "::1.2.3.256",
        ])
    func notIPv6(text: String) { #expect(IPv6Address(text) == nil) }

    @Test("RFC 5952 text reads back as the same address, under random addresses with many zeros")
    func ipv6RoundTrip() {
        let seed = UInt64.random(in: .min ... .max)
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<2_000 {
            let masks = (0..<2).map { _ in
                (0..<4).reduce(0 as UInt64) { mask, _ in
                    mask << 16 | (Bool.random(using: &generator) ? 0xffff : 0)
                }
            }
            let address = IPv6Address(high: generator.next() & masks[0], low: generator.next() & masks[1])
            #expect(IPv6Address(address.description) == address, "seed \(seed)")
        }
    }

    @Test("MAC addresses are six pairs of hex digits")
    func mac() {
        #expect(MACAddress("02:57:4C:00:00:0a")?.description == "02:57:4c:00:00:0a")
        #expect(MACAddress("02:57:4c:00:00:0a")?.rawValue == 0x0257_4c00_000a)
        #expect(MACAddress.broadcast.description == "ff:ff:ff:ff:ff:ff" && MACAddress.broadcast.isGroup)
        #expect(MACAddress("01:00:5e:00:00:01")!.isGroup && !MACAddress("02:00:00:00:00:01")!.isGroup)
    }

    @Test(
        "not MAC addresses",
        arguments: [
            "", "02:57:4c:00:00", "02:57:4c:00:00:00:00", "2:57:4c:0:0:0", "02-57-4c-00-00-00",
            "0g:00:00:00:00:00",
            "+1:00:00:00:00:00", "-1:00:00:00:00:00",
        ])
    func notMAC(text: String) { #expect(MACAddress(text) == nil) }

    @Test("addresses of IPv6 on Ethernet (RFC 4291, RFC 2464)")
    func derived() {
        let mac = MACAddress("34:56:78:9a:bc:de")!
        #expect(IPv6Address(linkLocalFor: mac).description == "fe80::3656:78ff:fe9a:bcde")
        #expect(IPv6Address(linkLocalFor: mac).isLinkLocal)
        // RFC 4291 §2.7.1.
        let solicited = IPv6Address("4037::01:800:200e:8c6c")!.solicitedNode
        #expect(solicited.description == "ff02::1:ff0e:8c6c" && solicited.isMulticast)
        #expect(MACAddress(multicast: solicited).description == "33:33:ff:0e:8c:6c")
    }

    @Test(
        "prefixes",
        arguments: ["0.0.0.0/0", "10.0.0.0/8", "198.51.100.0/24", "10.1.0.5/32", "::/0", "2001:db8::/33"])
    func prefix(text: String) { #expect(IPPrefix(text)?.description == text) }

    @Test func anAddressAloneIsAPrefixOfFullLength() {
        #expect(IPPrefix("10.1.0.5")?.description == "10.1.0.5/32")
        #expect(IPPrefix("2001:db8::1")?.description == "2001:db8::1/128")
    }

    @Test(
        "not prefixes",
        arguments: [
            "", "/", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/8/8", "10.0.0.1/24",
            "10.0.0.0/0008", "10.0.0.0/ 8", "2001:db8::/129", "2001:db8::1/64", "10.0.0/8", "/8",
        ])
    func notPrefix(text: String) { #expect(IPPrefix(text) == nil) }

    @Test(
        "a prefix contains what lies in it, of its version",
        arguments: [
            ("10.0.0.0/8", "10.1.0.0/16", true), ("10.1.0.0/16", "10.0.0.0/8", false),
            ("10.0.0.0/8", "11.0.0.0/8", false),
            ("0.0.0.0/0", "255.255.255.255", true), ("0.0.0.0/0", "::/0", false),
            ("2001:db8::/32", "2001:db8:1::/64", true),
            ("2001:db8::/65", "2001:db8::8000:0:0:0", false), ("10.0.0.0/8", "10.0.0.0/8", true),
        ])
    func contains(outer: String, inner: String, expected: Bool) throws {
        let (outer, inner) = (try #require(IPPrefix(outer)), try #require(IPPrefix(inner)))
        #expect(outer.contains(inner) == expected)
        #expect(outer.overlaps(inner) == (expected || inner.contains(outer)))
        #expect(outer.overlaps(inner) == inner.overlaps(outer))
    }

    @Test func interfaceAddressKeepsItsHostPart() throws {
        let address = try #require(InterfaceAddress("10.0.0.1/30"))
        #expect(address.description == "10.0.0.1/30" && address.prefix.description == "10.0.0.0/30")
        #expect(InterfaceAddress("10.0.0.1")?.bitCount == 32)
        #expect(InterfaceAddress("10.0.0.1/33") == nil && InterfaceAddress("10.0.0.1/") == nil)
    }

    @Test(
        "hosts and groups",
        arguments: [
            ("10.1.0.5", true), ("223.255.255.255", true), ("0.0.0.1", false), ("127.1.2.3", false),
            ("224.0.0.1", false), ("255.255.255.255", false), ("2001:db8::1", true), ("fe80::1", true),
            ("::", false),
            ("::1", false), ("::2", true), ("ff02::1", false),
        ])
    func identifiesOne(text: String, expected: Bool) throws {
        switch try #require(IPAddress(text)) {
        case .v4(let address): #expect(address.identifiesOneHost == expected)
        case .v6(let address): #expect(address.identifiesOneNode == expected)
        }
    }

    @Test func addressesOrderByValue() {
        #expect(IPv4Address("9.0.0.0")! < IPv4Address("10.0.0.0")!)
        #expect(IPv6Address("1::")! < IPv6Address("1::1")! && IPv6Address("1::ffff")! < IPv6Address("2::")!)
    }
}
