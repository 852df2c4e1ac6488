import Exchange
import TableCompiler
import Tables
import Testbed
import Wire

extension FuzzTarget {
    /// Journaled commands: read, written again, and carried out on a small register if they are valid, which then reads
    /// back as the same.
    static let commands = FuzzTarget(name: "commands", byteCountLimit: 4096) { bytes throws(Finding) in
        let command: Command
        do throws(ByteReaderError) { command = try Command(decoding: bytes) } catch { return }
        try Finding.unless(command.encoded == bytes, "a command with two forms: \(command)")
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
        try Finding.unless(state.encoded == bytes, "a state with two forms")
    } seeds: {
        Edge.names.map { Edge.named($0).compiled.state.encoded }.filter { $0.count <= 4096 }
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
