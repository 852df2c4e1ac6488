import Exchange
import Wire

/// Single values. Each returns nil after a rejection that says what is due.
extension Decoding {
    mutating func readText(_ field: Field, _ due: String = "a text") -> String? {
        guard case .scalar(let scalar) = field.node, !field.isNull, scalar.style != .number,
            scalar.style != .word
        else {
            reject(field, "\(due) is due here, not \(field.kind)")
            return nil
        }
        return scalar.string
    }

    /// Reads a text by `read`; where that gives nil, `due` says what should stand here.
    mutating func readValue<Value>(
        _ field: Field, _ due: @autoclosure () -> String, _ read: (String) -> Value?
    )
        -> Value?
    {
        if case .scalar(let scalar) = field.node, !field.isNull, let value = read(scalar.string) {
            if !scalar.isUntypedInQuotes { return value }
            reject(field, "in JSON, \(scalar.string) stands without quotes")
            return nil
        }
        reject(field, "\(due()) is due here, not \(field.kind)")
        return nil
    }

    mutating func readNumber<Number: FixedWidthInteger>(_ field: Field, in range: ClosedRange<Number>)
        -> Number?
    {
        readValue(field, "a number from \(range.lowerBound) to \(range.upperBound)") {
            Self.decimal($0, in: range)
        }
    }

    /// Reads decimal digits alone: no sign, no blank, no other base.
    static func decimal<Number: FixedWidthInteger>(_ text: String, in range: ClosedRange<Number>) -> Number? {
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Number(text) else {
            return nil
        }
        return range.contains(number) ? number : nil
    }

    mutating func readMTU(_ field: Field) -> Int? { readNumber(field, in: Limits.mtu) }

    mutating func readFlag(_ field: Field) -> Bool? {
        readValue(field, "true or false") { ["true": true, "false": false][$0] }
    }

    mutating func readChoice<Choice: RawRepresentable & CaseIterable>(_ field: Field) -> Choice?
    where Choice.RawValue == String {
        readValue(field, Choice.allCases.map { "`\($0.rawValue)`" }.joined(separator: " or ")) {
            Choice(rawValue: $0)
        }
    }

    mutating func readLabel(_ field: Field) -> Label? {
        readValue(field, "a label from \(Label.bindable.lowerBound) to 1,048,575") { text in
            Self.decimal(text, in: 0...UInt32.max).flatMap(Label.init(rawValue:))
        }
    }

    mutating func readCapacity(_ field: Field) -> UInt64? {
        readValue(field, "a capacity above 0, in bits a second or as in `100Mbit` (kbit, Mbit, Gbit, Tbit),")
        {
            Capacity.bitsPerSecond($0)
        }
    }

    mutating func readAddress(_ field: Field) -> IPAddress? {
        readValue(field, "an IPv4 or IPv6 address") { IPAddress($0) }
    }

    mutating func readMAC(_ field: Field) -> MACAddress? {
        readValue(field, "a MAC address (six pairs of hex digits with colons)") { MACAddress($0) }
    }

    mutating func readInterfaceAddress(_ field: Field) -> InterfaceAddress? {
        readValue(field, "an address with the length of its link's prefix, as in `10.0.0.1/30`,") {
            InterfaceAddress($0)
        }
    }

    mutating func readPrefix(_ field: Field) -> IPPrefix? {
        let due = "an address or prefix, as in `192.0.2.1` or `2001:db8::/32`,"
        guard let loose = readValue(field, due, { InterfaceAddress($0) }) else { return nil }
        if loose.prefix.address != loose.address {
            reject(field, "`\(loose)` has bits set behind its prefix; did you mean `\(loose.prefix)`?")
        }
        return loose.prefix
    }

    // MARK: Lists

    /// The items of a list. In YAML a value alone is a list of one, and nothing is an empty list.
    mutating func items(_ field: Field) -> [Field] {
        if field.isNull { return [] }
        guard case .sequence(let items, _) = field.node else {
            if !field.node.isJSONScalar { return [field] }
            reject(field, "a list (`[…]`) is due here, not \(field.kind)")
            return []
        }
        return items.map(field.item)
    }

    /// Reads every item of a list, leaving out what was rejected. Empty if the field isn't given.
    mutating func list<Item>(_ field: Field?, _ read: (inout Decoding, Field) -> Item?) -> [Item] {
        guard let field else { return [] }
        return items(field).compactMap { isFull ? nil : read(&self, $0) }
    }
}

extension Node.Scalar {
    /// Whether this is a JSON string where JSON has a type of its own: a number or a flag in quotes.
    fileprivate var isUntypedInQuotes: Bool {
        guard style == .string else { return false }
        return string == "true" || string == "false" || string.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }
}
