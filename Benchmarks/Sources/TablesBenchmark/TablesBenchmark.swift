import CReference
import Exchange
import Glibc
import TableCompiler
import Tables
import Wire

/// What a whole register of sessions costs on its way from commands to the forwarder's tables, in process: no disk, no
/// socket. Every figure stands beside C building the same hash tables and the same trie, timed in the same run. Times are
/// the process's own, so that others on the machine don't count.
///
/// Usage: `TablesBenchmark [SESSIONS] [--json FILE]`, by default 1,000,000.
@main
struct TablesBenchmark {
    static func main() {
        var arguments = Array(CommandLine.arguments.dropFirst())
        var results = Results(takingFileFrom: &arguments)
        let count = arguments.first.flatMap { Int($0) } ?? 1_000_000
        let reference = seconds { buildReference(count) }
        print("C: the hash tables and the trie of \(count) sessions: \(milliseconds(reference))")

        func report(_ what: String, _ body: () -> Void) {
            let time = seconds(body)
            results.add(what, milliseconds: time * 1000, reference: reference * 1000)
            let padded = what + String(repeating: " ", count: max(0, 64 - what.count))
            print("\(padded)\(milliseconds(time))  \(ratio(time / reference)) × C")
        }

        var state = State()
        state.take(Command(time: 1, action: .change(Register.foundation)))
        let command = Command(time: 2, action: .change(Register.sessions(0..<count)))
        report("validate the command of \(3 * count) objects") {
            precondition(state.validate(command).isEmpty)
        }
        report("apply it") { _ = state.apply(command) }
        var bytes: [UInt8] = []
        report("encode it for the journal") { bytes = command.encoded }
        report("read it back (\(bytes.count >> 20) MiB)") {
            do throws(ByteReaderError) { _ = try Command(decoding: bytes) } catch { fatalError("\(error)") }
        }
        report("encode the state (the snapshot)") { bytes = state.encoded }
        report("read it back (\(bytes.count >> 20) MiB)") {
            do throws(ByteReaderError) { _ = try State(decoding: bytes) } catch { fatalError("\(error)") }
        }
        var transaction = Transaction(number: 0, changes: [])
        report("compile all table objects") {
            transaction = TableCompiler.everything(in: state, number: state.sequence)
        }
        report("encode the transaction") { bytes = transaction.encoded }
        report("read it back (\(bytes.count >> 20) MiB)") {
            do throws(ByteReaderError) { transaction = try Transaction(decoding: bytes) } catch {
                fatalError("\(error)")
            }
        }

        let tables = ForwardingTables()
        let before = residentByteCount()
        report("stage it in empty tables") { tables.take(transaction) }
        report("publish it, tries compiled") { _ = tables.publish() }
        report("settle the other side") { tables.settle() }
        let byteCount = packetByteCount(tables, count)
        let grown = (residentByteCount() - before) / count
        print("a session: \(byteCount) bytes where packets look, \(grown) in all")
        results.add("tables", bytesPerSession: byteCount)
        report("a reset to the same: nothing changes") {
            tables.take(TableCompiler.everything(in: state, number: state.sequence))
        }
        _ = tables.publish()
        tables.settle()

        reportLabels(count, report)
        reportNetworks(transaction, count, report)

        let one = Command(time: 3, action: .change(Register.sessions(count..<count + 1)))
        report("one more subscriber, condition and session: validate, apply") { state.take(one) }
        let close = Command(
            time: 4, action: .change([Change(.remove(.session(Register.name(count))))]))
        report("close that session: validate, apply") { state.take(close) }
        let reopen = Command(
            time: 5, action: .change([Change(.put(.session(Register.session(count))))]))
        report("open it again: validate, apply") { state.take(reopen) }
        results.write()
    }

    /// A transit label for each session, up to as many as there are, from command to tables: what a load of a label table
    /// is but for its text, the journal and the socket.
    private static func reportLabels(_ count: Int, _ report: (String, () -> Void) -> Void) {
        var state = State()
        state.take(Command(time: 1, action: .change(Register.foundation)))
        let labels = Register.labels(min(count, 1_000_000))
        let command = Command(time: 2, action: .change(labels))
        report("\(labels.count) labels: validate") { precondition(state.validate(command).isEmpty) }
        var touched: [StateSlot] = []
        report("apply") { touched = state.apply(command).touched }
        report("encode for the journal") { _ = command.encoded }
        var changes: [Transaction.Change] = []
        report("compile") {
            let compilation = Compilation(of: state)
            changes = touched.map { compilation.change($0) }
        }
        report("hash") { precondition(changes.reduce(0) { $0 &+ $1.hash } != 0) }
        var bytes: [UInt8] = []
        report("encode the transaction") { bytes = Transaction(number: 2, changes: changes).encoded }
        var transaction = Transaction(number: 2, changes: [])
        report("read it back (\(bytes.count >> 20) MiB)") {
            do throws(ByteReaderError) { transaction = try Transaction(decoding: bytes) } catch {
                fatalError("\(error)")
            }
        }
        let tables = ForwardingTables()
        tables.take(TableCompiler.everything(in: foundationState(), number: 1))
        _ = tables.publish()
        tables.settle()
        report("stage") { tables.take(transaction) }
        report("publish") { _ = tables.publish() }
        report("settle") { tables.settle() }
    }

    /// The same subscribers with an IPv6 network of 64 bits each.
    private static func reportNetworks(
        _ transaction: Transaction, _ count: Int, _ report: (String, () -> Void) -> Void
    ) {
        var transaction = transaction
        transaction.changes = transaction.changes.map { change in
            guard case .set(.subscriber(var subscriber)) = change else { return change }
            let network = IPv6Address(high: 0x2001_0db8_0000_0000 + UInt64(subscriber.slot.rawValue), low: 0)
            subscriber.prefixes = [IPPrefix(covering: .v6(network), bitCount: 64)]
            return .set(.subscriber(subscriber))
        }
        let tables = ForwardingTables()
        report("with IPv6 networks instead: stage") { tables.take(transaction) }
        _ = tables.publish()
        tables.settle()
        print("a session: \(packetByteCount(tables, count)) bytes where packets look")
    }

    private static func foundationState() -> State {
        var state = State()
        state.take(Command(time: 1, action: .change(Register.foundation)))
        return state
    }

    /// Records and indexes, and one worker's counters: two directions of packets and bytes.
    private static func packetByteCount(_ tables: ForwardingTables, _ count: Int) -> Int {
        (tables.byteCount + count - 1) / count + 32
    }

    /// What the sessions' look-ups need, built in C: two user labels, an admission and a prefix each.
    private static func buildReference(_ count: Int) {
        let labels = (0..<2 * count).map { ref_entry(key: UInt64($0) << 20 | 0x1234, value: UInt32($0) + 1) }
        let admissions = (0..<count).map { ref_entry(key: UInt64($0) << 32, value: UInt32($0) + 1) }
        var prefixes = (0..<count).map {
            ref_prefix(bits: 0x0a00_0000 + UInt32($0), length: 32, value: UInt32($0) + 1)
        }
        _ = ref_hash_build(labels, labels.count)
        _ = ref_hash_build(admissions, admissions.count)
        _ = ref_poptrie_build(&prefixes, prefixes.count)
    }

    private static func seconds(_ body: () -> Void) -> Double {
        func now() -> Double {
            var time = timespec()
            clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
            return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
        }
        let start = now()
        body()
        return now() - start
    }

    private static func milliseconds(_ seconds: Double) -> String {
        let microseconds = Int(seconds * 1e6)
        let fraction = String(1000 + microseconds % 1000).dropFirst()
        return "\(microseconds / 1000).\(fraction) ms"
    }

    private static func ratio(_ value: Double) -> String {
        let thousandths = Int(value * 1000)
        return "\(thousandths / 1000).\(String(1000 + thousandths % 1000).dropFirst())"
    }

    private static func residentByteCount() -> Int {
        guard let file = fopen("/proc/self/statm", "r") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 128)
        guard fgets(&line, 128, file) != nil else { return 0 }
        let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * Int(getpagesize())
    }
}

extension State {
    fileprivate mutating func take(_ command: Command) {
        let rejections = validate(command)
        precondition(rejections.isEmpty, "\(rejections)")
        _ = apply(command)
    }
}

extension ForwardingTables {
    fileprivate func take(_ transaction: Transaction) {
        do throws(TableError) { _ = try stage(transaction) } catch { fatalError("\(error)") }
    }
}

extension Transaction.Change {
    fileprivate var hash: UInt64 { if case .set(let object) = self { object.hash } else { 0 } }
}
