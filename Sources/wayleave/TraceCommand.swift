import ArgumentParser
import ExchangeFile
import Forwarder
import Observation
import Offline
import Ports

struct TraceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trace",
        abstract: "Follows packets through a running edge: every step, and the fields before and after.",
        discussion: """
            Says the same as `wayleave explain` would, of packets as they come. Armed as long as the command runs, until the \
            count is reached, an hour at most. --port and --filter choose packets as they come in; --subscriber, --session \
            and --reason of these the ones that turn out to fit. A packet that is followed takes some microseconds longer.

            Examples:
              wayleave trace --filter 'host 10.1.0.7 and icmp' --count 1
              wayleave trace --subscriber carol --reason notAdmitted
              wayleave trace --port core0 --json
            """)

    @OptionGroup var observation: ObservationOptions
    @OptionGroup var output: OutputOptions

    @Option(
        help: ArgumentHelp(
            "Packets that come in by this port; may be given several times.", valueName: "NAME"))
    var port: [String] = []
    @Option(help: ArgumentHelp("Packets of this subscriber.", valueName: "NAME")) var subscriber: String?
    @Option(help: ArgumentHelp("Packets of this session.", valueName: "NAME")) var session: String?
    @Option(help: ArgumentHelp("Packets that are dropped for this reason.", valueName: "REASON"))
    var reason: ReasonName?
    @Option(
        help: ArgumentHelp(
            "Packets that pass as they come in, as in pcap-filter(7).", valueName: "EXPRESSION"))
    var filter = ""
    @Option(help: ArgumentHelp("End after so many packets.", valueName: "N")) var count: UInt64 = 0
    @Option(help: ArgumentHelp("End after so many seconds.", valueName: "N")) var seconds: UInt32 = 0

    func run() async throws {
        let names = SlotNames(observation.instance)
        var request = TraceRequest()
        request.ports = port
        request.filter = filter
        request.count = count
        request.seconds = seconds
        request.reason = reason?.reason
        do throws(ObservationError) {
            if let session { request.sessions = try await names.sessionSlots(session) }
            if let subscriber { request.subscriber = try await names.subscriber(subscriber) }
        } catch {
            printError("\(error)")
            throw Daemon.Exit.refused
        }
        let narrator = await names.narrator()
        if narrator == nil {
            printError(
                "steps are told with numbers, since "
                    + (names.isReachable
                        ? "the exchange is too large to fetch all names"
                        : "the control plane doesn't answer: which names they stand for isn't known here"))
        }
        let signal = StopSignal()
        let client = try observation.ask { path throws(ObservationError) in
            try ObservationClient.trace(path, request)
        }
        do throws(ObservationError) { try show(client, signal, narrator) } catch {
            throw observation.refuse(error)
        }
    }

    private func show(
        _ client: ObservationClient, _ signal: StopSignal, _ narrator: TraceNarrator?
    ) throws(ObservationError) {
        var ports: [UInt16: ObservedPort] = [:]
        var packetCount = 0
        while let answer = try client.next(interrupt: signal.descriptor) {
            switch answer {
            case .armed: printError("tracing")
            case .port(let port): ports[port.slot] = port
            case .traced(let packet):
                packetCount += 1
                let explanation = narrator?.explanation(packet)
                func name(_ slot: UInt16) -> String { ports[slot]?.name ?? "port \(slot)" }
                let text =
                    output.json
                    ? packet.document(explanation, portName: name).json + "\n"
                    : text(packet, explanation, name) + "\n\n"
                do { try printText(text) } catch { throw ObservationError("the output can't be written") }
            case .end(let end):
                printError(Self.summary(packetCount))
                if end.lost > 0 { printError("\(end.lost) more packets came too fast to be followed") }
                return
            case .refused, .drops, .sample, .captured, .runtime: break
            }
        }
        printError(Self.summary(packetCount))
        if !signal.hasCome {
            throw ObservationError("the connection to the forwarder has ended, and with it the trace")
        }
    }

    private static func summary(_ packetCount: Int) -> String {
        switch packetCount {
        case 0: "no packet that fits has come"
        case 1: "1 packet traced"
        default: "\(packetCount) packets traced"
        }
    }

    private func text(
        _ packet: TracedPacket, _ explanation: Explanation?, _ name: (UInt16) -> String
    ) -> String {
        let rows = packet.lines(explanation)
        let width = max(10, rows.map(\.subject.count).max() ?? 0)
        let heading =
            "\(TimeOfDay(packet.timestamp)) "
            + (explanation?.heading ?? "\(name(packet.port)): \(packet.frame.count) bytes")
        return
            ([heading]
            + rows.map { $0.subject + String(repeating: " ", count: width + 2 - $0.subject.count) + $0.text })
            .joined(separator: "\n")
    }
}
