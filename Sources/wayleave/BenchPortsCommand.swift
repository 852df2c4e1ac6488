import ArgumentParser
import Bench
import ExchangeFile
@preconcurrency import Glibc

struct BenchPortsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ports",
        abstract: "Finds the highest rate that a device between two interfaces forwards without loss.",
        discussion: """
            Sends numbered, time-stamped UDP packets by one Ethernet interface (veth, TAP or network card) of this network \
            namespace and counts what comes in by another. Between them stands the device under test: an edge, or \
            anything else that forwards. As root, or with CAP_NET_RAW.

            The search is that of RFC 2544 §26.1, by the steps of MLRsearch: short trials approach the rate, full ones decide; a \
            rate counts when more than half of its full trials lose nothing. It ends after --trials or --limit at the latest.

            Examples:
              wayleave bench ports --tx veth0 --rx veth1 --mac 02:00:00:00:00:01 --from 10.1.0.9 --to 198.51.100.10
              wayleave bench ports --tx core1 --rx access1 --mac 02:00:00:00:00:11 --labels 17001,200042 \\
                  --from 198.51.100.10 --to 10.1.0.9 --size 512 --seconds 60 --html ports.html
            """)

    @Option(help: ArgumentHelp("The interface to send by.", valueName: "INTERFACE"))
    var tx: String

    @Option(help: ArgumentHelp("The interface to receive by.", valueName: "INTERFACE"))
    var rx: String

    @Option(help: ArgumentHelp("The MAC address of the device's port that is sent to.", valueName: "MAC"))
    var mac: String

    @Option(help: ArgumentHelp("The packets' source address.", valueName: "ADDRESS"))
    var from: String

    @Option(help: ArgumentHelp("Their destination address.", valueName: "ADDRESS"))
    var to: String

    @Option(help: ArgumentHelp("An MPLS label stack before them, the top first.", valueName: "LABELS"))
    var labels: String?

    @Option(help: ArgumentHelp("Flows: source ports that take turns.", valueName: "NUMBER"))
    var flows: Int = 1

    @Option(help: ArgumentHelp("The packets' UDP port.", valueName: "NUMBER"))
    var port: UInt16 = 7

    @Option(
        help: ArgumentHelp(
            "Bytes of a frame with its check sequence; those of RFC 2544 that fit unless told.",
            valueName: "NUMBERS"))
    var size: String?

    @Option(help: ArgumentHelp("Packets a second to begin with, and at most.", valueName: "NUMBER"))
    var most: Double = 2_000_000

    @Option(help: ArgumentHelp("Seconds of a full trial; RFC 2544 wants 60.", valueName: "SECONDS"))
    var seconds: Double = 5

    @Option(help: ArgumentHelp("Seconds of the trials that approach.", valueName: "SECONDS"))
    var short: Double = 0.5

    @Option(help: ArgumentHelp("How near the bounds come, in percent.", valueName: "PERCENT"))
    var precision: Double = 2

    @Option(
        help: ArgumentHelp(
            "Full trials a rate gets at most, of which more than half must lose nothing; 1: RFC 2544 to the letter.",
            valueName: "NUMBER"))
    var verdict: Int = 3

    @Option(help: ArgumentHelp("Trials for each size at most.", valueName: "NUMBER"))
    var trials: Int = 80

    @Option(help: ArgumentHelp("Seconds of sending for each size at most.", valueName: "SECONDS"))
    var limit: Double = 300

    @Flag(help: "Print each trial as it ends, to standard error.") var verbose = false

    @OptionGroup var output: BenchOutput

    func validate() throws { _ = try plan }

    private var plan: PortsBenchPlan {
        get throws {
            let format = try format
            let leastSize = format.leastFrameSize
            let sizes =
                try size.map { try numbers($0, "size", in: leastSize...9018) }
                ?? Set(PortsBenchPlan.frameSizes.map { max($0, leastSize) }).sorted()
            for (name, value, range) in [
                ("most", most, 1...1e8), ("seconds", seconds, 0.01...3600), ("short", short, 0.01...3600),
                ("precision", precision, 0.1...50), ("limit", limit, 0.1...86_400),
                ("trials", Double(trials), 1...10_000), ("verdict", Double(verdict), 1...99),
            ] where !range.contains(value) {
                throw ValidationError(
                    "--\(name): a number from \(range.lowerBound) to \(range.upperBound) is wanted")
            }
            guard verdict % 2 == 1 else { throw ValidationError("--verdict: an odd number is wanted") }
            var goal = RateSearchGoal(mostRate: most)
            goal.leastRate = min(most, 100)
            goal.width = precision / 100
            goal.shortSeconds = short
            goal.fullSeconds = seconds
            goal.verdictTrialCount = verdict
            goal.trialLimit = trials
            goal.secondLimit = limit
            return PortsBenchPlan(
                transmit: tx, receive: rx, format: format, frameSizes: sizes, goal: goal)
        }
    }

    private var format: TestPacketFormat {
        get throws {
            guard let format = TestPacketFormat(mac: mac, source: from, destination: to, labels: labels)
            else {
                throw ValidationError(
                    "--mac takes an address such as 02:00:00:00:00:01, --from and --to two IPv4 or two IPv6 addresses, "
                        + "--labels up to eight numbers below 1048576 with commas between them")
            }
            var made = format
            guard (1...16_384).contains(flows) else {
                throw ValidationError("--flows: a number from 1 to 16384 is wanted")
            }
            made.flowCount = flows
            made.destinationPort = port
            return made
        }
    }

    func run() throws {
        var plan = try plan
        let machine = Machine()
        if size == nil {
            let mtu = try TestInterface(tx).mtu
            plan.frameSizes.removeAll { $0 - 18 > mtu }
        }
        let bench = try PortsBench(plan)
        output.begin(machine)
        let table = output.json ? nil : RunningTable(PortsBenchReport.header)
        let results = try bench.run(
            note: { size, trial in
                guard verbose else { return }
                fputs(
                    "\(size) bytes: \(decimal(trial.intendedRate, 0))/s for \(decimal(trial.seconds, 2)) s, offered "
                        + "\(decimal(trial.offeredRate, 0))/s, lost \(trial.lostCount) of \(trial.sentCount)\n",
                    stderr)
            },
            report: { table?.add(PortsBenchReport.row($0)) })
        let report = PortsBenchReport(machine: machine, plan: plan, results: results)
        try output.end(report.document, page: report.html)
    }
}

extension PortsBenchReport {
    fileprivate var document: DocumentValue {
        [
            "machine": machine.document, "tx": .text(plan.transmit), "rx": .text(plan.receive),
            "fullTrialSeconds": .number(decimal(plan.goal.fullSeconds, 3)),
            "results": .list(results.map(Self.document)),
        ]
    }

    private static func document(_ result: PortsBenchResult) -> DocumentValue {
        let search = result.search
        func rate(_ rate: Double?) -> DocumentValue { rate.map { .number(decimal($0, 0)) } ?? .null }
        return [
            "frameBytes": DocumentValue(result.frameSize), "packetsPerSecond": rate(search.rate),
            "lossyPacketsPerSecond": rate(search.lossyRate), "bitsPerSecond": rate(result.bitsPerSecond),
            "isStrict": .flag(search.isStrict), "isConverged": .flag(search.isConverged),
            "senderLimit": rate(search.senderLimit), "remarks": .list(remarks(result).map { .text($0) }),
            "delays": .list(
                result.latencies.map { load, trial in
                    [
                        "load": .number(decimal(load, 0)), "packetsPerSecond": rate(trial.offeredRate),
                        "lost": DocumentValue(trial.lostCount),
                        "nanoseconds": .map(
                            Latency.shares.map { share in
                                let delay = trial.latency.nanoseconds(at: share)
                                return .init(
                                    Self.shareName(share),
                                    delay.map { DocumentValue($0) } ?? .null)
                            }),
                    ]
                }),
            "trials": .list(
                search.trials.map { trial in
                    [
                        "intended": rate(trial.intendedRate), "offered": rate(trial.offeredRate),
                        "seconds": .number(decimal(trial.seconds, 3)), "sent": DocumentValue(trial.sentCount),
                        "lost": DocumentValue(trial.lostCount), "twice": DocumentValue(trial.duplicateCount),
                        "reordered": DocumentValue(trial.reorderedCount),
                        "receiverDrops": DocumentValue(trial.receiverDropCount),
                        "interfaceDrops": DocumentValue(trial.interfaceDropCount),
                    ]
                }),
        ]
    }
}
