import Packets
import Ports
import Testbed
import Testing

/// A capture file, byte by byte as draft-ietf-opsawg-pcap has it.
struct PcapBytes {
    var bytes: [UInt8]
    let isBigEndian: Bool

    init(
        magic: UInt32 = 0xa1b2_c3d4, linkType: UInt32 = 101, isBigEndian: Bool = false,
        snapshot: UInt32 = 65_535
    ) {
        self.isBigEndian = isBigEndian
        bytes = []
        put(magic)
        bytes += isBigEndian ? [0, 2, 0, 4] : [2, 0, 4, 0]
        put(0)
        put(0)
        put(snapshot)
        put(linkType)
    }

    private mutating func put(_ word: UInt32) {
        let inOrder = isBigEndian ? word.bigEndian : word.littleEndian
        bytes += withUnsafeBytes(of: inOrder) { Array($0) }
    }

    mutating func add(_ packet: [UInt8], seconds: UInt32, fraction: UInt32, wireByteCount: Int? = nil) {
        put(seconds)
        put(fraction)
        put(UInt32(packet.count))
        put(UInt32(wireByteCount ?? packet.count))
        bytes += packet
    }
}

@Suite("CD-3 pcap files") struct PcapFileTests {
    @Test(
        "Both byte orders and both time units are read",
        arguments: [(UInt32(0xa1b2_c3d4), UInt64(1_000)), (0xa1b2_3c4d, 1)], [false, true])
    func readsEveryForm(form: (magic: UInt32, nanosecondsPerUnit: UInt64), isBigEndian: Bool) throws {
        let folder = ScratchFolder()
        var file = PcapBytes(magic: form.magic, linkType: 1, isBigEndian: isBigEndian)
        file.add([1, 2, 3], seconds: 7, fraction: 999_999)
        file.add([4], seconds: 8, fraction: 0, wireByteCount: 60)
        let reader = try PcapFileReader(path: folder.file("in.pcap", file.bytes))
        #expect(reader.link == .ethernet)
        let first = try #require(try reader.next())
        #expect(Array(first.bytes) == [1, 2, 3])
        #expect(first.timestamp == 7_000_000_000 + 999_999 * form.nanosecondsPerUnit)
        #expect(!first.isTruncated)
        let second = try #require(try reader.next())
        #expect(Array(second.bytes) == [4])
        #expect(second.wireByteCount == 60)
        #expect(second.isTruncated)
        #expect(try reader.next() == nil)
        #expect(reader.packetCount == 2)
    }

    @Test(
        "Link types",
        arguments: [
            (1, LinkType.ethernet), (12, .ip), (101, .ip), (228, .ip), (229, .ip), (113, nil), (276, nil),
            (0, nil),
        ] as [(UInt32, LinkType?)])
    func knowsItsLinkTypes(number: UInt32, expected: LinkType?) throws {
        let folder = ScratchFolder()
        let path = folder.file("in.pcap", PcapBytes(linkType: number).bytes)
        guard let expected else {
            let error = #expect(throws: PcapFileError.self) { try PcapFileReader(path: path) }
            #expect(error?.path == path)
            #expect(error?.reason.contains("neither Ethernet nor raw IP") == true)
            return
        }
        #expect(try PcapFileReader(path: path).link == expected)
    }

    @Test("A file cut off at any byte is refused or ends with an error that names the packet")
    func everyTruncationIsNoticed() throws {
        let folder = ScratchFolder()
        var whole = PcapBytes()
        whole.add([1, 2, 3, 4], seconds: 1, fraction: 0)
        let boundaries = [24, whole.bytes.count]
        whole.add([5, 6], seconds: 2, fraction: 0)
        for count in 0..<whole.bytes.count {
            let path = folder.file("in.pcap", Array(whole.bytes[..<count]))
            guard count >= 24 else {
                let error = #expect(throws: PcapFileError.self) { try PcapFileReader(path: path) }
                #expect(error?.packetNumber == nil)
                continue
            }
            let reader = try PcapFileReader(path: path)
            if count >= boundaries[1] { _ = try reader.next() }
            if boundaries.contains(count) {
                #expect(try reader.next() == nil)
            } else {
                let error = #expect(throws: PcapFileError.self) { _ = try reader.next() }
                #expect(error?.packetNumber == (count < boundaries[1] ? 1 : 2), "cut at \(count)")
                #expect(error?.path == path)
            }
        }
    }

    @Test("Packets are whole wherever reads of a file begin and end, and as long as captures have them")
    func largeFiles() throws {
        let folder = ScratchFolder()
        var file = PcapBytes(linkType: 1, snapshot: 262_144)
        // Together several reads, of lengths that share no factor with theirs; the longest is a read by itself.
        let lengths = (0..<700).map { $0 == 300 ? 262_144 : 1 + $0 * 977 % 1_499 }
        for (number, length) in lengths.enumerated() {
            file.add(
                [UInt8](repeating: UInt8(number % 251), count: length), seconds: 1, fraction: UInt32(number))
        }
        let reader = try PcapFileReader(path: folder.file("in.pcap", file.bytes))
        for (number, length) in lengths.enumerated() {
            let record = try #require(try reader.next())
            #expect(
                record.bytes.count == length && record.timestamp == 1_000_000_000 + UInt64(number) * 1_000)
            #expect(record.bytes.allSatisfy { $0 == UInt8(number % 251) })
        }
        #expect(try reader.next() == nil)
    }

    @Test("A packet that no capture has is damage, and one beyond the snapshot length is cut")
    func lengthsOfPackets() throws {
        let folder = ScratchFolder()
        var file = PcapBytes(linkType: 1, snapshot: 4)
        file.add([1, 2, 3, 4, 5, 6], seconds: 1, fraction: 0)
        file.add([UInt8](repeating: 0, count: 262_145), seconds: 1, fraction: 0)
        let reader = try PcapFileReader(path: folder.file("in.pcap", file.bytes))
        #expect(try reader.next().map { Array($0.bytes) } == [1, 2, 3, 4])
        let error = #expect(throws: PcapFileError.self) { _ = try reader.next() }
        #expect(error?.packetNumber == 2 && error?.reason.contains("262145 bytes") == true)
    }

    @Test("What libpcap has to read, it reads: version 2.2, with its two lengths the other way round")
    func oldVersion() throws {
        let folder = ScratchFolder()
        var file = PcapBytes(linkType: 1)
        file.bytes[6] = 2
        file.add([1, 2, 3], seconds: 1, fraction: 0, wireByteCount: 3)
        let reader = try PcapFileReader(path: folder.file("in.pcap", file.bytes))
        #expect(try reader.next().map { Array($0.bytes) } == [1, 2, 3])
        #expect(try reader.next() == nil && reader.packetCount == 1)
    }

    @Test("What is no capture is refused with its path and a reason")
    func refusesOtherFiles() {
        let folder = ScratchFolder()
        let bad = folder.file("bad.pcap", [UInt8](repeating: 0x42, count: 200))
        for path in [bad, folder.path, folder.file("missing.pcap")] {
            let error = #expect(throws: PcapFileError.self) { try PcapFileReader(path: path) }
            #expect(error?.description.hasPrefix("\(path): ") == true)
            #expect(error?.reason.isEmpty == false)
        }
    }

    @Test(
        "What is written is a classic capture, byte for byte",
        arguments: [
            (PcapFileWriter.Precision.microseconds, UInt32(0xa1b2_c3d4), UInt32(123_456)),
            (.nanoseconds, 0xa1b2_3c4d, 123_456_789),
        ], [(LinkType.ip, UInt32(101)), (.ethernet, 1)])
    func writesEveryForm(
        form: (precision: PcapFileWriter.Precision, magic: UInt32, fraction: UInt32),
        link: (type: LinkType, number: UInt32)
    ) throws {
        let folder = ScratchFolder()
        let path = folder.file("out.pcap")
        let writer = try PcapFileWriter(path: path, link: link.type, precision: form.precision)
        try [UInt8(1), 2, 3].withUnsafeBytes { try writer.write($0, timestamp: 9_123_456_789) }
        let long = [UInt8](repeating: 7, count: 70_000)
        try long.withUnsafeBytes { try writer.write($0, timestamp: 0) }
        try writer.close()
        try writer.close()
        var expected = PcapBytes(magic: form.magic, linkType: link.number)
        expected.add([1, 2, 3], seconds: 9, fraction: form.fraction)
        expected.add(Array(long[..<65_535]), seconds: 0, fraction: 0, wireByteCount: 70_000)
        #expect(fileContents(folder.file("out.pcap")) == expected.bytes)
    }

    @Test("A full disk is reported with the path")
    func reportsWriteErrors() throws {
        let writer = try PcapFileWriter(path: "/dev/full", link: .ip)
        let frame = [UInt8](repeating: 0, count: 60_000)
        let error = #expect(throws: PcapFileError.self) {
            for _ in 0..<4 { try frame.withUnsafeBytes { try writer.write($0, timestamp: 0) } }
            try writer.close()
        }
        #expect(error?.path == "/dev/full")
        #expect(error?.reason == "No space left on device")
        let missing = #expect(throws: PcapFileError.self) {
            try PcapFileWriter(path: "/no/such/x", link: .ip)
        }
        #expect(missing?.description == "/no/such/x: No such file or directory")
    }
}

@Suite("CD-3 pcap file port") struct PcapFilePortTests {
    @Test("Packets pass from file to file with their time; the port finishes at the end of the input")
    func carriesTimeOver() throws {
        let folder = ScratchFolder()
        var file = PcapBytes()
        for number in UInt8(0)..<5 { file.add([number, 9], seconds: UInt32(number), fraction: 1) }
        let port = try PcapFilePort(
            .init(
                name: "p", inputPath: folder.file("in.pcap", file.bytes), outputPath: folder.file("out.pcap"))
        )
        #expect(port.link == .ip)
        let vector = PacketVector(capacity: 3, slotByteCount: 512)
        var counts: [Int] = []
        while port.state == .up {
            counts.append(port.receive(into: vector))
            let all = (0..<vector.count).map { UInt8($0) }
            all.withUnsafeBufferPointer { port.transmit(vector, selection: $0) }
            vector.removeAll()
        }
        try port.close()
        #expect(counts == [3, 2])
        #expect(port.state == .finished)
        #expect(fileContents(folder.file("out.pcap")) == file.bytes)
    }

    @Test("Packets are given out up to a time limit, so that files can be merged")
    func holdsBackLaterPackets() throws {
        let folder = ScratchFolder()
        var file = PcapBytes()
        for number in UInt8(1)...3 { file.add([number], seconds: UInt32(number), fraction: 0) }
        let port = try PcapFilePort(.init(name: "p", inputPath: folder.file("in.pcap", file.bytes)))
        let vector = PacketVector()
        #expect(port.nextTimestamp == 1_000_000_000)
        #expect(port.receive(into: vector, notAfter: 2_000_000_000) == 2)
        #expect(port.nextTimestamp == 3_000_000_000)
        #expect(port.state == .up)
        #expect(port.receive(into: vector) == 1)
        #expect(port.nextTimestamp == nil)
        #expect(port.state == .finished)
    }

    @Test("A damaged input gives what stands before the damage, then its reason")
    func damageIsReported() throws {
        let folder = ScratchFolder()
        var file = PcapBytes()
        file.add([1], seconds: 1, fraction: 0)
        file.add([2, 3], seconds: 1, fraction: 0)
        file.bytes.removeLast()
        let port = try PcapFilePort(.init(name: "p", inputPath: folder.file("in.pcap", file.bytes)))
        #expect(port.received() == [[1]])
        #expect(port.state == .finished)
        #expect(port.failure?.packetNumber == 2)
        #expect(throws: PcapFileError.self) { try port.close() }
    }

    @Test("A port with one file only")
    func eitherMayBeMissing() throws {
        let folder = ScratchFolder()
        let output = try PcapFilePort(.init(name: "o", outputPath: folder.file("out.pcap"), link: .ip))
        #expect(output.state == .finished)
        #expect(output.received().isEmpty)
        #expect(output.send([[1]]) == [nil])
        try output.close()
        let input = try PcapFilePort(.init(name: "i", inputPath: folder.file("out.pcap")))
        #expect(input.received() == [[1]])
        #expect(input.send([[1]]) == [.portDown])
        #expect(throws: PcapFileError.self) {
            try PcapFilePort(.init(name: "i", inputPath: folder.path + "/out.pcap", link: .ethernet))
        }
    }
}
