import Glibc
import Testbed
import Testing
import Wire

@testable import Exchange

/// What programs before this one have written: commands and the state that they led to, in format 1.
@Suite struct FormatTests {
    /// The lines of a file of hex digits, joined where no empty line is between them.
    private static func bytes(_ name: String) throws -> [[UInt8]] {
        let path = "\(repositoryRoot())/Tests/ExchangeTests/Fixtures/\(name)"
        let file = try #require(fopen(path, "r"), "\(path) can't be read")
        defer { fclose(file) }
        var blocks: [[UInt8]] = [[]]
        var high: UInt8?
        var wasLineFeed = false
        while case let character = getc(file), character != EOF {
            if character == 0x0a {
                if wasLineFeed, blocks.last?.isEmpty == false { blocks.append([]) }
                wasLineFeed = true
                continue
            }
            wasLineFeed = false
            let digit = try #require(Character(UnicodeScalar(UInt8(character))).hexDigitValue)
            if let first = high {
                blocks[blocks.count - 1].append(first << 4 | UInt8(digit))
                high = nil
            } else {
                high = UInt8(digit)
            }
        }
        return blocks.filter { !$0.isEmpty }
    }

    @Test("CD-7 commands of format 1 are read, and lead to the state of format 1 that they led to")
    func formatOne() throws {
        let written = try Self.bytes("commands-v1.hex")
        let commands = try written.map { try Command(decoding: $0) }
        #expect(commands.count == 4 && written.allSatisfy { $0.prefix(2) == [0, 1] })
        var state = State()
        for command in commands {
            #expect(state.validate(command) == [])
            _ = state.apply(command)
        }
        let old = try #require(try Self.bytes("state-v1.hex").first)
        #expect(old.prefix(2) == [0, 1])
        let read = try State(decoding: old)
        #expect(read.encoded == state.encoded)
        #expect(read.encoded != old && read.encoded.prefix(2) == [0, 3])
        #expect(try State(decoding: read.encoded).encoded == read.encoded)
        for command in commands { #expect(try Command(decoding: command.encoded) == command) }
    }

    @Test("CD-7 what format 1 could not say has its default")
    func defaults() throws {
        let state = try State(decoding: try #require(try Self.bytes("state-v1.hex").first))
        #expect(state.description.validate() == [])
        #expect(state.ports.all.allSatisfy { $0.entry.object.denied == .drop && $0.entry.object.sendsErrors })
        #expect(state.lines.all.allSatisfy { $0.entry.object.vlan.isEmpty })
        #expect(state.tunnels.all.allSatisfy { !$0.entry.object.clampsMSS && $0.entry.object.policer == nil })
        #expect(
            state.tunnels["path"]?.encapsulation
                == .mpls(
                    MPLSEncapsulation(
                        send: [Label(unchecked: 16_001)], receive: Label(unchecked: 17_001), ttl: .pipe(99),
                        trafficClass: .fixed(5))))
        guard case .ipip(let ipip) = state.tunnels["ip"]?.encapsulation else {
            Issue.record("tunnel `ip` isn't IP-in-IP")
            return
        }
        #expect(ipip.ttl == .fixed(200) && ipip.dscp == .fixed(46) && ipip.df == .set)
        #expect(ipip.ecn == .normal && ipip.innerDSCP == .keep)
        #expect(
            state.sessions["alice-video"]
                == Session(
                    name: "alice-video", subscriber: "alice", service: "video",
                    access: .plain(port: "access0", nextHop: nil),
                    network: .tunnel(
                        name: "null", send: Label(unchecked: 110), receive: Label(unchecked: 210))))
        let record = try #require(state.sessionRecord("alice-video"))
        #expect(record.number == 5_000 && record.leg == 2 && record.paths == [.init(leg: 2, slot: 3)])
        #expect(record.traffic.upPackets == 5 && state.drainingSlots == [0])
        #expect(state.leg(inSlot: 0)?.traffic.downBytes == 500)
        let rules = state.conditions[UseOfService(subscriber: "bob", service: "video")]?.allow
        #expect(rules?.count == 6 && rules?.allSatisfy { $0.types.isEmpty && $0.dscps.isEmpty } == true)
    }

    @Test(
        "PX-6 a state of format 1 that is cut short or garbled never traps", arguments: SeededGenerator.seeds)
    func garbled(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let old = try #require(try Self.bytes("state-v1.hex").first)
        for length in 0..<old.count {
            #expect(throws: ByteReaderError.self) { try State(decoding: old[..<length]) }
        }
        for _ in 0..<400 {
            var bytes = old
            for _ in 0..<random.number(1...3) { bytes[random.number(2...old.count - 1)] = random.octet() }
            guard let state = try? State(decoding: bytes) else { continue }
            #expect(try State(decoding: state.encoded).encoded == state.encoded, "seed \(seed)")
        }
    }
}
