extension Validation {
    /// - Parameter owner: whose policer it is, to begin the sentence with.
    mutating func check(
        _ policer: Policer?, of owner: @autoclosure () -> String, at location: SourceLocation?
    ) {
        guard let policer else { return }
        let user = owner()
        let rates = 1...Policer.maximumRate
        if !rates.contains(policer.committedBitsPerSecond) || !rates.contains(policer.peakRate) {
            reject(
                "\(user): a policer's rates go from 1 bit to \(Capacity.text(Policer.maximumRate)) a second; "
                    + "give one of these", at: location)
        } else if policer.peakRate < policer.committedBitsPerSecond {
            reject(
                "\(user): its peak rate \(Capacity.text(policer.peakRate)) is below the committed rate "
                    + "\(Capacity.text(policer.committedBitsPerSecond)); raise it, or leave it out",
                at: location)
        }
        for (key, burst) in [("burst", policer.committedBurst), ("peakBurst", policer.peakBurst)]
        where !Policer.bursts.contains(burst) {
            reject(
                "\(user): \(key) \(burst) is out of range; give 1 to \(Policer.bursts.upperBound) bytes",
                at: location)
        }
        for (colour, action) in [
            ("green", policer.green), ("yellow", policer.yellow), ("red", policer.red),
        ] {
            switch action {
            case .dscp(let number) where number >= ClassMap.dscpCount:
                reject(
                    "\(user): \(colour): DSCP \(number) has more than six bits; give 0 to 63", at: location)
            case .trafficClass(let number) where number >= ClassMap.trafficClassCount:
                reject(
                    "\(user): \(colour): trafficClass \(number) has more than three bits; give 0 to 7",
                    at: location)
            case .pass, .drop, .dscp, .trafficClass: break
            }
        }
    }

    /// - Parameters:
    ///   - key: where the map stands, to begin the sentence with.
    ///   - count: what its numbers become is below.
    mutating func check(_ map: ClassMap, of key: String, below count: Int, at location: SourceLocation?) {
        if map.isEmpty {
            reject("\(key): the map is empty; leave it out, or say what a number becomes", at: location)
        }
        if let greatest = map.greatest, greatest >= count {
            reject("\(key): nothing can become \(greatest); give 0 to \(count - 1)", at: location)
        }
    }

    /// VLAN tags of a line or subscriber.
    mutating func checkVLAN(
        _ vlan: [UInt16], of user: @autoclosure () -> String, at location: SourceLocation?
    ) {
        if vlan.count > Limits.vlanTags {
            reject("\(user()): a frame has at most two VLAN tags; give [outer, inner]", at: location)
        }
        for id in vlan where !Limits.vlanIDs.contains(id) {
            reject("\(user()): vlan \(id) is out of range; give 1 to 4094", at: location)
        }
    }
}
