/// What of a policer's configuration and of whose traffic makes it one policer: as long as both stay it keeps what it has
/// let through, whatever else of its object changes.
struct OwnedPolicer: Hashable {
    enum Owner: Hashable {
        /// A session's direction, by the session's number: on whatever legs, its paths share one policer.
        case session(UInt64, Direction)
        case tunnel(TunnelIndex)
    }

    let owner: Owner
    let policer: Policer
}

/// A class for each DSCP: 64 octets.
@usableFromInline struct ClassMap: BitwiseCopyable {
    private let words: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64)

    /// - Parameter classes: 64 of them.
    init(_ classes: [UInt8]) {
        precondition(classes.count == 64)
        func word(_ index: Int) -> UInt64 {
            (0..<8).reduce(0) { $0 | UInt64(classes[index * 8 + $1]) << UInt64($1 * 8) }.littleEndian
        }
        words = (word(0), word(1), word(2), word(3), word(4), word(5), word(6), word(7))
    }
}

extension ForwardingTables {
    /// The policer's place, which is to be released; that of none if there is none.
    func acquire(_ policer: Policer?, of owner: OwnedPolicer.Owner) -> PolicerIndex {
        guard let policer else { return .none }
        let place = policers.acquire(OwnedPolicer(owner: owner, policer: policer)) {
            policerGeneration &+= 1
            return PolicerEntry(policer, generation: policerGeneration)
        }
        return PolicerIndex(rawValue: place)
    }

    /// What a direction of a session meets beyond its conversion: to be released, with its policer and class map.
    func treatment(
        _ way: SessionWay, _ direction: Direction, _ session: SessionObject, _ rules: Range<Int>
    ) -> TreatmentIndex {
        var treatment = Treatment()
        treatment.policer = acquire(way.policer, of: .session(session.session, direction))
        if let tunnel = way.tunnel { treatment.tunnelPolicer = tunnels[Int(tunnel.rawValue)].policer }
        if let map = way.classMap { treatment.classMap = classMaps.acquire(map) { ClassMap(map) } }
        treatment.segmentLimit = way.segmentLimit ?? 0
        treatment.rewrites = !treatment.isEmpty
        switch way.push {
        case .outer, .datagram: treatment.pathTunnel = way.tunnel.map { $0.rawValue + 1 } ?? 0
        case .nothing, .labels: break
        }
        treatment.rules = rules
        guard !treatment.isEmpty else { return .none }
        return TreatmentIndex(rawValue: treatments.acquire(treatment) { treatment })
    }
}
