import ArgumentParser
import ExchangeFile
import Observation
import Offline
import Packets
import Ports
import Tables

struct DropsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drops",
        abstract: "Shows dropped packets by port, session and reason, and the last ones of each.",
        discussion: """
            Asks the forwarder itself, so that it works without the control plane, and counts from the forwarder's start. \
            Where no forwarder answers, the control plane's totals are shown. Why a packet is dropped in every detail, \
            `wayleave trace --reason` and `wayleave explain` say.

            Examples:
              wayleave drops
              wayleave drops --reason notAdmitted --samples
              wayleave drops -w dropped.pcapng
            """)

    @OptionGroup var observation: ObservationOptions
    @OptionGroup var output: OutputOptions

    @Option(help: ArgumentHelp("Of packets that came in by this port.", valueName: "NAME")) var port: String?
    @Option(help: ArgumentHelp("Of packets of this session.", valueName: "NAME")) var session: String?
    @Option(help: ArgumentHelp("For this reason, as in notAdmitted.", valueName: "REASON"))
    var reason: ReasonName?
    @Flag(help: "Also the last packets of each port and reason, up to eight.") var samples = false
    @Option(
        name: [.customShort("w"), .long],
        help: ArgumentHelp(
            "Write these packets, the first 128 bytes of each, to a pcapng file.", valueName: "FILE"))
    var write: String?

    /// What the forwarder tells, with names.
    private struct Findings {
        var ports: [UInt16: ObservedPort] = [:]
        var counts: [(count: DropReading.Count, session: String?)] = []
        var samples: [(sample: DropSample, session: String?)] = []
        var overflow: UInt64 = 0

        func portName(_ slot: UInt16) -> String { ports[slot]?.name ?? "port \(slot)" }
    }

    /// Which drops are wanted, in the forwarder's numbers.
    private struct Selection {
        var port: UInt16?
        var sessions: Set<UInt32>?
        var reason: DropReason?

        func admits(_ port: UInt16, _ session: UInt32?, _ reason: DropReason) -> Bool {
            (self.port ?? port) == port && (self.reason ?? reason) == reason
                && sessions.map { sessions in session.map { sessions.contains($0) } ?? false } ?? true
        }
    }

    func run() async throws {
        let client: ObservationClient
        do throws(ObservationError) {
            client = try ObservationClient.drops(
                try socketPath, withSamples: samples || write != nil)
        } catch {
            guard port == nil, session == nil, !samples, write == nil else { throw observation.refuse(error) }
            return try await totals(error)
        }
        var findings = try await collect(client)
        findings.counts.sort { ($0.count.packets, $1.count.port) > ($1.count.packets, $0.count.port) }
        findings.samples.sort { $0.sample.timestamp < $1.sample.timestamp }
        if let write { try save(findings, to: write) }
        // Nothing else may stand between the blocks of a capture.
        guard write != "-" else { return }
        if output.json { return print(document(findings).json) }
        show(findings)
    }

    private var socketPath: String {
        get throws(ObservationError) {
            do { return try observation.socketPath } catch { throw ObservationError("\(error)") }
        }
    }

    /// What the control plane has of all forwarders, dead ones too.
    private func totals(_ error: ObservationError) async throws {
        printError("\(error); the control plane's totals are asked for")
        let drops = try await observation.instance.daemon.get("/v1/drops")
        let items = (drops["items"]?.items ?? []).filter {
            reason == nil || $0["reason"]?.scalar == reason.map { "\($0.reason)" }
        }
        let document: DocumentValue = ["items": .list(items)]
        if output.json { return print(document.json) }
        print(items.isEmpty ? "nothing was dropped" : "\(Table(items))")
    }

    private func collect(_ client: ObservationClient) async throws -> Findings {
        let names = SlotNames(observation.instance)
        do throws(ObservationError) {
            let (ports, reading, samples) = try Self.read(client)
            var selection = Selection()
            if let port {
                selection.port = try await slot(ofPort: port, ports, reading, names)
            }
            if let session { selection.sessions = Set(try await names.sessionSlots(session)) }
            selection.reason = reason?.reason
            var findings = Findings(ports: ports)
            findings.overflow = reading.overflow
            for count in reading.counts where selection.admits(count.port, count.slot, count.reason) {
                findings.counts.append((count, await name(count.slot, names)))
            }
            for sample in samples where selection.admits(sample.port, sample.slot, sample.reason) {
                findings.samples.append((sample, await name(sample.slot, names)))
            }
            return findings
        } catch { throw observation.refuse(error) }
    }

    private func name(_ session: UInt32?, _ names: SlotNames) async -> String? {
        guard let session else { return nil }
        return await names.session(session)
    }

    /// All that the forwarder says; it gives one reading a worker, which are added up.
    private static func read(_ client: ObservationClient) throws(ObservationError) -> (
        [UInt16: ObservedPort], DropReading, [DropSample]
    ) {
        var ports: [UInt16: ObservedPort] = [:]
        var reading = DropReading()
        var samples: [DropSample] = []
        while let answer = try client.next() {
            switch answer {
            case .port(let port): ports[port.slot] = port
            case .drops(let next): reading.add(next)
            case .sample(let sample): samples.append(sample)
            case .end: return (ports, reading, samples)
            case .refused, .armed, .captured, .traced, .runtime: break
            }
        }
        throw ObservationError("the forwarder has ended the connection before it had said all; ask again")
    }

    /// The number of a port that is open, or that was when it dropped packets.
    private func slot(
        ofPort name: String, _ ports: [UInt16: ObservedPort], _ reading: DropReading, _ names: SlotNames
    ) async throws(ObservationError) -> UInt16 {
        if let open = ports.values.first(where: { $0.name == name }) { return open.slot }
        let counted = Set(reading.counts.map(\.port))
        if let slot = (await names.port(name)).flatMap({ UInt16(exactly: $0) }), counted.contains(slot) {
            return slot
        }
        throw ObservedPort.unknown(name, among: ports.values)
    }

    private func show(_ findings: Findings) {
        guard !findings.counts.isEmpty else {
            let isAll = port == nil && session == nil && reason == nil
            return print(isAll ? "nothing was dropped" : "nothing that was asked for was dropped")
        }
        var table = Table(["port", "session", "reason", "packets", "why"])
        for (count, session) in findings.counts {
            table.add([
                findings.portName(count.port), session ?? "", "\(count.reason)", "\(count.packets)",
                count.reason.explanation,
            ])
        }
        print(table)
        if findings.overflow > 0 {
            print(
                "\n\(findings.overflow) packets of further sessions are counted under port and reason alone: there is room "
                    + "for 4,096 sessions by port and reason")
        }
        guard samples else { return }
        for (sample, session) in findings.samples {
            let link = findings.ports[sample.port]?.link ?? .ethernet
            print(
                "\n\(TimeOfDay(sample.timestamp)) \(findings.portName(sample.port)) "
                    + "\(FrameLayers(sample.bytes, link: link).summary), \(sample.frameByteCount) bytes"
                    + (session.map { ", session \($0)" } ?? ""))
            print("  \(sample.reason): \(sample.reason.explanation)")
        }
    }

    private func document(_ findings: Findings) -> DocumentValue {
        var document: DocumentValue = [
            "items": .list(
                findings.counts.map { count, session in
                    var item: DocumentValue = ["port": .text(findings.portName(count.port))]
                    item.set("session", session.map { .text($0) })
                    item.set("reason", .text("\(count.reason)"))
                    item.set("packets", DocumentValue(count.packets))
                    item.set("why", .text(count.reason.explanation))
                    return item
                }), "overflow": DocumentValue(findings.overflow),
        ]
        guard samples else { return document }
        document.set(
            "samples",
            .list(
                findings.samples.map { sample, session in
                    let link = findings.ports[sample.port]?.link ?? .ethernet
                    var item: DocumentValue = [
                        "timestamp": DocumentValue(sample.timestamp),
                        "port": .text(findings.portName(sample.port)),
                        "reason": .text("\(sample.reason)"), "bytes": DocumentValue(sample.frameByteCount),
                        "summary": .text(FrameLayers(sample.bytes, link: link).summary),
                        "hex": .text(Hex.text(sample.bytes)),
                    ]
                    item.set("session", session.map { .text($0) })
                    return item
                }))
        return document
    }

    private func save(_ findings: Findings, to path: String) throws {
        do throws(ObservationError) {
            let files = try CaptureFiles(path, snapshotByteCount: 128)
            for port in findings.ports.values { files.note(port) }
            for (sample, session) in findings.samples {
                try files.write(
                    ObservedPacket(
                        role: .dropped, port: sample.port,
                        link: findings.ports[sample.port]?.link ?? .ethernet,
                        reason: sample.reason, timestamp: sample.timestamp,
                        frameByteCount: sample.frameByteCount, bytes: sample.bytes),
                    comment: PacketComment.text(reason: sample.reason, session: session))
            }
            try files.flush()
        } catch {
            printError("\(error)")
            throw Daemon.Exit.refused
        }
    }
}

/// What stands beside a packet in a capture.
enum PacketComment {
    /// `dropped: notAdmitted. No open session … Session alice-video, up.`; nil where there is nothing to say.
    static func text(reason: DropReason?, session: String?, direction: Direction? = nil) -> String? {
        var sentences: [String] = []
        if let reason { sentences.append("dropped: \(reason). \(reason.explanation)") }
        if let session { sentences.append("session \(session)" + (direction.map { ", \($0)" } ?? "")) }
        return sentences.isEmpty ? nil : sentences.joined(separator: " ")
    }
}
