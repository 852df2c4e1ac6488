import ArgumentParser
import Bench
import ExchangeFile
@preconcurrency import Glibc

struct BenchMemoryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "memory",
        abstract: "Measures the forwarding loop in memory: packets a second of one core.",
        discussion: """
            Every combination of cases, sessions, rules and sizes is measured. A million sessions take some 20 seconds and \
            about a gigabyte to set up.

            Cases: push (path and user label), pop (both), swap (a transit label), encapsulate and decapsulate (IP-in-IP), \
            push6 (IPv6).

            Examples:
              wayleave bench
              wayleave bench --case push --sessions 1,1000,10000,100000,1000000 --size 64,512,1400 --rules 0,8
              wayleave bench --seconds 3 --json --html memory.html
            """)

    @Option(name: .customLong("case"), help: ArgumentHelp("Cases; all unless told.", valueName: "NAMES"))
    var cases: String = BenchCase.allCases.map(\.rawValue).joined(separator: ",")

    @Option(help: ArgumentHelp("Open sessions, up to a million.", valueName: "NUMBERS"))
    var sessions: String = "1,1000,10000,100000"

    @Option(
        help: ArgumentHelp("Bytes of a subscriber's frame with its check sequence.", valueName: "NUMBERS"))
    var size: String = "64"

    @Option(
        help: ArgumentHelp("Rules each session has; its packets match the last one.", valueName: "NUMBERS"))
    var rules: String = "0"

    @Option(help: ArgumentHelp("Seconds for each combination.", valueName: "SECONDS"))
    var seconds: Double = 0.5

    @OptionGroup var output: BenchOutput

    func validate() throws { _ = try plan }

    private var plan: MemoryBenchPlan {
        get throws {
            guard let cases = CommaList(cases, { BenchCase(rawValue: $0) }) else {
                let known = BenchCase.allCases.map(\.rawValue).joined(separator: ", ")
                throw ValidationError("--case \(self.cases): there are \(known)")
            }
            guard seconds > 0, seconds <= 3600 else {
                throw ValidationError("--seconds \(seconds): more than 0 is wanted, and no more than an hour")
            }
            return MemoryBenchPlan(
                cases: cases.elements,
                sessionCounts: try numbers(sessions, "sessions", in: MemoryBenchPlan.sessionCounts),
                frameSizes: try numbers(size, "size", in: MemoryBenchPlan.frameSizes),
                ruleCounts: try numbers(rules, "rules", in: MemoryBenchPlan.ruleCounts), seconds: seconds)
        }
    }

    func run() throws {
        let plan = try plan
        let machine = Machine()
        output.begin(machine)
        let table = output.json ? nil : RunningTable(MemoryBenchReport.header)
        let results = try MemoryBench(plan).run { table?.add(MemoryBenchReport.row($0)) }
        let report = MemoryBenchReport(machine: machine, results: results)
        try output.end(report.document, page: report.html)
    }
}

extension MemoryBenchReport {
    fileprivate var document: DocumentValue {
        [
            "machine": machine.document,
            "results": .list(
                results.map { result in
                    [
                        "case": .text(result.case.rawValue), "sessions": DocumentValue(result.sessionCount),
                        "rules": DocumentValue(result.ruleCount),
                        "frameBytes": DocumentValue(result.frameByteCount),
                        "packetsPerSecond": .number(decimal(result.packetsPerSecond, 0)),
                        "nanosecondsPerPacket": .number(decimal(result.nanosecondsPerPacket, 2)),
                        "clocksPerPacket": .number(decimal(result.clocksPerPacket, 2)),
                        "bitsPerSecond": .number(decimal(result.bitsPerSecond, 0)),
                        "vectors": DocumentValue(result.vectorCount),
                    ]
                }),
        ]
    }
}
