import Tables
import Wire

/// An edge with as many open sessions as asked for, or as many transit labels, and the packets that come to it.
struct Scenario {
    let `case`: BenchCase
    let plan: AddressPlan
    let ruleCount: Int
    /// Bytes of the subscriber's packet from its IP header on.
    let innerByteCount: Int

    /// The port that the packets come in by.
    var port: UInt16 { `case`.isUp ? AddressPlan.access : AddressPlan.network }

    /// Bytes of an Ethernet frame that are no IP packet: header 14, frame check sequence 4.
    static let frameOverhead = 18

    init(_ case: BenchCase, sessionCount: Int, frameSize: Int, ruleCount: Int) {
        self.case = `case`
        plan = AddressPlan(sessionCount: sessionCount)
        self.ruleCount = ruleCount
        // An IPv6 header and one of UDP need two bytes more than the smallest frame has.
        innerByteCount = max(frameSize - Self.frameOverhead, `case`.isIPv6 ? 48 : 46)
    }

    /// Bytes of a frame as its subscriber sends or gets it, check sequence included.
    var frameByteCount: Int { innerByteCount + Self.frameOverhead }
}
