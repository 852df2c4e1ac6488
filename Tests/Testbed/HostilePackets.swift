import Wire

/// Frames that nobody should send: noise, and good frames with something broken.
public struct HostilePackets {
    public var generator: SeededGenerator
    /// Frames that an edge takes in by this port.
    private let good: [[UInt8]]
    private let isEthernet: Bool
    private let mac: MACAddress

    /// Hostile frames for a port of `Edges.subscriberEdge`.
    public init(port: String, seed: UInt64) {
        generator = SeededGenerator(seed: seed)
        isEthernet = port != "access0"
        mac = Self.mac(port)
        let far = port == "access1" ? Edges.bobMAC : Edges.providerMAC
        let near = mac
        func framed(_ datagram: Datagram) -> [UInt8] {
            Frame(to: near, from: far, tags: port == "access1" ? [100] : [], datagram).bytes
        }
        func labelled(_ labels: [LabelStackEntry], _ datagram: Datagram) -> [UInt8] {
            Frame(to: near, from: far, .mpls, labels: labels, datagram.bytes).bytes
        }
        let down4 = Datagram.udp("198.51.100.7", "10.1.0.5", ports: (5004, 9))
        let down6 = Datagram.udp("2001:db8:a::7", "2001:db8:1:5::9", ports: (5004, 9))
        switch port {
        case "access0":
            var last = Datagram.udp("10.1.0.5", "198.51.100.7")
            last.ttl = 1
            let fragmented = Datagram.udp("10.1.0.5", "203.0.113.9", byteCount: 1400)
            var tooBig = fragmented
            tooBig.dontFragment = true
            good =
                [("198.51.100.7", "2001:db8:a::7"), ("203.0.113.9", "2001:db8:b::9")].flatMap {
                    [Datagram.udp("10.1.0.5", $0).bytes, Datagram.udp("2001:db8:1:5::9", $1).bytes]
                } + [last, fragmented, tooBig].map(\.bytes)
                + [
                    Self.error(
                        about: Datagram.udp("198.51.100.7", "10.1.0.5", ports: (5004, 9)), from: "10.1.0.5"),
                    Self.error(
                        about: Datagram.udp("2001:db8:a::7", "2001:db8:1:5::9", ports: (5004, 9)),
                        from: "2001:db8:1:5::9"),
                ].map(\.bytes)
        case "access1":
            var options = Datagram.udp("10.2.0.5", "198.51.100.7", byteCount: 200)
            options.options = [1, 1, 1, 0]
            good = [framed(Datagram.udp("10.2.0.5", "198.51.100.7")), framed(options)]
        default:
            var outer = Datagram.udp("10.0.0.2", "10.0.0.1")
            outer.payload = Datagram.udp("203.0.113.9", "10.1.0.5").bytes
            outer.protocol = .ipv4
            var outer6 = outer
            outer6.payload = Datagram.udp("2001:db8:b::9", "2001:db8:1:5::9").bytes
            outer6.protocol = .ipv6
            let up4 = Datagram.udp("10.1.0.5", "198.51.100.7")
            let up6 = Datagram.udp("2001:db8:1:5::9", "2001:db8:a::7")
            let news = Datagram.udp("10.1.0.5", "10.0.1.130")
            var extended = Datagram.udp("2001:db8:ff::2", "2001:db8:ff::1")
            // Hop-by-hop and destination options, a whole fragment, and IPv4.
            extended.payload =
                [60, 0, 1, 4, 0, 0, 0, 0] + [44, 0, 4, 1, 0, 1, 1, 0] + [4, 0, 0, 0, 0, 0, 0, 1] + down4.bytes
            extended.protocol = .hopByHop
            let user = LabelStackEntry(200042, bottom: true)
            let question = Self.arpRequest(for: port == "core0" ? [10, 0, 0, 1] : [10, 0, 1, 1], from: far)
            let path = LabelStackEntry(17001)
            good = [
                labelled([path, LabelStackEntry(200042, bottom: true)], down4),
                labelled([path, LabelStackEntry(200042, bottom: true)], down6),
                labelled([LabelStackEntry(200043, bottom: true)], Datagram.udp("198.51.100.7", "10.2.0.5")),
                labelled([LabelStackEntry(18000, bottom: true)], down4),
                labelled([LabelStackEntry(18002), LabelStackEntry(99, bottom: true)], down4),
                labelled([LabelStackEntry(18005, bottom: true)], down6),
                labelled([LabelStackEntry(18006, bottom: true)], down4),
                labelled([LabelStackEntry(18008), LabelStackEntry(99, bottom: true)], down4),
                labelled([LabelStackEntry(0), path, LabelStackEntry(2), user], down4),
                labelled([path, user], Self.error(about: up4, from: "192.0.2.200")),
                labelled([path, user], Self.error(about: up6, from: "2001:db8:77::1")),
                labelled([path, user], Self.error(about: down4, from: "192.0.2.200")),
                framed(Self.error(about: news, from: "192.0.2.200")), framed(extended),
                framed(outer), framed(outer6), framed(down4),
                framed(Datagram.udp("10.0.1.130", "10.1.0.5")),
                Frame(to: .broadcast, from: far, .arp, question).bytes,
            ]
        }
    }

    /// Time exceeded, to the sender of what it quotes whole.
    private static func error(about quoted: Datagram, from source: String) -> Datagram {
        var error = Datagram.udp(source, "\(quoted.source)")
        let isIPv4 = quoted.source.version == .v4
        error.protocol = isIPv4 ? .icmp : .icmpv6
        error.payload = [isIPv4 ? 11 : 3, 0, 0, 0, 0, 0, 0, 0] + quoted.bytes
        return error
    }

    private static func mac(_ port: String) -> MACAddress {
        switch port {
        case "access1": Edges.accessMAC
        case "core0": Edges.subscriberMAC
        default: Edges.subscriberMAC1
        }
    }

    /// RFC 826, from 10.0.0.2.
    private static func arpRequest(for target: [UInt8], from mac: MACAddress) -> [UInt8] {
        [0, 1, 8, 0, 6, 4, 0, 1] + mac.octets + [10, 0, 0, 2] + [0, 0, 0, 0, 0, 0] + target
    }

    /// The next frame, of 0 to some 1,500 bytes.
    public mutating func next() -> [UInt8] {
        switch generator.number(0...9) {
        case 0: return generator.octets(generator.number(0...200))
        case 1: return addressedNoise()
        default: return mutated(generator.element(good))
        }
    }

    /// Noise that gets past the first look: our MAC address, and an ethertype or IP version that we know.
    private mutating func addressedNoise() -> [UInt8] {
        var noise = generator.octets(generator.number(1...200))
        guard isEthernet else {
            noise[0] = generator.element([0x45, 0x46, 0x4f, 0x60])
            return noise
        }
        let group = MACAddress(rawValue: 0x3333_0000_0001)
        let destination = generator.once(in: 4) ? group : mac
        let type = EtherType(rawValue: generator.element([0x0800, 0x86dd, 0x8847, 0x0806, 0x8100, 0x88a8]))
        return Frame(to: destination, from: Edges.providerMAC, type, noise).bytes
    }

    private mutating func mutated(_ frame: [UInt8]) -> [UInt8] {
        var frame = frame
        for _ in 0..<generator.number(0...3) where !frame.isEmpty {
            // Headers are where it hurts.
            let place = generator.number(0...min(frame.count, 80) - 1)
            switch generator.number(0...5) {
            case 0: frame[place] ^= 1 << generator.number(0...7)
            case 1: frame[place] = generator.element([0, 1, 0x0f, 0x7f, 0x80, 0xff])
            case 2: frame[place] = generator.octet()
            case 3: frame.removeLast(generator.number(0...frame.count))
            case 4: frame += generator.octets(generator.number(1...40))
            default: frame.insert(contentsOf: generator.octets(4), at: place)
            }
        }
        return frame
    }
}
