import Exchange
import TableCompiler
import Tables
import Testbed
import Wire

extension FuzzTarget {
    /// Journaled commands, of the present format and of older ones: read, written again, and carried out on a small register
    /// if they are valid, which then reads back as the same.
    static let commands = FuzzTarget(name: "commands", byteCountLimit: 4096) { bytes throws(Finding) in
        let command: Command
        do throws(ByteReaderError) { command = try Command(decoding: bytes) } catch { return }
        try hasOneForm(bytes, command.encoded) { bytes throws(ByteReaderError) in
            try Command(decoding: bytes).encoded
        }
        var state = Edge.named("subscriber-edge").compiled.state
        guard state.validate(command).isEmpty else { return }
        _ = state.apply(command)
        try isWhole(state)
    } seeds: {
        Edge.names.flatMap { name -> [[UInt8]] in
            let changes = State().changes(to: Edge.describe(name))
            return ([changes] + changes.map { [$0] }).map { Command(time: 1, action: .change($0)).encoded }
        }.filter { $0.count <= 4096 }
    }

    /// Snapshots of the whole register.
    static let states = FuzzTarget(name: "states", byteCountLimit: 4096) { bytes throws(Finding) in
        let state: State
        do throws(ByteReaderError) { state = try State(decoding: bytes) } catch { return }
        try hasOneForm(bytes, state.encoded) { bytes throws(ByteReaderError) in
            try State(decoding: bytes).encoded
        }
    } seeds: {
        Edge.names.map { Edge.named($0).compiled.state.encoded }.filter { $0.count <= 4096 }
    }

    /// What was read is written as it was, if it was of the present format, of which the first two bytes tell; and what is
    /// written is of that format, and reads back as the same.
    private static func hasOneForm(
        _ bytes: [UInt8], _ written: [UInt8], rewrite: ([UInt8]) throws(ByteReaderError) -> [UInt8]
    ) throws(Finding) {
        let isPresent = bytes.prefix(2) == written.prefix(2)
        try Finding.unless(!isPresent || bytes == written, "two forms: \(bytes) and \(written)")
        let again: [UInt8]
        do throws(ByteReaderError) { again = try rewrite(written) } catch {
            throw Finding("what has been written can't be read: \(error), \(written)")
        }
        try Finding.unless(again == written, "what has been written reads back as another: \(written)")
    }

    /// A state is what it reads back as, and the tables take what is made of it.
    private static func isWhole(_ state: State) throws(Finding) {
        let again: State
        do throws(ByteReaderError) { again = try State(decoding: state.encoded) } catch {
            throw Finding("a state can't be read back: \(error)")
        }
        try Finding.unless(again.encoded == state.encoded, "a state reads back as another")
        do throws(TableError) {
            try ForwardingTables().stage(TableCompiler.everything(in: state, number: state.sequence))
        } catch { throw Finding("the tables refuse what validation has let pass: \(error)") }
    }
}
