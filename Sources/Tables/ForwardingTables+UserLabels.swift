/// User labels and the conversions that they lead to.
///
/// Where the paths of a session share a leg, they share its user label too: each flow's own path is chosen behind the
/// look-up, which leads to the lowest of them, so that it doesn't matter in what order they came.
extension ForwardingTables {
    /// Whether a session may have a user label: nobody has it, or only other paths of the same use and direction do.
    func isFree(_ userLabel: SessionWay.UserLabel, for session: SessionObject, _ direction: Direction) -> Bool
    {
        let held = userLabels.lookup(userLabel.key)
        guard held != 0 else { return true }
        let index = ConversionIndex(rawValue: held - 1)
        let holder = conversions[Int(index.rawValue)]
        return session.isGrouped && holder.isGrouped && index.direction == direction
            && holder.subscriber == session.subscriber && holder.service == session.service
    }

    /// Binds a free user label to one more conversion.
    func bind(_ userLabel: SessionWay.UserLabel, to index: ConversionIndex) {
        let held = userLabels.lookup(userLabel.key)
        if held != 0 { sharedUserLabels[userLabel.key, default: [held - 1]].append(index.rawValue) }
        if held == 0 || index.rawValue < held - 1 {
            userLabels.insert(userLabel.key, value: index.rawValue + 1)
        }
        let label = Int(userLabel.label.rawValue)
        userLabelUses[label] += 1
        if userLabelUses[label] == 1 { boundUserLabels[label / 64] |= 1 << UInt64(label % 64) }
    }

    /// Undoes `bind`.
    func unbind(_ userLabel: SessionWay.UserLabel, from index: ConversionIndex) {
        if let sharers = sharedUserLabels[userLabel.key] {
            let others = sharers.filter { $0 != index.rawValue }
            sharedUserLabels[userLabel.key] = others.count > 1 ? others : nil
            userLabels.insert(userLabel.key, value: others.min()! + 1)
        } else {
            userLabels.remove(userLabel.key)
        }
        let label = Int(userLabel.label.rawValue)
        userLabelUses[label] -= 1
        if userLabelUses[label] == 0 { boundUserLabels[label / 64] &= ~(1 << UInt64(label % 64)) }
    }
}
