import ArgumentParser
import ExchangeFile

struct PortCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "port",
        abstract: "A way in and out of the edge.",
        subcommands: [
            ListCommand<PortName>.self, ShowCommand<PortName>.self, AddCommand<PortFields>.self,
            SetCommand<PortFields>.self, RemoveCommand<PortName>.self,
        ])
}

struct PortName: ObjectName {
    static let kind = ExchangeKind.ports
    static let example = "core0"

    @Argument(help: "The port's name.") var name: String

    var parts: [String] { [name] }
}

struct PortFields: ObjectFields {
    typealias Name = PortName
    static let example = "--packet eth1 --role network --addresses 10.0.0.1/30"

    @Option(help: ArgumentHelp("A TUN interface, made if missing.", valueName: "IF")) var tun: String?
    @Option(help: ArgumentHelp("A TAP interface, made if missing.", valueName: "IF")) var tap: String?
    @Option(help: ArgumentHelp("An existing interface, by AF_PACKET.", valueName: "IF")) var packet: String?
    @Option(help: ArgumentHelp("true: the kernel keeps the packet interface's addresses.", valueName: "FLAG"))
    var shared: String?
    @Option(help: ArgumentHelp("An existing interface that is only listened to.", valueName: "IF"))
    var capture: String?
    @Option(help: ArgumentHelp("A capture that packets come from.", valueName: "FILE")) var fileRead: String?
    @Option(help: ArgumentHelp("A capture that packets go to.", valueName: "FILE")) var fileWrite: String?
    @Option(help: ArgumentHelp("What packets of a file begin with: ethernet or ip.", valueName: "KIND"))
    var link: String?
    @Option(
        help: ArgumentHelp(
            "access: subscribers are here; network: providers and other edges are.", valueName: "ROLE"))
    var role: String?
    @Option(
        help: ArgumentHelp("Our own addresses, each with its link's prefix.", valueName: "ADDRESS/LENGTH"))
    var addresses: [String] = []
    @Option(help: ArgumentHelp("Our own MAC address.", valueName: "MAC")) var mac: String?
    @Option(help: ArgumentHelp("The longest IP packet, in bytes.", valueName: "BYTES")) var mtu: String?
    @Option(
        help: ArgumentHelp(
            "What the kernel routes into a TUN: automatic, or prefixes.", valueName: "PREFIXES")) var routes:
        [String] = []
    @Option(help: ArgumentHelp("Next hops that need not be asked for.", valueName: "ADDRESS=MAC"))
    var neighbours: [String] = []
    @Option(help: ArgumentHelp("The forwarder that opens it, where there are several.", valueName: "NAME"))
    var forwarder: String?
    @Option(
        help: ArgumentHelp(
            "drop or prohibited: whether subscribers are told what is denied to them.", valueName: "ANSWER"))
    var denied: String?
    @Option(help: ArgumentHelp("false: senders here are not told of errors.", valueName: "FLAG"))
    var icmpErrors: String?
    @Option(
        help: ArgumentHelp(
            "How packets pass to the kernel and back: auto, readwrite, io_uring, ring or mmsg.",
            valueName: "ENGINE"))
    var engine: String?
    @Option(help: ArgumentHelp("on or off: superframes and unfinished checksums.", valueName: "SWITCH"))
    var offload: String?

    func edits() throws -> FieldEdits {
        var edits = FieldEdits()
        edits.text("tun", tun)
        edits.text("tap", tap)
        edits.text("packet", packet)
        edits.text("shared", shared)
        edits.text("capture", capture)
        edits.text("file.read", fileRead)
        edits.text("file.write", fileWrite)
        edits.text("link", link)
        edits.text("role", role)
        edits.list("addresses", addresses)
        edits.text("mac", mac)
        edits.text("mtu", mtu)
        if routes == ["automatic"] { edits.text("routes", "automatic") } else { edits.list("routes", routes) }
        try edits.map(
            "neighbours", neighbours, option: "--neighbours",
            form: "ADDRESS=MAC, as in 10.0.0.2=02:00:00:00:00:02")
        edits.text("forwarder", forwarder)
        edits.text("denied", denied)
        edits.text("icmpErrors", icmpErrors)
        edits.text("engine", engine)
        edits.text("offload", offload)
        return edits
    }
}
