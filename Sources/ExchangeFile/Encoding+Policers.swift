import Exchange

extension Policer {
    var document: DocumentValue {
        .map(given: [
            ("committed", .capacity(committedBitsPerSecond)), ("peak", .capacity(peakBitsPerSecond)),
            ("burst", committedBurstByteCount.map { DocumentValue($0) }),
            ("peakBurst", peakBurstByteCount.map { DocumentValue($0) }),
            ("green", green == .pass ? nil : green.document),
            ("yellow", yellow == .pass ? nil : yellow.document),
            ("red", red == .drop ? nil : red.document),
        ])
    }
}

extension Policer.Action {
    fileprivate var document: DocumentValue {
        switch self {
        case .pass: "pass"
        case .drop: "drop"
        case .dscp(let number): ["dscp": .dscp(number)]
        case .trafficClass(let number): ["trafficClass": DocumentValue(number)]
        }
    }
}

extension ClassMap {
    /// From DSCPs to what `document` writes, the rest under `default`.
    func document(ofDSCPs document: (UInt8) -> DocumentValue) -> DocumentValue {
        .map(
            given.map { number, value in
                let key = UInt8(number)
                return DocumentValue.Member(DSCP.name(key) ?? "\(key)", document(value))
            } + (otherwise.map { [.init("default", document($0))] } ?? []))
    }

    /// From traffic classes to DSCPs.
    var documentOfTrafficClasses: DocumentValue {
        .map(given.map { DocumentValue.Member("\($0.number)", .dscp($0.value)) })
    }
}
