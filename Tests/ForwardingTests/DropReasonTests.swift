import Packets
import Testbed
import Testing
import Wire

/// A frame for each reason that the loop drops for, on the subscriber edge.
@Suite("Reasons to drop") struct DropReasonTests {
    struct Case: Sendable, CustomStringConvertible {
        let reason: DropReason
        let port: String
        let frame: [UInt8]
        var description: String { "\(reason) on \(port)" }
    }

    /// Given by the ports, by the slow path, or by the worker after the loop. This edge has no tunnel that takes
    /// datagrams: see `MPLSInUDPTests`.
    static let elsewhere: Set<DropReason> = [
        .badUDPChecksum, .badUDPLength, .missingUDPChecksum, .oversized, .malformedARP,
        .malformedNeighbourDiscovery, .neighbourUnresolved, .notServedHere,
        .policed, .portDown, .recursiveEncapsulation, .requestLimit, .tooBig, .transmitFailed, .ttlExpired,
    ]

    @Test("PX-4 each reason is given for what it names", arguments: frameCases + whoCases + tunnelCases)
    func isGiven(_ fault: Case) {
        #expect(Loop(Edges.subscriberEdge).forward(fault.frame, from: fault.port) == .dropped(fault.reason))
    }

    @Test("PX-4 no reason is left out")
    func allAreReached() {
        let reached = Set((Self.frameCases + Self.whoCases + Self.tunnelCases).map(\.reason))
        #expect(reached == Set(DropReason.allCases).subtracting(Self.elsewhere))
    }

    // MARK: Good packets, to be broken

    private static let video = Datagram.udp("10.1.0.5", "198.51.100.7")
    private static let video6 = Datagram.udp("2001:db8:1:5::9", "2001:db8:a::7")
    private static let videoBack = Datagram.udp("198.51.100.7", "10.1.0.5", ports: (5004, 9))
    private static let musicBack = Datagram.udp("203.0.113.9", "10.1.0.5")

    private static func edited(_ datagram: Datagram, _ edit: (inout Datagram) -> Void) -> Datagram {
        var datagram = datagram
        edit(&datagram)
        return datagram
    }
    private static func edited(_ bytes: [UInt8], _ edit: (inout [UInt8]) -> Void) -> [UInt8] {
        var bytes = bytes
        edit(&bytes)
        return bytes
    }
    private static func access(_ reason: DropReason, _ bytes: [UInt8]) -> Case {
        Case(reason: reason, port: "access0", frame: bytes)
    }
    private static func core(_ reason: DropReason, _ frame: Frame) -> Case {
        Case(reason: reason, port: "core0", frame: frame.bytes)
    }
    private static func toCore(_ type: EtherType, _ payload: [UInt8], _ labels: [LabelStackEntry] = [])
        -> Frame
    {
        Frame(to: Edges.subscriberMAC, from: Edges.providerMAC, type, labels: labels, payload)
    }
    private static func labelled(_ labels: [LabelStackEntry], _ datagram: Datagram = videoBack) -> Frame {
        toCore(.mpls, datagram.bytes, labels)
    }
    private static func outer(_ inner: Datagram, from source: String = "10.0.0.2") -> Datagram {
        edited(Datagram.udp(source, "10.0.0.1")) {
            $0.protocol = inner.source.version == .v4 ? .ipv4 : .ipv6
            $0.payload = inner.bytes
        }
    }
    private static func toCore(_ datagram: Datagram) -> Frame {
        Frame(to: Edges.subscriberMAC, from: Edges.providerMAC, datagram)
    }

    // MARK: Cases

    /// What is wrong with the frame or the header.
    static let frameCases: [Case] = [
        core(.notOurMAC, Frame(to: Edges.bobMAC, from: Edges.providerMAC, videoBack)),
        core(.unknownEtherType, toCore(EtherType(rawValue: 0x88cc), [1, 2, 3])),
        core(.notUnicast, Frame(to: .broadcast, from: Edges.providerMAC, videoBack)),
        Case(reason: .truncatedEthernet, port: "core0", frame: Array(toCore(videoBack).bytes.prefix(13))),
        Case(reason: .wrongVLAN, port: "access1", frame: bob(tags: [101])),
        Case(reason: .wrongVLAN, port: "access1", frame: bob(tags: [])),
        access(.badIPVersion, [0x55]),
        access(.truncatedIPv4, Array(video.bytes.prefix(19))),
        access(.badIPv4HeaderLength, edited(video.bytes) { $0[0] = 0x44 }),
        access(.badIPv4TotalLength, Array(video.bytes.dropLast())),
        access(.badIPv4Checksum, edited(video.bytes) { $0[10] ^= 1 }),
        access(.truncatedIPv6, Array(video6.bytes.prefix(39))),
        access(.badIPv6PayloadLength, Array(video6.bytes.dropLast())),
        access(.truncatedTransport, edited(video) { $0.payload = [1, 2, 3] }.bytes),
    ]

    /// Who may not, or may not this.
    static let whoCases: [Case] = [
        access(.unknownSubscriber, Datagram.udp("10.1.0.9", "198.51.100.7").bytes),
        access(.spoofedSource, Datagram.udp("10.2.0.5", "198.51.100.7").bytes),
        access(.spoofedSource, Datagram.udp("10.1.0.1", "198.51.100.7").bytes),
        access(.unknownService, Datagram.udp("10.1.0.5", "192.0.2.99").bytes),
        access(.notUnicast, Datagram.udp("10.1.0.5", "224.0.0.5").bytes),
        access(.notAdmitted, Datagram.udp("10.1.0.5", "198.51.100.7", ports: (9, 4999)).bytes),
        access(.notAdmitted, edited(video) { $0.protocol = .tcp }.bytes),
        access(.fragmentWithoutPorts, edited(video) { $0.fragmentation = 1 }.bytes),
        core(.unknownDestination, toCore(Datagram.udp("198.51.100.7", "10.1.0.77"))),
        core(.wrongLeg, toCore(videoBack)),
    ]

    /// What does not belong where it came from.
    static let tunnelCases: [Case] = [
        core(.truncatedLabelStack, toCore(.mpls, [1, 2, 3])),
        core(.truncatedLabelStack, labelled([LabelStackEntry(17001)], videoBack).cut(to: 20)),
        core(.unknownLabel, labelled([LabelStackEntry(17777, bottom: true)])),
        core(.unknownLabel, labelled([LabelStackEntry(17001), LabelStackEntry(77, bottom: true)])),
        core(.reservedLabel, labelled([LabelStackEntry(1, bottom: true)])),
        core(.associatedChannel, labelled([LabelStackEntry(13, bottom: true)])),
        core(
            .labelStackTooDeep,
            labelled((0..<8).map { _ in LabelStackEntry(0) } + [LabelStackEntry(17001, bottom: true)])),
        core(.labelOutOfContext, labelled([LabelStackEntry(200042, bottom: true)])),
        core(.labelOutOfContext, labelled([LabelStackEntry(17001), LabelStackEntry(200043, bottom: true)])),
        Case(reason: .labelOutOfContext, port: "core1", frame: onCore1([17001, 200042])),
        core(.missingUserLabel, labelled([LabelStackEntry(17001, bottom: true)])),
        core(.missingBottomOfStack, labelled([LabelStackEntry(17001), LabelStackEntry(200042)])),
        core(.earlyBottomOfStack, labelled([LabelStackEntry(18008, bottom: true)])),
        core(.innerSourceMismatch, user(Datagram.udp("203.0.113.9", "10.1.0.5", ports: (5004, 9)))),
        core(.innerDestinationMismatch, user(Datagram.udp("198.51.100.7", "10.2.0.5", ports: (5004, 9)))),
        core(.unknownTunnelEndpoint, toCore(outer(musicBack, from: "10.0.0.9"))),
        Case(reason: .unknownTunnelEndpoint, port: "core1", frame: outerOnCore1(musicBack)),
        core(.outerFragment, toCore(edited(outer(musicBack)) { $0.fragmentation = 0x2000 })),
        core(
            .outerExtensionHeader,
            toCore(
                musicBack.encapsulated("2001:db8:ff::2", "2001:db8:ff::1").extended([
                    (0, [0xc2, 4, 0, 0, 0, 0])
                ]))),
        core(.ecnMismatch, toCore(edited(outer(musicBack)) { $0.trafficClass = 3 })),
        core(.wrongLeg, toCore(outer(videoBack))),
        core(.notAdmitted, toCore(outer(Datagram.udp("203.0.113.9", "10.2.0.5")))),
        core(.innerSourceMismatch, toCore(outer(Datagram.udp("192.0.2.99", "10.1.0.5")))),
        core(.innerDestinationMismatch, toCore(outer(Datagram.udp("203.0.113.9", "10.1.0.99")))),
    ]

    private static func bob(tags: [UInt16]) -> [UInt8] {
        Frame(to: Edges.accessMAC, from: Edges.bobMAC, tags: tags, Datagram.udp("10.2.0.5", "198.51.100.7"))
            .bytes
    }
    private static func onCore1(_ labels: [UInt32]) -> [UInt8] {
        let entries = labels.map { LabelStackEntry($0, bottom: $0 == labels.last) }
        return Frame(to: Edges.subscriberMAC1, from: Edges.bobMAC, .mpls, labels: entries, videoBack.bytes)
            .bytes
    }
    /// The outer addresses of a tunnel on core0's line.
    private static func outerOnCore1(_ inner: Datagram) -> [UInt8] {
        Frame(to: Edges.subscriberMAC1, from: Edges.bobMAC, outer(inner)).bytes
    }
    private static func user(_ datagram: Datagram) -> Frame {
        labelled([LabelStackEntry(17001), LabelStackEntry(200042, bottom: true)], datagram)
    }
}

extension Frame {
    /// The frame without what lies behind these bytes.
    fileprivate func cut(to byteCount: Int) -> Frame {
        var frame = self
        frame.payload = Array(payload.prefix(byteCount - (bytes.count - payload.count)))
        return frame
    }
}
