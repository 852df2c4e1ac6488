import CEcho
import EndlessPorts
import Forwarder
@preconcurrency import Glibc
import Link
import Packets
import Synchronization

/// What a second worker adds.
@main
enum WorkersBenchmark {
    private static let roundCount = 5

    static func main() throws {
        var seconds = 0.5
        var jsonPath: String?
        var rest = Array(CommandLine.arguments.dropFirst())
        while !rest.isEmpty {
            let option = rest.removeFirst()
            guard let value = rest.isEmpty ? nil : rest.removeFirst() else { help() }
            switch (option, Double(value)) {
            case ("--seconds", let number?) where number > 0: seconds = number
            case ("--json", _): jsonPath = value
            default: help()
            }
        }
        var cases: [String] = []
        for (name, hasPolicers, isOneSession) in [
            ("a user's packets on one worker", false, false),
            ("with a policer a session", true, false),
            ("all packets of one policed session", true, true),
        ] {
            let one = try Site(workers: 1, hasPolicers: hasPolicers, isOneSession: isOneSession)
            let two = try Site(workers: 2, hasPolicers: hasPolicers, isOneSession: isOneSession)
            // By turns, since clocks drift; a ratio is the median of rounds.
            var rounds: [(one: Double, two: Double)] = []
            for _ in 0..<roundCount { rounds.append((rate(of: one, seconds), rate(of: two, seconds))) }
            rounds.sort { $0.two / $0.one < $1.two / $1.one }
            let median = rounds[roundCount / 2]
            let ratio = median.two / median.one
            print(
                "\(name): one worker \(millions(median.one)) Mpps, two \(millions(median.two)), "
                    + "\(hundredths(ratio)) times as many")
            cases.append(
                "{\"case\": \"two workers, \(name)\", \"figure\": \(millions(median.two)), \"unit\": \"Mpps\", "
                    + "\"reference\": \(millions(median.one)), \"referenceIs\": \"one worker\", "
                    + "\"ratio\": \(hundredths(ratio))}")
        }
        guard let jsonPath else { return }
        guard let file = fopen(jsonPath, "w") else {
            fputs("workers: can't write \(jsonPath)\n", stderr)
            exit(1)
        }
        fputs("{\"cases\": [\n\(cases.joined(separator: ",\n"))\n]}\n", file)
        fclose(file)
    }

    private static func help() -> Never {
        print(
            """
            workers [--seconds S] [--json FILE]

              --seconds  of each of five rounds; 0.5 if not said
              --json     writes the results to a file besides

            How many packets two workers forward beside one, each on a processor of its own, between ports of memory.
            """)
        exit(64)
    }

    /// Packets a second of all workers, each on a thread and a processor of its own.
    private static func rate(of site: Site, _ seconds: Double) -> Double {
        let total = Total()
        let threads = site.workers.enumerated().map { number, worker in
            let worker = Handover(value: worker)
            return NativeThread("worker-\(number)") {
                _ = ce_pin(Int32(number))
                let worker = worker.value
                let begin = Clock.now
                var served = 0
                while Double(Clock.now - begin) < seconds * 1e9 {
                    for _ in 0..<64 { served += worker.serve(PortIndex(rawValue: 0)) }
                }
                total.add(Double(served) / (Double(Clock.now - begin) / 1e9))
            }
        }
        for thread in threads { thread.join() }
        return total.value
    }

    private static func millions(_ number: Double) -> Double { hundredths(number / 1e6) }
    private static func hundredths(_ number: Double) -> Double { (number * 100).rounded() / 100 }
}

/// A sum that several threads add to.
private final class Total: Sendable {
    private let sum = Mutex(0.0)

    func add(_ number: Double) { sum.withLock { $0 += number } }
    var value: Double { sum.withLock { $0 } }
}

/// Takes a worker to its thread; one thread has it at a time.
private struct Handover: @unchecked Sendable { let value: Worker }
