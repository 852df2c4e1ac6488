import ControlPlane
import Exchange

/// Where an answer about usage ended, as text: `session.leg.sequence.forwarder`.
struct UsageCursor: CustomStringConvertible {
    static let pattern = "^[0-9]{1,19}\\.[0-9]{1,10}\\.[0-9]{1,10}\\.[A-Za-z0-9._-]{1,64}$"

    let position: UsageFilter.Position

    init(_ position: UsageFilter.Position) { self.position = position }

    init?(_ text: String) {
        let parts = text.split(separator: ".", maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 4, ExchangeObject.isName(String(parts[3])),
            let session = Parameter.decimal(parts[0]),
            let leg = Parameter.decimal(parts[1]).flatMap(UInt32.init(exactly:)),
            let sequence = Parameter.decimal(parts[2]).flatMap(UInt32.init(exactly:))
        else { return nil }
        position = UsageFilter.Position(
            session: UInt64(session), leg: leg, forwarder: String(parts[3]), sequence: sequence)
    }

    var description: String {
        "\(position.session).\(position.leg).\(position.sequence).\(position.forwarder)"
    }
}
