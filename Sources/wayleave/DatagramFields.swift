import ArgumentParser

/// What MPLS-in-UDP is made of.
struct DatagramFields: ParsableArguments {
    @Option(help: ArgumentHelp("Our end.", valueName: "ADDRESS")) var mplsudpLocal: String?
    @Option(help: ArgumentHelp("The other end.", valueName: "ADDRESS")) var mplsudpRemote: String?
    @Option(help: ArgumentHelp("The path label to send with, if any.", valueName: "LABEL"))
    var mplsudpSend: String?
    @Option(help: ArgumentHelp("The path label to receive by, if any.", valueName: "LABEL"))
    var mplsudpReceive: String?
    @Option(help: ArgumentHelp("on or off: UDP checksums.", valueName: "CHECKSUM"))
    var mplsudpChecksum: String?
    @Option(help: ArgumentHelp("copy, or the outer TTL.", valueName: "TTL")) var mplsudpTtl: String?
    @Option(
        help: ArgumentHelp(
            "copy, a DSCP by name or number, or by the inner DSCP, as in ef=cs5,default=copy.",
            valueName: "DSCP"))
    var mplsudpDscp: String?
    @Option(help: ArgumentHelp("normal or compatibility.", valueName: "MODE")) var mplsudpEcn: String?
    @Option(help: ArgumentHelp("copy or set.", valueName: "DF")) var mplsudpDf: String?
    @Option(help: ArgumentHelp("keep or outer: the inner DSCP on arrival.", valueName: "DSCP"))
    var mplsudpInnerDscp: String?

    func add(to edits: inout FieldEdits) throws {
        edits.text("mplsudp.local", mplsudpLocal)
        edits.text("mplsudp.remote", mplsudpRemote)
        edits.text("mplsudp.send", mplsudpSend)
        edits.text("mplsudp.receive", mplsudpReceive)
        edits.text("mplsudp.checksum", mplsudpChecksum)
        edits.text("mplsudp.ttl", mplsudpTtl)
        try edits.wordOrMap(
            "mplsudp.dscp", mplsudpDscp, option: "--mplsudp-dscp", form: "DSCP=DSCP, as in ef=cs5")
        edits.text("mplsudp.ecn", mplsudpEcn)
        edits.text("mplsudp.df", mplsudpDf)
        edits.text("mplsudp.innerDSCP", mplsudpInnerDscp)
    }
}
