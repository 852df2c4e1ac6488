import EndlessPorts
import Glibc

/// What floods cost beside admitted traffic; see Benchmarks/README.md.
@main
struct FloodsBenchmark {
    /// Of admitted packets a second without the flood.
    private static let greatestSlowDown = 1.0 / 3
    private static let greatestGrowth = 4 << 20
    private static let vectorCount = 256

    static func main() throws {
        var arguments = Array(CommandLine.arguments.dropFirst())
        let file = takeFile(from: &arguments)
        var cases: [String] = []
        let seconds = arguments.first.flatMap(Double.init) ?? 2
        print(
            "flood                        ns a packet   of an admitted one   slow-down   memory     outcome")
        var isGood = true
        let names = arguments.dropFirst()
        for flood in Flood.all where names.isEmpty || names.contains(flood.name) {
            let site = try Site()
            site[flood.port].frames = flood.frames
            _ = site.serve(["access0"], turns: vectorCount)
            // Tables of neighbours fill up once.
            _ = site.serve(["access0", flood.port], turns: vectorCount)
            let memory = residentByteCount
            var rounds: [(alone: Double, beside: Double)] = []
            let end = Clock.now + UInt64(seconds * 1e9)
            while Clock.now < end || rounds.count < 5 {
                rounds.append(
                    (
                        site.serve(["access0"], turns: vectorCount),
                        site.serve(["access0", flood.port], turns: vectorCount)
                    ))
            }
            let growth = max(0, residentByteCount - memory)
            let alone = median(rounds.map(\.alone))
            // Of each round by itself: the clock of a shared machine drifts.
            let cost = median(rounds.map { ($0.beside - $0.alone) / $0.alone })
            let slowDown = cost / (1 + cost)
            let isWithin = slowDown <= greatestSlowDown && growth <= greatestGrowth
            isGood = isGood && isWithin
            print(
                column(flood.name, 26), number(cost * alone / 256, 13), number(cost, 20),
                number(slowDown * 100, 10) + "%", column("  \(growth >> 10) KiB", 12), site.usualOutcome,
                isWithin ? "" : "  too much")
            fflush(nil)
            cases.append(
                "{\"case\":\"\(flood.name)\",\"figure\":\(number(slowDown * 100, 0)),\"unit\":\"% slower\","
                    + "\"goal\":\"33 %\",\"isMet\":\(isWithin),\"nanosecondsPerPacket\":\(number(cost * alone / 256, 0)),"
                    + "\"growthBytes\":\(growth)}")
        }
        if let file, !write(cases, to: file) {
            print("\(file): can't be written")
            isGood = false
        }
        exit(isGood ? 0 : 1)
    }

    /// What stands behind `--json`, and out of the arguments with both.
    private static func takeFile(from arguments: inout [String]) -> String? {
        guard let option = arguments.firstIndex(of: "--json"), option + 1 < arguments.count else {
            return nil
        }
        defer { arguments.removeSubrange(option...option + 1) }
        return arguments[option + 1]
    }

    private static func write(_ cases: [String], to path: String) -> Bool {
        guard let file = fopen(path, "w") else { return false }
        fputs("{\"cases\":[\n\(cases.joined(separator: ",\n"))\n]}\n", file)
        return fclose(file) == 0
    }

    private static func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

    private static func column(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    /// With two digits behind the point.
    private static func number(_ value: Double, _ width: Int) -> String {
        let hundredths = Int((value * 100).rounded())
        let fraction = String(abs(hundredths) % 100)
        let text = "\(hundredths / 100)." + (fraction.count < 2 ? "0" : "") + fraction
        return String(repeating: " ", count: max(0, width - text.count)) + text
    }

    /// Of this process, by the kernel.
    private static var residentByteCount: Int {
        guard let file = fopen("/proc/self/statm", "r") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        guard fgets(&line, 256, file) != nil else { return 0 }
        let fields = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            .split(separator: " ")
        return (Int(fields[1]) ?? 0) * sysconf(Int32(_SC_PAGESIZE))
    }
}
