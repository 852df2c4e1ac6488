import Testing
import Wire

@Suite("Ethernet, VLAN tags, ARP") struct EthernetTests {
    @Test func ethernetParses() throws {
        let (destination, source, etherType, payload) = try Vectors.ethernet.read { bytes throws(WireError) in
            let view = try EthernetView(bytes)
            return (view.destination, view.source, view.etherType, view.payload.copied)
        }
        #expect(destination == MACAddress("02:57:4c:00:00:02") && source == MACAddress("02:00:00:00:00:01"))
        #expect(etherType == .ipv4)
        #expect(payload == Array("payload".utf8))
    }

    @Test func ethernetIsTruncatedBelow14Bytes() {
        let errors = Vectors.ethernet.errorsOfPrefixes { bytes throws(WireError) in
            _ = try EthernetView(bytes)
        }
        #expect(errors[..<14].allSatisfy { $0 == WireError(.ethernet, .truncated) })
        #expect(errors[14...].allSatisfy { $0 == nil })
    }

    @Test func stackedTagsParseAndRoundTrip() throws {
        let packet = Vectors.doubleTagged
        let (outer, inner, types, rest) = try packet.read { bytes throws(WireError) in
            let frame = try EthernetView(bytes)
            let outer = try VLANView(frame.payload)
            let inner = try VLANView(outer.payload)
            return (
                outer.tag, inner.tag, [frame.etherType, outer.etherType, inner.etherType],
                inner.payload.copied
            )
        }
        #expect(types == [.serviceVLAN, .vlan, .ipv4])
        #expect(outer == VLANTag(identifier: 100, priority: 5, isDropEligible: true))
        #expect(outer.identifier == 100 && outer.priority == 5 && outer.isDropEligible)
        #expect(inner.identifier == 4094 && inner.priority == 0 && !inner.isDropEligible)
        #expect(rest == Vectors.ipv4UDP)
        var written = dirty(8)
        written.write {
            let count = outer.emit(etherType: .vlan, into: &$0)
            inner.emit(etherType: .ipv4, into: &$0, at: count)
        }
        #expect(written == Array(packet[14..<22]))
    }

    @Test func tagIsTruncatedBelow4Bytes() {
        let errors = hex("0064 0800").errorsOfPrefixes { bytes throws(WireError) in _ = try VLANView(bytes) }
        #expect(errors == Array(repeating: WireError(.vlan, .truncated), count: 4))
    }

    @Test func tagCutsOffWhatDoesNotFit() {
        #expect(VLANTag(identifier: 0xf064, priority: 13).rawValue == 0xa064)
    }

    @Test("ARP request and reply are those of scapy, over a dirty buffer too")
    func arpRoundTrips() throws {
        let mac = MACAddress("02:00:00:00:00:01")!
        let ourMAC = MACAddress("02:57:4c:00:00:02")!
        let request = ARPPacket(
            requestFor: IPv4Address("10.1.0.1")!, from: IPv4Address("10.1.0.5")!, at: mac)
        let reply = ARPPacket(replyTo: request, at: ourMAC)
        for (packet, bytes) in [(request, Vectors.arpRequest), (reply, Vectors.arpReply)] {
            let read = try (bytes + dirty(18)).read { bytes throws(WireError) in ARPPacket(try ARPView(bytes))
            }
            #expect(read == packet)
            var written = dirty(28)
            let count = written.write { packet.emit(into: &$0) }
            #expect(count == 28)
            #expect(written == bytes)
        }
    }

    @Test(
        "ARP about anything but Ethernet and IPv4 is refused",
        arguments: [
            (1, WireError.Fault.version), (2, .version), (4, .length), (5, .length), (7, .version),
        ])
    func arpRefused(octet: Int, fault: WireError.Fault) {
        var bytes = Vectors.arpRequest
        bytes[octet] ^= 0x1e
        #expect(throws: WireError(.arp, fault)) {
            try bytes.read { bytes throws(WireError) in _ = try ARPView(bytes) }
        }
    }

    @Test func arpIsTruncatedBelow28Bytes() {
        let errors = Vectors.arpReply.errorsOfPrefixes { bytes throws(WireError) in _ = try ARPView(bytes) }
        #expect(errors == Array(repeating: WireError(.arp, .truncated), count: 28))
    }
}
