import ArgumentParser
import Forwarder
import Observation
import Tables

struct CaptureCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "capture",
        abstract: "Writes packets that come in, go out and are dropped to a pcapng file.",
        discussion: """
            An interface for each port, time stamps in nanoseconds, the direction of each packet; beside a packet, as its \
            comment, its session and why it was dropped. A dropped packet stands there once, as it came in. The filter is \
            asked about each frame as it is on its port: `udp` finds nothing behind labels, `udp or (mpls and mpls and \
            udp)` also what is behind two. Files are written until they are interrupted, or as much as is asked for has \
            been written; with a rotation they are named file_00001_20260131120000.pcapng and so on. Packets never wait \
            for a capture: what comes faster than it can be written is missing, and counted.

            Examples:
              wayleave capture -w edge.pcapng --port access0 --filter 'host 10.1.0.5' --count 100
              wayleave capture -w - --dropped | tshark -i -
              wayleave capture -w edge.pcapng --rotate-size 10M --files 5
            """)

    @OptionGroup var observation: ObservationOptions

    @Option(
        name: [.customShort("w"), .customLong("write")],
        help: ArgumentHelp("The file; - is standard output.", valueName: "FILE"))
    var path: String
    @Option(help: ArgumentHelp("Only this port; may be given several times.", valueName: "NAME"))
    var port: [String] = []
    @Flag(name: .customLong("in"), help: "Packets that come in. (default: in, out and dropped ones)")
    var received = false
    @Flag(name: .customLong("out"), help: "Packets that are sent.") var sent = false
    @Flag(help: "Packets that are dropped.") var dropped = false
    @Option(help: ArgumentHelp("Only packets that pass, as in pcap-filter(7).", valueName: "EXPRESSION"))
    var filter = ""
    @Option(help: ArgumentHelp("End after so many packets.", valueName: "N")) var count: UInt64 = 0
    @Option(help: ArgumentHelp("End after so many seconds.", valueName: "N")) var seconds: UInt32 = 0
    @Option(
        help: ArgumentHelp("Begin another file at so many bytes: 4096, 64k, 10M, 1G.", valueName: "BYTES"))
    var rotateSize: ByteSize?
    @Option(help: ArgumentHelp("Begin another file after so many seconds.", valueName: "N"))
    var rotateSeconds: Int?
    @Option(help: ArgumentHelp("Keep only the last so many files.", valueName: "N")) var files: Int?
    @Option(help: ArgumentHelp("Bytes of each packet at most.", valueName: "N")) var snaplen: UInt32 = 65_535

    func validate() throws {
        guard (1...65_535).contains(snaplen) else { throw ValidationError("--snaplen: 1 to 65535") }
        guard rotateSeconds ?? 1 > 0, files ?? 1 > 0 else {
            throw ValidationError("--rotate-seconds and --files: a number above 0")
        }
        let rotates = rotateSize != nil || rotateSeconds != nil
        if files != nil, !rotates {
            throw ValidationError("--files goes with --rotate-size or --rotate-seconds")
        }
        if rotates, path == "-" { throw ValidationError("standard output can't be rotated; name a file") }
    }

    func run() async throws {
        var request = CaptureRequest()
        request.ports = port
        request.filter = filter
        if received || sent || dropped {
            (request.takesReceived, request.takesSent, request.takesDropped) = (received, sent, dropped)
        }
        request.count = count
        request.seconds = seconds
        request.snapshotByteCount = snaplen
        let signal = StopSignal()
        let client = try observation.ask { path throws(ObservationError) in
            try ObservationClient.capture(path, request)
        }
        do throws(ObservationError) {
            // Only then is there a file: a request that is refused leaves alone what is there.
            guard let ports = try waitUntilArmed(client, signal) else { return }
            let rotation = CaptureFiles.Rotation(
                byteCount: rotateSize?.byteCount, seconds: rotateSeconds, fileLimit: files)
            let output = try CaptureFiles(path, rotation: rotation, snapshotByteCount: Int(snaplen))
            for port in ports { output.note(port) }
            printError("capturing")
            let end = try await take(client, signal, into: output)
            let lost = end.map { $0.lost > 0 ? ", \($0.lost) lost" : "" } ?? ""
            printError("\(output.packetCount) packet\(output.packetCount == 1 ? "" : "s") captured\(lost)")
            guard end != nil else {
                throw ObservationError("the connection to the forwarder has ended, and with it the capture")
            }
        } catch { throw observation.refuse(error) }
    }

    /// - Returns: the ports that packets will be about; nil: interrupted before.
    private func waitUntilArmed(
        _ client: ObservationClient, _ signal: StopSignal
    ) throws(ObservationError) -> [ObservedPort]? {
        var ports: [ObservedPort] = []
        while let answer = try client.next(interrupt: signal.descriptor) {
            switch answer {
            case .port(let port): ports.append(port)
            case .armed: return ports
            case .refused, .drops, .sample, .captured, .traced, .runtime, .end: break
            }
        }
        if signal.hasCome { return nil }
        throw ObservationError("the forwarder has ended the connection without an answer")
    }

    /// Writes what comes.
    /// - Returns: how it ended; nil: the forwarder has gone.
    private func take(
        _ client: ObservationClient, _ signal: StopSignal, into output: CaptureFiles
    ) async throws(ObservationError) -> ObservationEnd? {
        let names = SlotNames(observation.instance)
        var interrupt: Int32? = signal.descriptor
        while true {
            guard let answer = try client.next(interrupt: interrupt) else {
                try output.flush()
                guard interrupt != nil, signal.hasCome else { return nil }
                interrupt = nil
                try client.stop()
                continue
            }
            switch answer {
            case .port(let port): output.note(port)
            case .captured(let packet):
                var session: String?
                if let conversion = packet.conversion {
                    session = await names.session(conversion.session.rawValue)
                }
                try output.write(
                    packet,
                    comment: PacketComment.text(
                        reason: packet.reason, session: session, direction: packet.conversion?.direction))
            case .end(let end):
                try output.flush()
                return end
            case .armed, .refused, .drops, .sample, .traced, .runtime: break
            }
            if !client.hasNext { try output.flush() }
        }
    }
}
