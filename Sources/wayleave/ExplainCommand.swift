import ArgumentParser
import Exchange
import ExchangeFile
@preconcurrency import Glibc
import Offline

struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Says what the forwarder would do with one packet, step by step, and why.",
        discussion: """
            Runs the code of the live forwarder over the packet: no root, no interfaces, no daemon. A TUN port takes IP \
            packets, all others Ethernet frames. Of a dropped packet it says what would have to be different. A next hop \
            that isn't among the file's `neighbours` is assumed to answer.

            Examples:
              wayleave explain --exchange edge.yaml --port access0 --packet '45 00 00 54 …'
              wayleave explain --exchange edge.yaml --port core0 --pcap core.pcap --index 3 --hex

            Exit codes: 0 explained, also where the packet is dropped; 1 the capture could not be read, or has no such \
            packet; 64 wrong options; 65 the exchange file was refused.
            """)

    @Option(help: ArgumentHelp("The exchange file (YAML) that describes the edge.", valueName: "FILE"))
    var exchange: String

    @Option(help: "The port that the packet arrives by.")
    var port: String

    @Option(
        help: ArgumentHelp(
            "The packet in hex digits; blanks, colons, line ends and a leading 0x don't matter.",
            valueName: "HEX"))
    var packet: String?

    @Option(help: ArgumentHelp("A capture that holds the packet.", valueName: "FILE"))
    var pcap: String?

    @Option(help: ArgumentHelp("Which packet of the capture, counted from 1. (default: 1)", valueName: "N"))
    var index: Int?

    @Flag(help: "Also print in hex what leaves.")
    var hex = false

    @Flag(help: "Print the steps, the outcome and what leaves as JSON.")
    var json = false

    func validate() throws {
        guard (packet == nil) != (pcap == nil) else {
            throw ValidationError("name one packet: --packet HEX, or --pcap FILE")
        }
        guard index == nil || pcap != nil else { throw ValidationError("--index goes with --pcap") }
        guard index ?? 1 >= 1 else { throw ValidationError("packets are counted from 1") }
        if let packet { _ = try Self.bytes(packet) }
    }

    func run() throws {
        let description = try loadExchange(exchange)
        let arrival: Port
        do throws(Rejection) { arrival = description.ports[try description.portIndex(port)] } catch {
            throw ValidationError(error.message)
        }
        let bytes: [UInt8]
        if let pcap {
            let captured = try CapturedPacket(path: pcap, index: index ?? 1, for: arrival)
            bytes = captured.bytes
            if captured.isTruncated {
                fputs(
                    "the capture holds \(bytes.count) of the packet's \(captured.wireByteCount) bytes; what follows is "
                        + "about these\n", stderr)
            }
        } else {
            bytes = try Self.bytes(packet ?? "")
        }
        let explanation = try Explanation(description, port: port, packet: bytes)
        print(json ? explanation.json : explanation.text(hex: hex))
    }

    /// Bad hex is a wrong option: exit code 64.
    private static func bytes(_ text: String) throws -> [UInt8] {
        do throws(Rejection) {
            return try Hex.bytes(text)
        } catch {
            throw ValidationError("--packet: \(error.message)")
        }
    }
}
