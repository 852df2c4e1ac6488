import CEcho
import Forwarder
@preconcurrency import Glibc
import Histogram

/// What it is to have little to do.
@main
enum IdleBenchmark {
    private static let packetsPerSecond = 1000.0

    static func main() throws {
        guard let options = Options(CommandLine.arguments.dropFirst()) else {
            print(Options.help)
            exit(64)
        }
        guard ce_own_network() == 0 else {
            fputs("idle: no network namespace can be made; run it as root\n", stderr)
            exit(1)
        }
        for pair in ["a", "b", "c"] {
            let command =
                "ip link add \(pair)0 type veth peer name \(pair)1 && ip link set \(pair)0 up && ip link set \(pair)1 up"
            guard system(command) == 0 else {
                fputs("idle: ip can't make interfaces\n", stderr)
                exit(1)
            }
        }
        _ = ce_pin(0)
        try measure(options)
    }

    private static func measure(_ options: Options) throws {
        let direct = trips(from: "c0", to: "c1", options.seconds)
        let base = direct.valueAtPercentile(50)
        print(
            "a packet a millisecond, \(options.seconds) s each; delays beyond the \(base) ns of a bare cable")
        var cases: [Case] = []
        for mode in IdleMode.allCases {
            let reference = run(
                Device.echo(spins: mode == .spin, processor: 1), options.seconds, beyond: base)
            let ours = run(try Device.forwarder(mode, processor: 1), options.seconds, beyond: base)
            cases += Case.all(mode, ours, reference)
        }
        for item in cases { print(item) }
        if let path = options.jsonPath {
            let json = "{\"cases\": [\n" + cases.map(\.json).joined(separator: ",\n") + "\n]}\n"
            guard let file = fopen(path, "w") else {
                fputs("idle: can't write \(path)\n", stderr)
                exit(1)
            }
            fputs(json, file)
            fclose(file)
        }
    }

    /// What was found of one device in one mode.
    struct Finding {
        /// Of a processor, without packets and with them.
        var idleShare = 0.0
        var busyShare = 0.0
        /// Microseconds beyond a bare cable.
        var p50 = 0.0
        var p99 = 0.0
        var p999 = 0.0
    }

    private static func run(_ device: Device, _ seconds: Double, beyond base: UInt64) -> Finding {
        // What it does at its start isn't idleness.
        _ = trips(from: "a0", to: "b0", 0.5)
        var finding = Finding()
        finding.idleShare = share(of: device) { usleep(UInt32(seconds * 1e6)) }
        var histogram = Histogram<UInt64>(highestTrackableValue: 1_000_000_000)
        finding.busyShare = share(of: device) { histogram = trips(from: "a0", to: "b0", seconds) }
        device.end()
        func microseconds(_ share: Double) -> Double {
            (Double(histogram.valueAtPercentile(share)) - Double(base)) / 1000
        }
        guard Double(histogram.totalCount) > 0.99 * seconds * packetsPerSecond else {
            fputs("idle: only \(histogram.totalCount) packets came through\n", stderr)
            exit(1)
        }
        (finding.p50, finding.p99, finding.p999) = (microseconds(50), microseconds(99), microseconds(99.9))
        return finding
    }

    private static func share(of device: Device, _ body: () -> Void) -> Double {
        let (begin, spent) = (ce_now(), device.spent)
        body()
        return Double(device.spent - spent) / Double(ce_now() - begin)
    }

    /// Sends a packet each millisecond, and waits for it.
    /// - Returns: delays, in nanoseconds, of those that have come.
    private static func trips(from: String, to: String, _ seconds: Double) -> Histogram<UInt64> {
        let (out, back) = (ce_socket(from), ce_socket(to))
        defer {
            close(out)
            close(back)
        }
        var histogram = Histogram<UInt64>(highestTrackableValue: 1_000_000_000)
        let interval = 1e9 / packetsPerSecond
        let begin = ce_now()
        var frame = Device.frame
        for number in 0..<Int(seconds * packetsPerSecond) {
            let due = begin + UInt64(Double(number) * interval)
            while ce_now() < due {}
            withUnsafeBytes(of: UInt64(number) | 1 << 63) { mark in
                frame.replaceSubrange(frame.count - 8..<frame.count, with: mark)
            }
            let delay = ce_trip(out, back, frame, Int32(frame.count), 100_000_000)
            if delay > 0 { _ = histogram.record(delay) }
        }
        return histogram
    }
}

/// One figure beside the C loop's, and the goal.
struct Case: CustomStringConvertible {
    let name: String
    let unit: String
    let figure: Double
    let reference: Double
    /// The most that is allowed; nil: none is stated.
    var goal: Double?

    static func all(_ mode: IdleMode, _ ours: IdleBenchmark.Finding, _ reference: IdleBenchmark.Finding)
        -> [Case]
    {
        let isAdaptive = mode == .adaptive
        return [
            Case(
                name: "\(mode), no packets", unit: "% of a processor", figure: ours.idleShare * 100,
                reference: reference.idleShare * 100, goal: isAdaptive ? 0.5 : nil),
            Case(
                name: "\(mode), 1,000 packets/s", unit: "% of a processor", figure: ours.busyShare * 100,
                reference: reference.busyShare * 100, goal: isAdaptive ? 4 : nil),
            Case(
                name: "\(mode), added delay, median", unit: "µs", figure: ours.p50, reference: reference.p50,
                goal: isAdaptive ? 30 : 5),
            Case(
                name: "\(mode), added delay, 99 %", unit: "µs", figure: ours.p99, reference: reference.p99),
            Case(
                name: "\(mode), added delay, 99.9 %", unit: "µs", figure: ours.p999, reference: reference.p999
            ),
        ]
    }

    private var isMet: Bool? { goal.map { figure <= $0 } }

    var description: String {
        let aim = goal.map { " (goal: at most \(rounded($0)), \(figure <= $0 ? "met" : "missed"))" } ?? ""
        return "\(name): \(rounded(figure)) \(unit), the C loop \(rounded(reference))\(aim)"
    }

    var json: String {
        var fields = [
            "\"case\": \"\(name)\"", "\"figure\": \(rounded(figure))", "\"unit\": \"\(unit)\"",
            "\"reference\": \(rounded(reference))", "\"referenceIs\": \"a C loop that passes frames on\"",
        ]
        if let goal, let isMet { fields += ["\"goal\": \(goal)", "\"isMet\": \(isMet)"] }
        return "{" + fields.joined(separator: ", ") + "}"
    }

    private func rounded(_ number: Double) -> Double { (number * 100).rounded() / 100 }
}
