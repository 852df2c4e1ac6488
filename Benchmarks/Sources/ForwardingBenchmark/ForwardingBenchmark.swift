import Glibc

/// Measures the forwarding loop beside the same in C; see Benchmarks/README.md.
@main
struct ForwardingBenchmark {
    static func main() {
        do {
            try run(Options(Array(CommandLine.arguments.dropFirst())))
        } catch {
            let message = "\(error)\n"
            write(STDERR_FILENO, message, message.utf8.count)
            exit(error is UsageError ? 2 : 1)
        }
    }

    private static func run(_ options: Options) throws {
        let clock = Clock()
        if !options.isJSON { print(Report.heading) }
        for operation in options.operations {
            for sessionCount in options.sessionCounts {
                let rig = Rig(
                    Scenario(
                        operation, sessionCount: sessionCount, ruleCount: options.ruleCount,
                        isPoliced: options.isPoliced))
                try rig.checkAgreement(vectorCount: 64, seed: 1)
                let measurement = try Measurement(
                    rig, rounds: options.rounds, vectorsPerRound: sessionCount > 1000 ? 256 : 64, seed: 2)
                let report = Report(nanosecondsPerTick: clock.nanosecondsPerTick, isJSON: options.isJSON)
                print(report.line(measurement))
                fflush(nil)
            }
        }
    }
}
