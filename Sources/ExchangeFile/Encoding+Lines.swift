import Exchange
import Wire

extension Line {
    var document: DocumentValue {
        .map(given: [
            ("port", .text(port)), ("nextHop", .address(nextHop)),
            ("vlan", vlan.isEmpty ? nil : .list(vlan.map { DocumentValue($0) })),
            ("mtu", mtu == Line.defaultMTU ? nil : DocumentValue(mtu)),
            ("capacity", .capacity(capacityBitsPerSecond)),
        ])
    }
}

extension Tunnel {
    var document: DocumentValue {
        let (key, encapsulation) =
            switch encapsulation {
            case .mpls(let mpls): ("mpls", mpls.document)
            case .ipip(let ipip): ("ipip", .map(given: ipip.members))
            case .mplsudp(let mplsudp): ("mplsudp", .map(given: mplsudp.members))
            }
        return .map(given: [
            ("line", .text(line)), ("capacity", .capacity(capacityBitsPerSecond)),
            ("mssClamp", clampsMSS ? true : nil), ("policer", policer?.document), (key, encapsulation),
        ])
    }
}

extension MPLSEncapsulation {
    fileprivate var document: DocumentValue {
        let ttl: DocumentValue? =
            switch ttl {
            case .uniform: nil
            case .defaultPipe: "pipe"
            case .pipe(let first): DocumentValue(first)
            }
        let trafficClass: DocumentValue? =
            switch trafficClass {
            case .copy: nil
            case .fixed(let number): DocumentValue(number)
            case .map(let map): map.document(ofDSCPs: DocumentValue.init)
            }
        return .map(given: [
            ("send", .labels(send)), ("receive", .label(receive)), ("null", null.map { .text($0.rawValue) }),
            ("php", php ? true : nil), ("ttl", ttl), ("trafficClass", trafficClass),
            ("innerDSCP", innerDSCP?.documentOfTrafficClasses),
        ])
    }
}

extension MPLSUDPEncapsulation {
    fileprivate var members: [(String, DocumentValue?)] {
        let isDefault = checksum == Self.defaultChecksum(outer.remote.version)
        return outer.members + [
            ("send", .label(send)), ("receive", .label(receive)),
            ("checksum", isDefault ? nil : .text(checksum.rawValue)),
        ]
    }
}

extension IPIPEncapsulation {
    fileprivate var members: [(String, DocumentValue?)] {
        let dscp: DocumentValue? =
            switch dscp {
            case .copy: nil
            case .fixed(let number): .dscp(number)
            case .map(let map): map.document(ofDSCPs: DocumentValue.dscp)
            }
        let ttl: DocumentValue? =
            switch ttl {
            case Self.defaultTTL: nil
            case .copy: "copy"
            case .fixed(let number): DocumentValue(number)
            }
        return [
            ("local", .address(local)), ("remote", .address(remote)),
            ("ttl", ttl), ("dscp", dscp), ("ecn", ecn == .normal ? nil : .text(ecn.rawValue)),
            ("df", df == .copy ? nil : .text(df.rawValue)),
            ("innerDSCP", innerDSCP == .keep ? nil : .text(innerDSCP.rawValue)),
        ]
    }
}
