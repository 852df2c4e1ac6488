import Exchange
import Wire

extension Line {
    var document: DocumentValue {
        .map(given: [
            ("port", .text(port)), ("nextHop", .address(nextHop)),
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
            case .ipip(let ipip): ("ipip", ipip.document)
            }
        return .map(given: [
            ("line", .text(line)), ("capacity", .capacity(capacityBitsPerSecond)), (key, encapsulation),
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
            }
        return .map(given: [
            ("send", .label(send)), ("receive", .label(receive)), ("null", null.map { .text($0.rawValue) }),
            ("php", php ? true : nil), ("ttl", ttl), ("trafficClass", trafficClass),
        ])
    }
}

extension IPIPEncapsulation {
    fileprivate var document: DocumentValue {
        let dscp: DocumentValue? =
            switch dscp {
            case .copy: nil
            case .fixed(let number): DocumentValue(number)
            }
        return .map(given: [
            ("local", .address(local)), ("remote", .address(remote)),
            ("ttl", ttl == Self.defaultTTL ? nil : DocumentValue(ttl)), ("dscp", dscp),
            ("df", df == .copy ? nil : .text(df.rawValue)),
        ])
    }
}
