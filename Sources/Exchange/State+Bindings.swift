import Wire

/// Label tables come by the million, and mostly nothing is wrong with them.
extension State {
    /// Whether a change does nothing but put in label bindings that may be there: a proof that is cheap, so that the full
    /// validation, which takes everything apart to say what is wrong, is only for the others. Whatever this takes, that
    /// takes too (`BindingsTests`).
    ///
    /// Linear, some 50 ns each.
    func areFaultlessBindings(_ changes: [Change]) -> Bool {
        var ways = WaysOut(self)
        var named = SlotSet()
        var addedCount = 0
        for change in changes {
            guard case .put(.label(let binding)) = change.edit else { return false }
            let label = binding.in
            guard Label.bindable.contains(label), named.insert(Int(label.rawValue)) else { return false }
            let slot = labels.slot(label)
            if slot == nil { addedCount += 1 }
            if let expected = change.expectedRevision {
                let present = slot.flatMap { labels.entry($0)?.revision } ?? 0
                guard expected == present else { return false }
            }
            // Whoever else has the label, as a path's or as a session's that arrives alone.
            guard index.pathLabels[label] == nil, index.aloneLabels[label] == nil else { return false }
            guard let room = ways.labelRoom(binding.via) else { return false }
            if case .swap(let swapped) = binding.operation {
                guard (1...room).contains(swapped.count), swapped.allSatisfy(Label.bindable.contains) else {
                    return false
                }
            }
        }
        return labels.count + addedCount <= Limits.labels
    }

    /// What lines and tunnels take, looked up once for all bindings in a row that go the same way.
    private struct WaysOut {
        private let state: State
        private var last: (via: LabelBinding.Via, room: Int?)?

        init(_ state: State) { self.state = state }

        /// The labels that a binding may push on its way, nil if it can't go there.
        mutating func labelRoom(_ via: LabelBinding.Via) -> Int? {
            if let last, last.via == via { return last.room }
            let room = find(via)
            last = (via, room)
            return room
        }

        private func find(_ via: LabelBinding.Via) -> Int? {
            switch via {
            case .line(let name):
                guard let line = state.lines[name], let port = state.ports[line.port], port.isEthernet else {
                    return nil
                }
                return Limits.labelStack
            case .tunnel(let name):
                guard case .mpls(let mpls) = state.tunnels[name]?.encapsulation,
                    mpls.pathLabelCount < Limits.labelStack
                else { return nil }
                return Limits.labelStack - mpls.pathLabelCount
            }
        }
    }
}
