import Forwarding
public import Link
import Packets

extension CounterRegion {
    /// The counters as the forwarding loop lays them out.
    public static let forwarding = CounterRegion(
        slotCount: CountersLayout.sessionCount, portCount: CountersLayout.portCount,
        wordCount: CountersLayout.wordCount, totals: CountersLayout.forwarded, drops: CountersLayout.drops,
        portsIn: CountersLayout.portsIn, portsOut: CountersLayout.portsOut, slots: CountersLayout.conversions,
        dropNames: DropReason.allCases.map { "\($0)" })
}
