import ArgumentParser
import ExchangeFile

struct TunnelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tunnel",
        abstract: "A way through a provider's network, over a line.",
        subcommands: [
            ListCommand<TunnelName>.self, ShowCommand<TunnelName>.self, AddCommand<TunnelFields>.self,
            SetCommand<TunnelFields>.self, RemoveCommand<TunnelName>.self,
        ])
}

struct TunnelName: ObjectName {
    static let kind = ExchangeKind.tunnels
    static let example = "acme-north"

    @Argument(help: "The tunnel's name.") var name: String

    var parts: [String] { [name] }
}

struct TunnelFields: ObjectFields {
    typealias Name = TunnelName
    static let example = "--line north --mpls-send 16001 --mpls-receive 17001"

    @Option(help: ArgumentHelp("What it runs over.", valueName: "LINE")) var line: String?
    @Option(help: ArgumentHelp("What is promised to it.", valueName: "CAPACITY")) var capacity: String?
    @Option(help: ArgumentHelp("true: TCP's segments are held to what it takes.", valueName: "FLAG"))
    var mssClamp: String?
    @OptionGroup var policer: TunnelPolicerFields
    @Option(
        help: ArgumentHelp("The path label to send with, or several, the top one first.", valueName: "LABELS")
    )
    var mplsSend: [String] = []
    @Option(help: ArgumentHelp("The path label to receive by.", valueName: "LABEL")) var mplsReceive: String?
    @Option(help: ArgumentHelp("explicit or implicit, in place of a label to send.", valueName: "NULL"))
    var mplsNull: String?
    @Option(help: ArgumentHelp("true: the hop before us pops the path label.", valueName: "FLAG"))
    var mplsPhp: String?
    @Option(help: ArgumentHelp("uniform, pipe, or the pipe's TTL.", valueName: "TTL")) var mplsTtl: String?
    @Option(
        help: ArgumentHelp("copy, 0 to 7, or by DSCP, as in ef=5,af11=1,default=copy.", valueName: "CLASS"))
    var mplsTrafficClass: String?
    @Option(
        help: ArgumentHelp(
            "keep, or the inner DSCP on arrival by traffic class, as in 5=ef,0=be.", valueName: "DSCP"))
    var mplsInnerDscp: String?
    @Option(help: ArgumentHelp("Our end.", valueName: "ADDRESS")) var ipipLocal: String?
    @Option(help: ArgumentHelp("The other end.", valueName: "ADDRESS")) var ipipRemote: String?
    @Option(help: ArgumentHelp("copy, or the outer TTL.", valueName: "TTL")) var ipipTtl: String?
    @Option(
        help: ArgumentHelp(
            "copy, a DSCP by name or number, or by the inner DSCP, as in ef=cs5,default=copy.",
            valueName: "DSCP"))
    var ipipDscp: String?
    @Option(help: ArgumentHelp("normal or compatibility.", valueName: "MODE")) var ipipEcn: String?
    @Option(help: ArgumentHelp("copy or set.", valueName: "DF")) var ipipDf: String?
    @Option(help: ArgumentHelp("keep or outer: the inner DSCP on arrival.", valueName: "DSCP"))
    var ipipInnerDscp: String?
    @OptionGroup var mplsudp: DatagramFields

    func edits() throws -> FieldEdits {
        var edits = FieldEdits()
        edits.text("line", line)
        edits.text("capacity", capacity)
        edits.text("mssClamp", mssClamp)
        policer.add(to: &edits)
        let path = mplsSend.flatMap { $0.split(separator: ",") }
        if path.count > 1 {
            edits.list("mpls.send", mplsSend)
        } else {
            edits.text("mpls.send", mplsSend.first)
        }
        edits.text("mpls.receive", mplsReceive)
        edits.text("mpls.null", mplsNull)
        edits.text("mpls.php", mplsPhp)
        edits.text("mpls.ttl", mplsTtl)
        try edits.wordOrMap(
            "mpls.trafficClass", mplsTrafficClass, option: "--mpls-traffic-class",
            form: "DSCP=CLASS, as in ef=5")
        try edits.wordOrMap(
            "mpls.innerDSCP", mplsInnerDscp, option: "--mpls-inner-dscp", form: "CLASS=DSCP, as in 5=ef")
        edits.text("ipip.local", ipipLocal)
        edits.text("ipip.remote", ipipRemote)
        edits.text("ipip.ttl", ipipTtl)
        try edits.wordOrMap("ipip.dscp", ipipDscp, option: "--ipip-dscp", form: "DSCP=DSCP, as in ef=cs5")
        edits.text("ipip.ecn", ipipEcn)
        edits.text("ipip.df", ipipDf)
        edits.text("ipip.innerDSCP", ipipInnerDscp)
        try mplsudp.add(to: &edits)
        return edits
    }
}
