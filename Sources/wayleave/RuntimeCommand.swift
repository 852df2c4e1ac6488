import ArgumentParser
import ExchangeFile
import Forwarder
@preconcurrency import Glibc
import Observation

struct RuntimeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "runtime",
        abstract: "Shows how busy the forwarder's workers are, and what their time goes into.",
        discussion: """
            Since the forwarder was started, or with --watch each second of what was done in it. A vector is what is taken from \
            a port at once, up to 256 packets; of every sixteenth each stage is timed, in nanoseconds a packet: receive (system calls of the port), forward (look up and convert), answer (slow path), \
            transmit (system calls), account. A part of the time that isn't idle goes into looking for packets.

            Examples:
              wayleave runtime
              wayleave runtime --watch
            """)

    @OptionGroup var observation: ObservationOptions
    @OptionGroup var output: OutputOptions

    @Flag(help: "Once a second, until interrupted.") var watch = false

    func run() async throws {
        var earlier = try read()
        guard watch else { return show(earlier.map { $0 }) }
        let signal = StopSignal()
        while !signal.waits(milliseconds: 1000) {
            let now = try read()
            show(
                now.map { reading in
                    let before = earlier.first {
                        $0.worker == reading.worker && $0.elapsed <= reading.elapsed
                    }
                    return before.map { reading.since($0) } ?? reading
                })
            earlier = now
        }
    }

    private func read() throws -> [RuntimeReading] {
        try observation.ask { path throws(ObservationError) in try ObservationClient.runtime(path) }
    }

    private func show(_ readings: [RuntimeReading]) {
        if output.json {
            let document: DocumentValue = ["items": .list(readings.map(document))]
            print(document.json)
            fflush(stdout)
            return
        }
        var table = Table(
            ["worker", "vectors/s", "packets/s", "packets/vector"] + Stage.allCases.map { "\($0) ns" }
                + ["idle %"])
        for reading in readings {
            table.add(
                [
                    "\(reading.worker)", tenths(reading.vectorsPerSecond), tenths(reading.packetsPerSecond),
                    tenths(reading.packetsPerVector),
                ] + Stage.allCases.map { reading.nanosecondsPerPacket($0).map { tenths($0) } ?? "" }
                    + [tenths(reading.idleShare * 100)])
        }
        print(table)
        if !watch { print("\nsince the forwarder was started; ns: of each packet, in each stage") }
        fflush(stdout)
    }

    private func document(_ reading: RuntimeReading) -> DocumentValue {
        [
            "worker": DocumentValue(reading.worker), "nanoseconds": DocumentValue(reading.elapsed),
            "vectors": DocumentValue(reading.vectors), "packets": DocumentValue(reading.packets),
            "vectorsPerSecond": .number(tenths(reading.vectorsPerSecond)),
            "packetsPerSecond": .number(tenths(reading.packetsPerSecond)),
            "packetsPerVector": .number(tenths(reading.packetsPerVector)),
            "idle": .number(thousandths(reading.idleShare)),
            "measuredVectors": DocumentValue(reading.measuredVectors),
            "nanosecondsPerPacket": .map(
                Stage.allCases.map { stage in
                    .init(
                        "\(stage)", reading.nanosecondsPerPacket(stage).map { .number(tenths($0)) } ?? .null)
                }),
        ]
    }

    private func tenths(_ number: Double) -> String { decimal(number, 10) }
    private func thousandths(_ number: Double) -> String { decimal(number, 1000) }

    private func decimal(_ number: Double, _ scale: Int) -> String {
        let whole = Int((number * Double(scale)).rounded())
        let digits = String(whole % scale)
        let zeros = String(repeating: "0", count: String(scale).count - 1 - digits.count)
        return "\(whole / scale).\(zeros)\(digits)"
    }
}
