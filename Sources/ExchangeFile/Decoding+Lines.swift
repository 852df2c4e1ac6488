import Exchange
import Wire

extension Decoding {
    mutating func decodeLines(_ file: Fields) {
        decodeNamed(file["lines"], "line", as: .line, into: \.lines) { $0.decodeLine(name: $1, $2) }
    }

    mutating func decodeLine(name: String, _ fields: Fields) -> Line? {
        let port = require("port", in: fields).flatMap { readText($0, "a port's name") }
        let nextHop = fields["nextHop"].flatMap { readAddress($0) }
        let vlan = list(fields["vlan"]) { $0.readNumber($1, in: Limits.vlanIDs) }
        let mtu = fields["mtu"].flatMap { readMTU($0) }
        let capacity = fields["capacity"].flatMap { readCapacity($0) }
        guard let port else { return nil }
        return Line(
            name: name, port: port, nextHop: nextHop, vlan: vlan, mtu: mtu ?? Line.defaultMTU,
            capacityBitsPerSecond: capacity, location: fields.location)
    }

    mutating func decodeTunnels(_ file: Fields) {
        decodeNamed(file["tunnels"], "tunnel", as: .tunnel, into: \.tunnels) { $0.decodeTunnel(name: $1, $2) }
    }

    mutating func decodeTunnel(name: String, _ fields: Fields) -> Tunnel? {
        let line = require("line", in: fields).flatMap { readText($0, "a line's name") }
        let capacity = fields["capacity"].flatMap { readCapacity($0) }
        let clampsMSS = fields["mssClamp"].flatMap { readFlag($0) }
        let policer = fields["policer"].flatMap { decodePolicer($0) }
        guard let (key, field) = requireOne(of: ["mpls", "ipip", "mplsudp"], in: fields) else { return nil }
        let encapsulation: Tunnel.Encapsulation? =
            switch key {
            case "mpls": decodeMPLS(field).map { .mpls($0) }
            case "ipip": decodeIPIP(field).map { .ipip($0) }
            default: decodeMPLSUDP(field).map { .mplsudp($0) }
            }
        guard let line, let encapsulation else { return nil }
        return Tunnel(
            name: name, line: line, encapsulation: encapsulation, capacityBitsPerSecond: capacity,
            clampsMSS: clampsMSS ?? false, policer: policer, location: fields.location)
    }

    private mutating func decodeMPLS(_ field: Field) -> MPLSEncapsulation? {
        guard let fields = fields(field, as: .mpls) else { return nil }
        let send = fields["send"].map { decodePathLabels($0) } ?? []
        let receive = fields["receive"].flatMap { readLabel($0) }
        let null: MPLSEncapsulation.Null? = fields["null"].flatMap { readChoice($0) }
        let php = fields["php"].flatMap { readFlag($0) }
        let ttl = fields["ttl"].flatMap { field in
            readValue(field, "`uniform`, `pipe` or the pipe's TTL from 1 to 255") {
                text -> MPLSEncapsulation.TTL? in
                switch text {
                case "uniform": .uniform
                case "pipe": .defaultPipe
                default: Self.decimal(text, in: 1...255).map { .pipe($0) }
                }
            }
        }
        let trafficClass = fields["trafficClass"].flatMap { field -> MPLSEncapsulation.TrafficClass? in
            if case .mapping = field.node {
                return .map(decodeDSCPMap(field, "a number from 0 to 7", Self.trafficClass))
            }
            return readValue(field, "`copy`, a number from 0 to 7 or a mapping of DSCPs to these") { text in
                text == "copy" ? .copy : Self.trafficClass(text).map { .fixed($0) }
            }
        }
        let innerDSCP = fields["innerDSCP"].flatMap { decodeInnerDSCP($0) }
        return MPLSEncapsulation(
            send: send, receive: receive, null: null, php: php ?? false, ttl: ttl ?? .uniform,
            trafficClass: trafficClass ?? .copy, innerDSCP: innerDSCP)
    }

    /// A label alone, or several.
    private mutating func decodePathLabels(_ field: Field) -> [Label] {
        if case .scalar = field.node { return [readLabel(field)].compactMap(\.self) }
        return list(field) { $0.readLabel($1) }
    }

    private mutating func decodeIPIP(_ field: Field) -> IPIPEncapsulation? {
        fields(field, as: .ipip).flatMap { decodeOuter($0) }
    }

    private mutating func decodeMPLSUDP(_ field: Field) -> MPLSUDPEncapsulation? {
        guard let fields = fields(field, as: .mplsudp) else { return nil }
        let send = fields["send"].flatMap { readLabel($0) }
        let receive = fields["receive"].flatMap { readLabel($0) }
        let checksum: MPLSUDPEncapsulation.Checksum? = fields["checksum"].flatMap { readChoice($0) }
        return decodeOuter(fields).map {
            MPLSUDPEncapsulation(outer: $0, send: send, receive: receive, checksum: checksum)
        }
    }

    /// The settings of an outer IP header.
    private mutating func decodeOuter(_ fields: Fields) -> IPIPEncapsulation? {
        let local = require("local", in: fields).flatMap { readAddress($0) }
        let remote = require("remote", in: fields).flatMap { readAddress($0) }
        let ttl = fields["ttl"].flatMap { field in
            readValue(field, "`copy` or a TTL from 1 to 255") { text -> IPIPEncapsulation.TTL? in
                text == "copy" ? .copy : Self.decimal(text, in: 1...255).map { .fixed($0) }
            }
        }
        let dscp = fields["dscp"].flatMap { field -> IPIPEncapsulation.DSCP? in
            if case .mapping = field.node {
                return .map(decodeDSCPMap(field, "a DSCP", DSCP.number))
            }
            return readValue(field, "`copy`, a DSCP (as in `ef` or 46) or a mapping of DSCPs to DSCPs") {
                text in
                text == "copy" ? .copy : DSCP.number(text).map { .fixed($0) }
            }
        }
        let ecn: IPIPEncapsulation.ECN? = fields["ecn"].flatMap { readChoice($0) }
        let innerDSCP: IPIPEncapsulation.InnerDSCP? = fields["innerDSCP"].flatMap { readChoice($0) }
        let df: IPIPEncapsulation.DontFragment? = fields["df"].flatMap { readChoice($0) }
        guard let local, let remote else { return nil }
        return IPIPEncapsulation(
            local: local, remote: remote, ttl: ttl ?? IPIPEncapsulation.defaultTTL, dscp: dscp ?? .copy,
            ecn: ecn ?? .normal, df: df ?? .copy, innerDSCP: innerDSCP ?? .keep)
    }
}
