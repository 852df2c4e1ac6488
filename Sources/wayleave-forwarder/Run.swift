import ArgumentParser
import Exchange
import ExchangeFile
import Forwarder
@preconcurrency import Glibc
import Ports
import TableCompiler
import Tables

struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs on live ports until SIGINT or SIGTERM.",
        discussion: """
            Opens the ports of the exchange file, forwards, and keeps the counters. An interface that isn't there yet \
            is picked up when it comes. Needs root, or CAP_NET_ADMIN and CAP_NET_RAW.

            Exit codes: 0 stopped by a signal; 1 a port or file could not be opened; 64 wrong options; 65 the exchange \
            file was refused.
            """)

    @Option(help: ArgumentHelp("The exchange file (YAML) that describes this edge.", valueName: "FILE"))
    var exchange: String

    @Option(
        help: ArgumentHelp(
            "A name for this forwarder on this host: 1–32 letters, digits, '-' and '_'.", valueName: "NAME"))
    var instance: String

    @Option(
        help: ArgumentHelp(
            "Write all counters to this file (JSON) every second and at the end.", valueName: "FILE"))
    var counters: String?

    func validate() throws {
        guard Instance.isName(instance) else {
            throw ValidationError(
                "instance name '\(instance)': 1 to 32 letters, digits, '-' and '_' are possible")
        }
    }

    func run() throws {
        let instance = try Instance(instance)
        let description: ExchangeDescription
        do throws(ExchangeFileError) { description = try ExchangeFile.load(path: exchange) } catch {
            Self.report("\(error)")
            throw ExitCode(65)
        }
        let compiled = CompiledExchange(description, .offline(description))
        let tables = ForwardingTables()
        try tables.stage(compiled.transaction)
        let ports = try compiled.ports.map {
            try PortOpener.open($0, routes: tables.routes(for: $0.slot), warn: Self.report)
        }
        for (slot, port) in ports.enumerated() {
            let mtu = port.link == .ethernet ? UInt16(clamping: port.mtu) : nil
            tables.portFacts(UInt16(slot), mac: port.macAddress, mtu: mtu)
        }
        let worker = Worker(
            Publication(tables: tables.publish(), ports: ports),
            slotByteCount: PortOpener.slotByteCount(ports))
        tables.settle()
        let file = counters.map { CountersFile(path: $0) }
        func counts() -> CountersReport {
            CountersReport(worker.counters, sessions: compiled.sessions, ports: ports.map(\.name))
        }
        func write() throws(CountersFileError) { try file?.write(counts()) }
        try write()
        var failure: CountersFileError?
        let forwarder = LiveForwarder(worker: worker, tables: tables, report: Self.report) {
            // Said once for as long as it lasts: the log may be on the same full disk.
            do throws(CountersFileError) {
                try write()
                if failure != nil { Self.report("the counters are written again") }
                failure = nil
            } catch {
                if error != failure { Self.report("\(error); forwarding goes on") }
                failure = error
            }
        }
        Self.report(
            "instance \(instance.name) forwards: \(compiled.sessions.count) sessions, \(ports.count) ports")
        forwarder.run()
        // The counters are written last, whatever becomes of the captures.
        let closed = Result { for case let port as PcapFilePort in ports { try port.close() } }
        try write()
        try closed.get()
        Self.report("instance \(instance.name) stopped: \(counts().summary)")
    }

    /// A line to standard error.
    private static func report(_ line: String) { fputs("wayleave-forwarder: \(line)\n", stderr) }
}
