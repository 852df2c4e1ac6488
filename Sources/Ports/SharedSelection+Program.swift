import Wire

extension SharedSelection {
    /// The selection as a program. A frame that is cut short is the kernel's.
    /// - Parameter kernelAddresses: what the host has itself.
    func program(mac: MACAddress, kernelAddresses: Set<IPAddress>) -> FilterProgram {
        SharedFilterCompiler(selection: self, mac: mac, kernelAddresses: kernelAddresses.sorted()).compiled()
    }
}

/// Writes the program: link header, then either version of IP, then the verdicts, to which all jump forward.
private struct SharedFilterCompiler {
    private let selection: SharedSelection
    private let mac: MACAddress
    private let kernelAddresses: [IPAddress]
    private var program = FilterProgram()
    private let kernels: FilterProgram.Label
    private let ours: FilterProgram.Label
    private let both: FilterProgram.Label

    init(selection: SharedSelection, mac: MACAddress, kernelAddresses: [IPAddress]) {
        self.selection = selection
        self.mac = mac
        self.kernelAddresses = kernelAddresses
        kernels = program.label()
        ours = program.label()
        both = program.label()
    }

    func compiled() -> FilterProgram {
        var compiler = self
        compiler.writeLink()
        return compiler.program
    }

    private mutating func writeLink() {
        let (untagged, ipv4, ipv6) = (program.label(), program.label(), program.label())
        program.add(.loadHasTag, .ifEqual(0, untagged), .loadTag, .and(0xfff))
        for tag in selection.tags.sorted() { program.add(.ifEqual(UInt32(tag), ours)) }
        // A tag without a VLAN id only says how urgent the frame is.
        program.add(
            .ifUnequal(0, kernels), .place(untagged),
            .load(.half, at: 0), .ifUnequal(UInt32(mac.rawValue >> 32), kernels),
            .load(.word, at: 2), .ifUnequal(UInt32(truncatingIfNeeded: mac.rawValue), kernels),
            .load(.half, at: 12), .ifEqual(UInt32(EtherType.mpls.rawValue), ours),
            .ifEqual(UInt32(EtherType.ipv4.rawValue), ipv4),
            .ifUnequal(UInt32(EtherType.ipv6.rawValue), kernels), .jump(ipv6))
        writeIPv4(at: ipv4)
        writeIPv6(at: ipv6)
        program.add(.place(kernels), .end(.kernels), .place(ours), .end(.ours), .place(both), .end(.both))
    }

    /// Where the network header begins: a VLAN tag stands beside the frame.
    private static let start = 14

    // MARK: IPv4

    /// Ends by what comes to them.
    private struct Ends {
        let addresses: [IPAddress]
        let takesPackets: Bool
        let takesDatagrams: Bool
    }

    private var ends: [Ends] {
        let (packets, datagrams) = (selection.ends, selection.datagramEnds)
        return [
            Ends(
                addresses: packets.subtracting(datagrams).sorted(), takesPackets: true, takesDatagrams: false),
            Ends(
                addresses: datagrams.subtracting(packets).sorted(), takesPackets: false, takesDatagrams: true),
            Ends(
                addresses: packets.intersection(datagrams).sorted(), takesPackets: true, takesDatagrams: true),
        ]
    }

    /// Goes to `ours` with what an end takes, by the protocol number in A; to `datagram` with UDP that it may take.
    private mutating func take(_ ends: Ends, datagram: FilterProgram.Label) {
        if ends.takesPackets { program.add(.ifEqual(4, ours), .ifEqual(41, ours)) }
        if ends.takesDatagrams { program.add(.ifEqual(UInt32(IPProtocol.udp.rawValue), datagram)) }
    }

    private static func ipv4(_ addresses: [IPAddress]) -> [UInt32] {
        addresses.compactMap { if case .v4(let address) = $0 { address.rawValue } else { nil } }
    }

    private mutating func writeIPv4(at label: FilterProgram.Label) {
        let (datagram, icmp) = (program.label(), program.label())
        let ends = ends.map { ($0, Self.ipv4($0.addresses), program.label()) }.filter { !$0.1.isEmpty }
        let destination = FilterProgram.Step.load(.word, at: Self.start + IPv4Field.destination)
        program.add(.place(label), destination)
        for (_, addresses, toAnEnd) in ends {
            for end in addresses { program.add(.ifEqual(end, toAnEnd)) }
        }
        if selection.takesForwarded {
            for address in Self.ipv4(kernelAddresses) { program.add(.ifEqual(address, kernels)) }
            // Multicast, reserved and broadcast; this network; loopback; link-local (RFC 6890).
            program.add(
                .ifAtLeast(0xe000_0000, kernels), .and(0xff00_0000), .ifEqual(0, kernels),
                .ifEqual(0x7f00_0000, kernels), destination, .and(0xffff_0000),
                .ifUnequal(0xa9fe_0000, ours))
        }
        program.add(.jump(kernels))

        for (ends, _, toAnEnd) in ends {
            program.add(.place(toAnEnd), .load(.byte, at: Self.start + IPv4Field.protocol))
            take(ends, datagram: datagram)
            program.add(.ifUnequal(1, kernels), .jump(icmp))
        }
        // Only a packet's first fragment has the ports.
        program.add(
            .place(datagram), .load(.half, at: Self.start + IPv4Field.flagsAndFragmentOffset), .and(0x1fff),
            .ifUnequal(0, kernels), .load(.byte, at: Self.start), .and(0x0f), .shiftLeft(2), .setIndex,
            .load(.half, at: Self.start + 2, indexed: true), .ifEqual(UInt32(MPLSInUDP.port), ours),
            .jump(kernels))
        writeICMPv4(at: icmp)
    }

    /// Errors of types 3 and 11 that quote IP-in-IP or MPLS-in-UDP from one of our ends (RFC 792). We send no options.
    private mutating func writeICMPv4(at label: FilterProgram.Label) {
        let (isError, isTunnelled) = (program.label(), program.label())
        let quote = Self.start + 8
        program.add(
            .place(label),
            // Only a packet's first fragment has the type.
            .load(.half, at: Self.start + IPv4Field.flagsAndFragmentOffset), .and(0x1fff),
            .ifUnequal(0, kernels),
            .load(.byte, at: Self.start), .and(0x0f), .shiftLeft(2), .setIndex,
            .load(.byte, at: Self.start, indexed: true), .ifEqual(3, isError), .ifUnequal(11, kernels),
            .place(isError),
            .load(.byte, at: quote + IPv4Field.protocol, indexed: true), .ifEqual(4, isTunnelled),
            .ifEqual(41, isTunnelled), .ifUnequal(UInt32(IPProtocol.udp.rawValue), kernels),
            .load(.half, at: quote + IPv4Field.minimumByteCount + 2, indexed: true),
            .ifUnequal(UInt32(MPLSInUDP.port), kernels))
        let source = FilterProgram.Step.load(.word, at: quote + IPv4Field.source, indexed: true)
        program.add(source)
        for end in Self.ipv4(selection.datagramEnds.sorted()) { program.add(.ifEqual(end, both)) }
        program.add(.jump(kernels), .place(isTunnelled), source)
        for end in Self.ipv4(selection.ends.sorted()) { program.add(.ifEqual(end, both)) }
        program.add(.jump(kernels))
    }

    // MARK: IPv6

    private static func ipv6(_ addresses: [IPAddress]) -> [[UInt32]] {
        addresses.compactMap {
            guard case .v6(let address) = $0 else { return nil }
            return [address.high >> 32, address.high, address.low >> 32, address.low].map {
                UInt32(truncatingIfNeeded: $0)
            }
        }
    }

    /// Goes to `label` where the address at this offset is one of these.
    private mutating func jump(
        to label: FilterProgram.Label, ifAddressAt offset: Int, indexed: Bool = false,
        isOneOf addresses: [[UInt32]]
    ) {
        for words in addresses {
            let next = program.label()
            for (place, word) in words.enumerated() {
                program.add(
                    .load(.word, at: offset + 4 * place, indexed: indexed), .ifUnequal(word, next))
            }
            program.add(.jump(label), .place(next))
        }
    }

    private mutating func writeIPv6(at label: FilterProgram.Label) {
        let ends = ends.map { ($0, Self.ipv6($0.addresses), program.label()) }.filter { !$0.1.isEmpty }
        let destination = Self.start + IPv6Field.destination
        program.add(.place(label))
        for (_, addresses, toAnEnd) in ends {
            jump(to: toAnEnd, ifAddressAt: destination, isOneOf: addresses)
        }
        if selection.takesForwarded {
            jump(to: kernels, ifAddressAt: destination, isOneOf: Self.ipv6(kernelAddresses))
            let isFirstWordZero = program.label()
            program.add(
                .load(.half, at: destination), .and(0xff00), .ifEqual(0xff00, kernels),
                .load(.half, at: destination), .and(0xffc0), .ifEqual(0xfe80, kernels),
                // ::/96 holds the unspecified and the loopback address (RFC 4291 §2.5).
                .load(.word, at: destination), .ifEqual(0, isFirstWordZero), .jump(ours),
                .place(isFirstWordZero), .load(.word, at: destination + 4), .ifUnequal(0, ours),
                .load(.word, at: destination + 8), .ifUnequal(0, ours))
        }
        program.add(.jump(kernels))
        let (datagram, icmp) = (program.label(), program.label())
        for (ends, _, toAnEnd) in ends { write(ends, at: toAnEnd, datagram: datagram, icmp: icmp) }
        program.add(
            .place(datagram), .load(.half, at: Self.start + 2, indexed: true),
            .ifEqual(UInt32(MPLSInUDP.port), ours), .jump(kernels))
        writeICMPv6(at: icmp)
    }

    /// Extension headers that are walked: more than any sender puts before a tunnelled packet. Behind them the packet is
    /// the kernel's.
    private static let extensionHeaderCount = 4

    /// - Parameters:
    ///   - datagram: goes on with UDP, which begins at X.
    ///   - icmp: with ICMPv6, likewise.
    private mutating func write(
        _ ends: Ends, at label: FilterProgram.Label, datagram: FilterProgram.Label, icmp: FilterProgram.Label
    ) {
        program.add(
            .place(label), .set(UInt32(IPv6Field.byteCount)), .setIndex,
            .load(.byte, at: Self.start + IPv6Field.nextHeader))
        for _ in 0..<Self.extensionHeaderCount {
            let (options, fragment, next) = (program.label(), program.label(), program.label())
            // A = the next header's number, X = where it begins.
            take(ends, datagram: datagram)
            program.add(
                .ifEqual(58, icmp), .ifEqual(44, fragment),
                .ifEqual(0, options), .ifEqual(43, options), .ifUnequal(60, kernels),
                .place(options),
                .load(.byte, at: Self.start, indexed: true), .store,
                .load(.byte, at: Self.start + 1, indexed: true), .add(1), .shiftLeft(3), .addIndex, .setIndex,
                .recall, .jump(next),
                .place(fragment),
                .load(.byte, at: Self.start, indexed: true), .store, .set(8), .addIndex, .setIndex,
                .recall, .place(next))
        }
        take(ends, datagram: datagram)
        program.add(.ifEqual(58, icmp), .jump(kernels))
    }

    /// Errors of types 1 to 3 that quote IP-in-IP, behind up to one header of options, or MPLS-in-UDP from one of our ends
    /// (RFC 4443, RFC 2473 §8).
    private mutating func writeICMPv6(at label: FilterProgram.Label) {
        let (isTunnelled, isDatagram, quote) = (program.label(), program.label(), Self.start + 8)
        program.add(
            .place(label), .load(.byte, at: Self.start, indexed: true), .ifEqual(0, kernels),
            .ifAtLeast(4, kernels),
            .load(.byte, at: quote + IPv6Field.nextHeader, indexed: true), .ifEqual(4, isTunnelled),
            .ifEqual(41, isTunnelled), .ifEqual(UInt32(IPProtocol.udp.rawValue), isDatagram),
            .ifUnequal(60, kernels),
            .load(.byte, at: quote + IPv6Field.byteCount, indexed: true), .ifEqual(4, isTunnelled),
            .ifUnequal(41, kernels), .place(isTunnelled))
        func jumpIfFrom(_ ends: Set<IPAddress>) {
            jump(
                to: both, ifAddressAt: quote + IPv6Field.source, indexed: true,
                isOneOf: Self.ipv6(ends.sorted()))
            program.add(.jump(kernels))
        }
        jumpIfFrom(selection.ends)
        program.add(
            .place(isDatagram), .load(.half, at: quote + IPv6Field.byteCount + 2, indexed: true),
            .ifUnequal(UInt32(MPLSInUDP.port), kernels))
        jumpIfFrom(selection.datagramEnds)
    }
}
