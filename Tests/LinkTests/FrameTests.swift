import Testbed
import Testing
import Wire

@testable import Link

@Suite("Link frames") struct FrameTests {
    /// What a reader makes of these bytes, given `step` at a time.
    private func read(_ bytes: [UInt8], step: Int = .max) throws(LinkError) -> [LinkFrame] {
        var reader = FrameReader()
        var frames: [LinkFrame] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = Array(rest.prefix(step))
            rest = rest.dropFirst(piece.count)
            piece.withUnsafeBytes { reader.append($0) }
            while let frame = try reader.next() { frames.append(frame) }
        }
        return frames
    }

    private func failure(_ bytes: [UInt8]) -> String {
        do throws(LinkError) {
            _ = try read(bytes)
            return "none"
        } catch { return error.description }
    }

    @Test(
        "Every message survives the way through frames, however the bytes are cut",
        arguments: [1, 7, 16, 1000])
    func roundTrip(_ step: Int) throws {
        let bytes = Samples.messages.flatMap(\.frame.bytes)
        let messages = try read(bytes, step: step).map { frame throws(LinkError) in try Message(frame) }
        #expect(messages == Samples.messages)
    }

    @Test("There is a sample of every kind") func kinds() {
        #expect(Set(Samples.messages.map(\.kind)) == Set(FrameKind.allCases))
    }

    @Test("The header is as documented") func header() {
        let bytes = LinkFrame(.changes, Array("123456789".utf8)[...]).bytes
        #expect(bytes[..<16] == [0x57, 0x4c, 0x4e, 0x4b, 5, 0, 0, 0, 0, 0, 0, 9, 0xe3, 0x06, 0x92, 0x83])
        #expect(bytes.count == 25)
    }

    @Test("A frame of the largest payload passes, a larger one is refused by its header alone")
    func size() throws {
        let payload = [UInt8](repeating: 0x5a, count: LinkProtocol.payloadLimit)
        #expect(try read(LinkFrame(.changes, payload[...]).bytes) == [LinkFrame(.changes, payload[...])])
        var header = Array(LinkFrame(.changes, payload[...]).bytes[..<16])
        header[11] += 1
        #expect(failure(header).contains("1048577 bytes"))
    }

    @Test(
        "What is wrong is said",
        arguments: [
            (0, 0x58, "no frame"), (4, 0, "unknown kind 0"), (4, 99, "unknown kind 99"),
            (5, 1, "unknown flags"), (7, 1, "unknown flags"), (8, 1, "16777225 bytes"), (13, 0, "checksum"),
            (20, 0, "checksum"),
        ] as [(Int, UInt8, String)])
    func garbled(_ offset: Int, _ octet: UInt8, _ words: String) {
        var bytes = LinkFrame(.changes, Array("123456789".utf8)[...]).bytes
        bytes[offset] = octet
        #expect(failure(bytes).contains(words))
    }

    @Test("Half a frame is not a frame yet, at any length") func half() throws {
        for bytes in Samples.messages.map(\.frame.bytes) {
            for count in 0..<bytes.count { #expect(try read(Array(bytes[..<count])).isEmpty) }
        }
    }

    @Test(
        "A payload that is cut, lengthened or garbled throws and never traps",
        arguments: SeededGenerator.seeds)
    func fuzz(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var thrown = 0
        for round in 0..<20_000 {
            let sample = Samples.messages[round % Samples.messages.count].frame
            var payload = Array(sample.payload)
            switch random.number(0...3) {
            case 0: payload = Array(payload.prefix(random.number(0...payload.count)))
            case 1: payload += random.octets(random.number(1...9))
            case 2 where !payload.isEmpty:
                for _ in 0..<random.number(1...4) {
                    payload[random.number(0...payload.count - 1)] = random.octet()
                }
            default: payload = random.octets(random.number(0...60))
            }
            do throws(LinkError) {
                // What can be read is written in the same way.
                let message = try Message(LinkFrame(sample.kind, payload[...]))
                #expect(Array(message.frame.payload) == payload)
            } catch { thrown += 1 }
        }
        #expect(thrown > 1000)
    }

    @Test("What was garbled on the way is never handed out", arguments: SeededGenerator.seeds)
    func noise(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let sent = Set(Samples.messages.map { Array($0.frame.payload) })
        var refused = 0
        for _ in 0..<2000 {
            var bytes = Samples.messages.flatMap(\.frame.bytes)
            for _ in 0..<random.number(1...3) {
                bytes[random.number(0...bytes.count - 1)] ^= 1 << UInt8(random.number(0...7))
            }
            do throws(LinkError) {
                let frames = try read(bytes, step: random.number(1...400))
                #expect(frames.allSatisfy { sent.contains(Array($0.payload)) })
            } catch { refused += 1 }
        }
        #expect(refused > 1000)
    }

    @Test("Texts for people are cut rather than too long for a frame") func longSentence() throws {
        let long = String(repeating: "é", count: 2_000_000)
        let frame = Message.rejected(RejectedTransaction(number: 1, reason: long)).frame
        guard case .rejected(let read) = try Message(frame) else { preconditionFailure("another message") }
        #expect(read.reason == String(repeating: "é", count: 512))
        let ports = (0..<256).map { PortStatus(slot: UInt16($0), state: .absent, detail: long, mtu: 0) }
        #expect(Message.ports(ports).frame.payload.count < LinkProtocol.payloadLimit)
    }

    @Test(
        "The highest version that both speak is used",
        arguments: [
            (1...1, 1...1, 1), (1...3, 2...5, 3), (2...5, 1...3, 3), (1...2, 3...4, nil), (5...6, 1...4, nil),
        ] as [(ClosedRange<UInt16>, ClosedRange<UInt16>, UInt16?)])
    func versions(_ own: ClosedRange<UInt16>, _ others: ClosedRange<UInt16>, _ common: UInt16?) {
        #expect(LinkProtocol.common(own, others) == common)
    }
}
