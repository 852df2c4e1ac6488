import ArgumentParser
import ExchangeFile

/// What of a tunnel's policer is said by options.
struct TunnelPolicerFields: ParsableArguments {
    @Option(help: ArgumentHelp("The rate that is held to, as in 100Mbit.", valueName: "RATE"))
    var policerCommitted: String?
    @Option(help: ArgumentHelp("The rate beyond which packets are red.", valueName: "RATE"))
    var policerPeak: String?
    @Option(help: ArgumentHelp("A burst at the committed rate.", valueName: "BYTES")) var policerBurst:
        String?
    @Option(help: ArgumentHelp("A burst at the peak rate.", valueName: "BYTES")) var policerPeakBurst: String?
    @Option(help: ArgumentHelp("pass, drop, dscp=NAME or trafficClass=0…7.", valueName: "ACTION"))
    var policerGreen: String?
    @Option(help: ArgumentHelp("The same for packets between the rates.", valueName: "ACTION"))
    var policerYellow: String?
    @Option(help: ArgumentHelp("The same for packets beyond both.", valueName: "ACTION"))
    var policerRed: String?

    func add(to edits: inout FieldEdits) {
        edits.policer(
            "policer", committed: policerCommitted, peak: policerPeak, burst: policerBurst,
            peakBurst: policerPeakBurst, green: policerGreen, yellow: policerYellow, red: policerRed)
    }
}

/// What of a session's policers is said by options.
struct SessionPolicerFields: ParsableArguments {
    @Option(help: ArgumentHelp("What the subscriber sends: the rate that is held to.", valueName: "RATE"))
    var upCommitted: String?
    @Option(
        help: ArgumentHelp(
            "What the subscriber sends: the rate beyond which packets are red.", valueName: "RATE"))
    var upPeak: String?
    @Option(
        help: ArgumentHelp("What the subscriber sends: a burst at the committed rate.", valueName: "BYTES"))
    var upBurst: String?
    @Option(help: ArgumentHelp("What the subscriber sends: a burst at the peak rate.", valueName: "BYTES"))
    var upPeakBurst: String?
    @Option(
        help: ArgumentHelp(
            "What the subscriber sends: pass, drop, dscp=NAME or trafficClass=0…7.", valueName: "ACTION"))
    var upGreen: String?
    @Option(
        help: ArgumentHelp(
            "What the subscriber sends: the same for packets between the rates.", valueName: "ACTION"))
    var upYellow: String?
    @Option(
        help: ArgumentHelp(
            "What the subscriber sends: the same for packets beyond both.", valueName: "ACTION"))
    var upRed: String?
    @Option(help: ArgumentHelp("What the subscriber gets: the rate that is held to.", valueName: "RATE"))
    var downCommitted: String?
    @Option(
        help: ArgumentHelp(
            "What the subscriber gets: the rate beyond which packets are red.", valueName: "RATE"))
    var downPeak: String?
    @Option(
        help: ArgumentHelp("What the subscriber gets: a burst at the committed rate.", valueName: "BYTES"))
    var downBurst: String?
    @Option(help: ArgumentHelp("What the subscriber gets: a burst at the peak rate.", valueName: "BYTES"))
    var downPeakBurst: String?
    @Option(
        help: ArgumentHelp(
            "What the subscriber gets: pass, drop, dscp=NAME or trafficClass=0…7.", valueName: "ACTION"))
    var downGreen: String?
    @Option(
        help: ArgumentHelp(
            "What the subscriber gets: the same for packets between the rates.", valueName: "ACTION"))
    var downYellow: String?
    @Option(
        help: ArgumentHelp("What the subscriber gets: the same for packets beyond both.", valueName: "ACTION")
    )
    var downRed: String?

    func add(to edits: inout FieldEdits) {
        edits.policer(
            "policer.up", committed: upCommitted, peak: upPeak, burst: upBurst, peakBurst: upPeakBurst,
            green: upGreen, yellow: upYellow, red: upRed)
        edits.policer(
            "policer.down", committed: downCommitted, peak: downPeak, burst: downBurst,
            peakBurst: downPeakBurst, green: downGreen, yellow: downYellow, red: downRed)
    }
}

extension FieldEdits {
    /// A policer's keys below a path.
    fileprivate mutating func policer(
        _ path: String, committed: String?, peak: String?, burst: String?, peakBurst: String?, green: String?,
        yellow: String?, red: String?
    ) {
        text("\(path).committed", committed)
        text("\(path).peak", peak)
        text("\(path).burst", burst)
        text("\(path).peakBurst", peakBurst)
        action("\(path).green", green)
        action("\(path).yellow", yellow)
        action("\(path).red", red)
    }

    /// What becomes of a colour: a word, or `KEY=VALUE`.
    fileprivate mutating func action(_ path: String, _ text: String?) {
        guard let parts = text?.split(separator: "=", maxSplits: 1).map(String.init), parts.count == 2 else {
            return self.text(path, text)
        }
        value(path, .map([.init(parts[0], .text(parts[1]))]))
    }
}
