import Testbed
import Testing
import Wire

@testable import Exchange

/// Commands and states as bytes.
@Suite struct CodingTests {
    @Test(
        "CD-7 every kind of object and change reads back as it was written", arguments: SeededGenerator.seeds)
    func roundTrip(seed: UInt64) throws {
        for command in Self.commands(seed: seed) {
            let bytes = command.encoded
            #expect(try Command(decoding: bytes) == command, "seed \(seed)")
            // From the middle of something longer, too.
            #expect(try Command(decoding: ([1, 2, 3] + bytes)[3...]) == command, "seed \(seed)")
        }
    }

    @Test(
        "PX-6 a command cut short or garbled is refused, or is another one; it never traps",
        arguments: SeededGenerator.seeds)
    func garbledCommands(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let state = State(Edges.describe(Edges.subscriberEdge))
        for command in Self.commands(seed: seed) {
            let bytes = command.encoded
            let length = random.number(0...bytes.count - 1)
            #expect(throws: ByteReaderError.self, "seed \(seed)") { try Command(decoding: bytes[..<length]) }
            #expect(throws: ByteReaderError.self, "seed \(seed)") { try Command(decoding: bytes + [0]) }
            for _ in 0..<20 {
                let garbled = Self.garbled(bytes, &random)
                guard let other = try? Command(decoding: garbled) else { continue }
                if garbled[1] == bytes[1] { #expect(other.encoded == garbled, "seed \(seed)") }
                _ = state.validate(other)
            }
        }
    }

    @Test(
        "PX-6 a state cut short or garbled is refused, or is another one; it never traps",
        arguments: SeededGenerator.seeds)
    func garbledStates(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let state = Self.state(seed: seed)
        let bytes = state.encoded
        #expect(try State(decoding: bytes).encoded == bytes)
        #expect(throws: ByteReaderError.self) { try State(decoding: bytes + [0]) }
        var readCount = 0
        for _ in 0..<400 {
            let length = random.number(0...bytes.count - 1)
            #expect(throws: ByteReaderError.self, "seed \(seed), \(length)") {
                try State(decoding: bytes[..<length])
            }
            let garbled = Self.garbled(bytes, &random)
            guard var other = try? State(decoding: garbled) else { continue }
            readCount += 1
            if garbled[1] == bytes[1] { #expect(other.encoded == garbled, "seed \(seed)") }
            let changes = Command(time: 0, action: .change(other.changes(to: ExchangeDescription())))
            if other.validate(changes).isEmpty { _ = other.apply(changes) }
        }
        #expect(readCount > 0, "seed \(seed)")
    }

    @Test("CD-7 another format is refused by its number")
    func versions() {
        for (bytes, what) in [([0, 4], "a command of format 4"), ([0, 0], "a command of format 0")]
            as [([UInt8], String)]
        {
            let error = #expect(throws: ByteReaderError.self) { try Command(decoding: bytes) }
            #expect(error?.description.contains(what) == true)
        }
        let error = #expect(throws: ByteReaderError.self) { try State(decoding: [1, 0]) }
        #expect(error?.description.contains("a state of format 256, and this program reads 1 to 3") == true)
    }

    @Test("CD-7 a state that names what isn't there is refused with the name")
    func dangling() throws {
        var state = State(Edges.describe(Edges.subscriberEdge))
        state.lines.remove("slow")
        let error = #expect(throws: ByteReaderError.self) { try State(decoding: state.encoded) }
        #expect(error?.description.contains("tunnel `beta-west` names something that isn't there") == true)
        state = State(Edges.describe(Edges.subscriberEdge))
        state.sessionRecords[0]?.paths[0].slot = 1
        let other = #expect(throws: ByteReaderError.self) { try State(decoding: state.encoded) }
        #expect(other?.description.contains("session `alice-video` has not the leg that it names") == true)
    }

    @Test("PX-6 legs are bounded before they are multiplied, in states and in commands")
    func manyLegs() {
        let legs = Legs((0..<30_000).map { _ in .tunnel(name: "", send: nil, receive: nil) })
        let session = Session(name: "a", subscriber: "b", service: "c", access: legs, network: legs)
        var state = State()
        state.sessions.put(session, "a", revision: 1)
        state.sessionRecords = [SessionRecord(number: 1, leg: 0, paths: [], openedAt: 0, traffic: Traffic())]
        let command = Command(time: 1, action: .change([Change(.put(.session(session)))]))
        let sentence = "a side of a session with 30000 legs, where 1 to 8 can be"
        let stateError = #expect(throws: ByteReaderError.self) { try State(decoding: state.encoded) }
        #expect(stateError?.what == sentence)
        let commandError = #expect(throws: ByteReaderError.self) { try Command(decoding: command.encoded) }
        #expect(commandError?.what == sentence)
    }

    @Test("PX-6 a state with several paths on both sides of a session is refused")
    func pathsOnBothSides() throws {
        var state = State(Edges.describe(Edges.subscriberEdge))
        var session = try #require(state.sessions["alice-video"])
        let tunnels = Legs(["acme-north", "beta-west"].map { .tunnel(name: $0, send: nil, receive: nil) })
        (session.access, session.network) = (tunnels, tunnels)
        state.sessions.put(session, session.name, revision: 1)
        let error = #expect(throws: ByteReaderError.self) { try State(decoding: state.encoded) }
        #expect(error?.what == "session `alice-video` has several paths on both sides")
    }

    @Test("PX-6 counter slots and forwarders are bounded before room is made for them")
    func manyCounters() {
        let baseline = CounterFile.Baseline(start: 0, total: Traffic(), until: 0)
        var state = State(Edges.describe(Edges.subscriberEdge))
        let slotCount = state.legs.legs.count
        for slot in [slotCount, Limits.counterSlots - 1] {
            let baselines = [CounterFile.Baseline?](repeating: nil, count: slot) + [baseline]
            state.counterFiles = [CounterFile(forwarder: "main", file: 1, baselines: baselines)]
            let error = #expect(throws: ByteReaderError.self) { try State(decoding: state.encoded) }
            #expect(error?.what == "counter slot \(slot) among \(slotCount) is out of order or range")
        }
        state.counterFiles = (100...164).map { CounterFile(forwarder: "f\($0)", file: 1) }
        let error = #expect(throws: ByteReaderError.self) { try State(decoding: state.encoded) }
        #expect(error?.what == "65 forwarders, and at most 64 are allowed")
        state.counterFiles.removeLast()
        #expect(throws: Never.self) { try State(decoding: state.encoded) }
    }

    @Test("CD-7 the bytes of formats 1 to 3 are these for ever: journals are full of them")
    func stable() throws {
        let binding = LabelBinding(
            in: Label(unchecked: 16_001), operation: .swap([Label(unchecked: 17)]), via: .line("north"))
        let command = Command(
            time: 258, action: .change([Change(.put(.label(binding)), expectedRevision: 3)]))
        var bytes: [UInt8] = [
            0, 3, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 1,  // format, time, change, 1
            1, 0, 0, 0, 0, 0, 0, 0, 3, 0, 8,  // revision 3, put, label
            0, 0, 0x3e, 0x81, 1, 0, 0, 0, 1, 0, 0, 0, 17,  // 16001, swap 1, 17
            0, 0, 0, 0, 5, 0x6e, 0x6f, 0x72, 0x74, 0x68,  // line north
        ]
        #expect(command.encoded == bytes)
        #expect(try Command(decoding: bytes) == command)
        for format in [1, 2] as [UInt8] {
            bytes[1] = format
            #expect(try Command(decoding: bytes) == command)
        }
    }

    // MARK: What is written

    private static func garbled(_ bytes: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
        var garbled = bytes
        for _ in 0..<random.number(1...3) { garbled[random.number(0...bytes.count - 1)] = random.octet() }
        return garbled
    }

    /// Commands of all kinds; most of them make no sense.
    private static func commands(seed: UInt64) -> [Command] {
        var exchange = RandomExchange(seed: seed)
        let state = State(Edges.describe(Edges.subscriberEdge))
        var commands = (0..<300).map { number in
            Command(time: UInt64(number), action: .change(exchange.changes(state)))
        }
        commands.append(Command(time: 1, action: .change(State().changes(to: state.description))))
        let reading = UsageReadings.Reading(
            slot: -1, leg: LegID(session: .max, leg: 2), start: .max - 1,
            total: Traffic(upPackets: 1, downBytes: .max))
        commands.append(
            Command(
                time: .max,
                action: .usage(UsageReadings(forwarder: "ü", file: 9, readings: [reading], closed: [4]))))
        return commands
    }

    /// A state that has seen changes and counters.
    private static func state(seed: UInt64) -> State {
        var exchange = RandomExchange(seed: seed)
        var random = SeededGenerator(seed: seed)
        var forwarder = CountingForwarder(name: "main", file: 1)
        var state = State()
        for number in 0..<600 {
            let time = UInt64(number)
            let usage = Command(time: time, action: .usage(forwarder.readings(state, &random)))
            let change = Command(time: time, action: .change(exchange.changes(state)))
            for command in [usage, change] where state.validate(command).isEmpty { _ = state.apply(command) }
        }
        return state
    }
}
