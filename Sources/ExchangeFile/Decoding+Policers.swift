import Exchange

extension Decoding {
    mutating func decodePolicer(_ field: Field) -> Policer? {
        guard let fields = fields(field, as: .policer) else { return nil }
        let committed = require("committed", in: fields).flatMap { readCapacity($0) }
        let peak = fields["peak"].flatMap { readCapacity($0) }
        let burst = fields["burst"].flatMap { readNumber($0, in: Policer.bursts) }
        let peakBurst = fields["peakBurst"].flatMap { readNumber($0, in: Policer.bursts) }
        let green = fields["green"].flatMap { decodeAction($0) }
        let yellow = fields["yellow"].flatMap { decodeAction($0) }
        let red = fields["red"].flatMap { decodeAction($0) }
        guard let committed else { return nil }
        return Policer(
            committedBitsPerSecond: committed, peakBitsPerSecond: peak, committedBurstByteCount: burst,
            peakBurstByteCount: peakBurst, green: green ?? .pass, yellow: yellow ?? .pass, red: red ?? .drop)
    }

    /// `pass`, `drop`, `{ dscp: NAME }` or `{ trafficClass: NUMBER }`.
    private mutating func decodeAction(_ field: Field) -> Policer.Action? {
        guard case .mapping = field.node else {
            return readValue(field, "`pass`, `drop`, `{ dscp: … }` or `{ trafficClass: … }`") { text in
                switch text {
                case "pass": .pass
                case "drop": .drop
                default: nil
                }
            }
        }
        guard let fields = fields(field, as: .action),
            let (key, value) = requireOne(of: ["dscp", "trafficClass"], in: fields)
        else { return nil }
        return key == "dscp"
            ? readDSCP(value).map { .dscp($0) }
            : readNumber(value, in: UInt8(0)...7).map { .trafficClass($0) }
    }

    // MARK: Maps

    /// A mapping of DSCPs to what `read` gives; `default` says what becomes of the others, `copy` if it isn't given.
    /// - Parameter due: what `read` reads, for messages.
    mutating func decodeDSCPMap(_ field: Field, _ due: String, _ read: (String) -> UInt8?) -> ClassMap {
        var map = ClassMap(count: ClassMap.dscpCount)
        var seen: Set<UInt8> = []
        for (key, value) in entries(field) ?? [] {
            let entry = Field(owner: field.name, key: key.text, node: value)
            if key.text == "default" {
                let value = readValue(entry, "`copy` or \(due)") { text -> UInt8?? in
                    text == "copy" ? .some(nil) : read(text).map { .some($0) }
                }
                map.otherwise = value ?? nil
                continue
            }
            guard let number = DSCP.number(key.text) else {
                reject(
                    "\(field.name): `\(key.text)` is no DSCP; give a name as in `ef` and `af11`, a number from 0 to "
                        + "63, or `default`", at: key.location)
                continue
            }
            if !seen.insert(number).inserted {
                reject("\(field.name): DSCP \(number) stands twice; keep one", at: key.location)
            }
            map[Int(number)] = readValue(entry, due, read)
        }
        return map
    }

    /// `keep`, or a mapping of traffic classes to DSCPs.
    mutating func decodeInnerDSCP(_ field: Field) -> ClassMap? {
        guard case .mapping = field.node else {
            _ = readValue(field, "`keep` or a mapping of traffic classes to DSCPs") {
                $0 == "keep" ? true : nil
            }
            return nil
        }
        var map = ClassMap(count: ClassMap.trafficClassCount)
        for (key, value) in entries(field) ?? [] {
            guard let number = Self.trafficClass(key.text) else {
                reject(
                    "\(field.name): `\(key.text)` is no traffic class; give a number from 0 to 7",
                    at: key.location)
                continue
            }
            if map[Int(number)] != nil {
                reject("\(field.name): traffic class \(number) stands twice; keep one", at: key.location)
            }
            map[Int(number)] = readDSCP(Field(owner: field.name, key: key.text, node: value))
        }
        return map
    }

    static func trafficClass(_ text: String) -> UInt8? { decimal(text, in: 0...7) }

    mutating func readDSCP(_ field: Field) -> UInt8? {
        readValue(field, "a DSCP by name (as in `ef` and `af11`) or number from 0 to 63", DSCP.number)
    }
}
