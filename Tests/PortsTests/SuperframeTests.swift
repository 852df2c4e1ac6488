import Testbed
import Testing

@testable import Ports

/// Fixtures made by scapy: what a packet socket gives, and the frames that should come of it.
struct Fixture {
    let header: [UInt8]
    let offload: OffloadHeader
    let frame: [UInt8]
    let expected: [[UInt8]]

    init(_ name: String) throws {
        let folder = #filePath.split(separator: "/").dropLast().joined(separator: "/")
        let reader = try PcapFileReader(path: "/\(folder)/Fixtures/\(name).pcap")
        var records: [[UInt8]] = []
        while let record = try reader.next() { records.append(Array(record.bytes)) }
        let header = records[0]
        self.header = header
        offload = OffloadHeader(header.span.bytes)
        frame = records[1]
        expected = Array(records[2...])
    }
}

private func segments(
    _ frame: [UInt8], _ offload: OffloadHeader, link: LinkType = .ethernet
) -> [[UInt8]]? {
    guard let superframe = Superframe(frame.span.bytes, offload: offload, link: link) else { return nil }
    return (0..<superframe.segmentCount).map { index in
        // A dirty buffer: nothing may be taken for zero.
        var slot = [UInt8](repeating: 0xa5, count: superframe.byteCount(ofSegment: index))
        let count = frame.withUnsafeBytes { whole in
            slot.withUnsafeMutableBytes { superframe.write(segment: index, of: whole, into: $0) }
        }
        return Array(slot[..<count])
    }
}

@Suite("Superframes") struct SuperframeTests {
    @Test(
        "A superframe becomes the segments that scapy would send",
        arguments: [
            "tcp4", "tcp4-one-byte-segments", "tcp4-vlan", "tcp4-two-vlans", "tcp6", "tcp6-extension-headers",
            "tcp4-in-ip4", "tcp6-in-ip4", "tcp4-in-mpls", "udp4", "udp6",
        ])
    func segmentation(name: String) throws {
        let fixture = try Fixture(name)
        #expect(fixture.expected.count > 1)
        let made = try #require(segments(fixture.frame, fixture.offload))
        #expect(made.count == fixture.expected.count)
        for (index, pair) in zip(made, fixture.expected).enumerated() {
            #expect(pair.0 == pair.1, "segment \(index)")
        }
    }

    @Test(
        "The same without Ethernet, as a TUN gives it",
        arguments: [
            "tcp4", "tcp4-one-byte-segments", "tcp6", "tcp6-extension-headers", "tcp6-in-ip4", "udp4", "udp6",
        ])
    func segmentationOfPackets(name: String) throws {
        let fixture = try Fixture(name)
        var offload = fixture.offload
        offload.checksumStart -= 14
        let made = try #require(segments(Array(fixture.frame[14...]), offload, link: .ip))
        #expect(made == fixture.expected.map { Array($0[14...]) })
    }

    @Test("What is no superframe, or can't be cut up, is refused")
    func refusals() throws {
        let fixture = try Fixture("tcp4")
        func refuses(_ change: (inout [UInt8], inout OffloadHeader) -> Void) -> Bool {
            var (frame, offload) = (fixture.frame, fixture.offload)
            change(&frame, &offload)
            return segments(frame, offload) == nil
        }
        #expect(!refuses { _, _ in })
        #expect(refuses { $1.segmentation = nil })
        #expect(refuses { $1.needsChecksum = false })
        #expect(refuses { $1.segmentByteCount = 0 })
        #expect(refuses { $1.segmentation = .udp })
        #expect(refuses { $1.checksumStart += 4 })
        #expect(refuses { $1.checksumStart = 0xffff })
        #expect(refuses { $1.checksumOffset = 6 })
        #expect(refuses { frame, _ in frame[12] = 0x12 }, "an unknown ethertype")
        #expect(refuses { frame, _ in frame[14] = 0x44 }, "an IP header of 16 bytes")
        #expect(refuses { frame, _ in frame[20] |= 0x20 }, "a fragment")
        #expect(refuses { frame, _ in frame[23] = 47 }, "GRE")
        #expect(refuses { frame, _ in frame[46] = 0x40 }, "a TCP header of 16 bytes")
        #expect(
            refuses {
                $0 += [UInt8](repeating: 0, count: 66_000)
                $1.segmentByteCount = 65_535
            }, "a segment longer than IP can say")
    }

    @Test(
        "Any length and any damage to the headers gives segments or a refusal, never an over-read",
        arguments: [
            "tcp4", "tcp4-two-vlans", "tcp6-extension-headers", "tcp6-in-ip4", "tcp4-in-mpls", "udp6",
        ])
    func damage(name: String) throws {
        let fixture = try Fixture(name)
        for count in 0..<160 { _ = segments(Array(fixture.frame[..<count]), fixture.offload) }
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededGenerator(seed: seed)
        var refused = 0
        for _ in 0..<2_000 {
            var frame = Array(fixture.frame[..<1_000])
            for _ in 0..<3 { frame[Int(random.next() % 120)] = UInt8(truncatingIfNeeded: random.next()) }
            guard let made = segments(frame, fixture.offload) else {
                refused += 1
                continue
            }
            let payload = made.reduce(0) { $0 + $1.count }
            #expect(payload >= frame.count, "seed \(seed)")
        }
        #expect(refused > 0)
    }
}

@Suite("Checksum completion") struct ChecksumCompletionTests {
    @Test(
        "A checksum left to the card is finished as scapy would",
        arguments: [
            "checksum-tcp4", "checksum-tcp6", "checksum-udp4", "checksum-udp6", "checksum-udp4-zero",
            "checksum-tcp4-zero",
            "checksum-sctp",
        ])
    func completion(name: String) throws {
        let fixture = try Fixture(name)
        var frame = fixture.frame
        #expect(frame != fixture.expected[0])
        let isDone = frame.withUnsafeMutableBytes { fixture.offload.completeChecksum(in: $0) }
        #expect(isDone)
        #expect(frame == fixture.expected[0])
    }

    @Test(
        "A checksum outside the frame is refused",
        arguments: ["checksum-tcp4", "checksum-udp4", "checksum-sctp"])
    func outside(name: String) throws {
        let fixture = try Fixture(name)
        let field = fixture.offload.checksumStart + fixture.offload.checksumOffset
        let needed = field + (name == "checksum-sctp" ? 4 : 2)
        for count in 0...needed {
            var frame = Array(fixture.frame[..<count])
            let isDone = frame.withUnsafeMutableBytes { fixture.offload.completeChecksum(in: $0) }
            #expect(isDone == (count == needed), "\(count) bytes")
        }
    }
}
