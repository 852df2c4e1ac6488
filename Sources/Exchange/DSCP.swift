/// The names of differentiated services code points.
public enum DSCP {
    /// Best effort to class selector 7 (RFC 2474 §4.2.2), assured and expedited forwarding (RFC 2597, RFC 3246), voice
    /// that was admitted (RFC 5865), lower effort (RFC 8622). The first name of a number is the one that is written.
    private static let names: [(name: String, number: UInt8)] =
        (0...7).map { ("cs\($0)", UInt8($0) << 3) }
        + (1...4).flatMap { queue in
            (1...3).map { ("af\(queue)\($0)", UInt8(queue) << 3 | UInt8($0) << 1) }
        } + [("ef", 46), ("voice-admit", 44), ("le", 1), ("be", 0)]

    /// The number of a name, or of digits: 0…63. Nil for anything else.
    public static func number(_ text: String) -> UInt8? {
        if let named = names.first(where: { $0.name == text }) { return named.number }
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = UInt8(text)
        else { return nil }
        return number < ClassMap.dscpCount ? number : nil
    }

    /// The name of a number, where it has one.
    public static func name(_ number: UInt8) -> String? { names.first { $0.number == number }?.name }
}
