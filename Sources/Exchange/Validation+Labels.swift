import Wire

extension Validation {
    /// Incoming labels have one meaning each; all labels can be bound; the ways out of the label table exist.
    mutating func checkLabels() {
        var owners: [Label: String] = [:]
        for tunnel in exchange.tunnels {
            guard case .mpls(let mpls) = tunnel.encapsulation, let label = mpls.receive, !mpls.php else {
                continue
            }
            claim(label, by: "tunnel `\(tunnel.name)`", owners: &owners, at: tunnel.location)
        }
        for binding in exchange.labels {
            claim(binding.in, by: "the label table", owners: &owners, at: binding.location)
            checkBindable(binding.in, for: "label binding: in", at: binding.location)
            check(binding)
        }
        checkUserLabels(pathOwners: owners)
    }

    /// Rejects a label that can't stand in a binding.
    mutating func checkBindable(_ label: Label, for user: String, at location: SourceLocation?) {
        guard !Label.bindable.contains(label) else { return }
        reject(
            "\(user) \(label): labels 0 to 15 have special purposes; give \(Self.bindableRange) (a null "
                + "label is asked for by `null: explicit` or `implicit` on a tunnel)", at: location)
    }

    private static let bindableRange = "16 to 1,048,575"

    /// Path and transit labels share one space: the incoming label map of the node.
    private mutating func claim(
        _ label: Label, by owner: String, owners: inout [Label: String], at location: SourceLocation?
    ) {
        if let other = owners[label] {
            reject("\(owner): incoming label \(label) is \(other)'s already; give another", at: location)
        } else {
            owners[label] = owner
        }
    }

    private mutating func check(_ binding: LabelBinding) {
        let user = "label binding \(binding.in)"
        if case .swap(let labels) = binding.operation {
            if !(1...Limits.labelStack).contains(labels.count) {
                reject(
                    "\(user): `swap` takes one to \(Limits.labelStack) labels, the top of the stack first",
                    at: binding.location)
            }
            for label in labels { checkBindable(label, for: "\(user): swap", at: binding.location) }
        }
        switch binding.via {
        case .line(let name):
            guard resolve(name, in: lines, for: user, at: binding.location) != nil,
                let port = port(ofLine: name),
                !port.isEthernet
            else { return }
            reject(
                "\(user): MPLS can't leave by port `\(port.name)` of line `\(name)`, which carries bare IP "
                    + "packets; choose a line on an Ethernet", at: binding.location)
        case .tunnel(let name):
            guard let index = resolve(name, in: tunnels, for: user, at: binding.location) else { return }
            switch exchange.tunnels[index].encapsulation {
            case .ipip, .mplsudp:
                reject(
                    "\(user): tunnel `\(name)` is not MPLS on a link and takes no transit labels; choose one that is",
                    at: binding.location)
            case .mpls(let mpls):
                checkDepth(of: binding, in: name, mpls)
            }
        }
    }

    /// The labels of a binding and those of its tunnel go into one stack.
    private mutating func checkDepth(of binding: LabelBinding, in tunnel: String, _ mpls: MPLSEncapsulation) {
        guard case .swap(let labels) = binding.operation, labels.count <= Limits.labelStack,
            labels.count + mpls.pathLabelCount > Limits.labelStack
        else { return }
        reject(
            "label binding \(binding.in): `swap` with \(labels.count) labels and the \(mpls.pathLabelCount) of tunnel "
                + "`\(tunnel)` make more than \(Limits.labelStack); leave some out", at: binding.location)
    }

    // MARK: User labels

    /// A user label has one meaning in its tunnel. On a `php` tunnel it arrives alone, so it has one meaning
    /// on the whole port, and can't be mistaken for a path or transit label.
    private mutating func checkUserLabels(pathOwners: [Label: String]) {
        var owners: [UserLabelContext: String] = [:]
        for session in exchange.sessions {
            for case .tunnel(let name, _, let label?) in session.access.each + session.network.each {
                guard let index = tunnels[name], let line = lines[exchange.tunnels[index].line] else {
                    continue
                }
                let isAlone: Bool
                switch exchange.tunnels[index].encapsulation {
                case .mpls(let mpls): isAlone = mpls.php
                case .mplsudp: isAlone = false
                case .ipip: continue
                }
                let user = "session `\(session.name)`: user label \(label)"
                let context: UserLabelContext
                if isAlone {
                    guard let port = ports[exchange.lines[line].port] else { continue }
                    context = UserLabelContext(label: label, place: port, arrivesAlone: true)
                    if let other = pathOwners[label] {
                        reject(
                            "\(user) arrives alone on tunnel `\(name)` (php), where it is \(other)'s "
                                + "already; give another", at: session.location)
                    }
                } else {
                    context = UserLabelContext(label: label, place: index, arrivesAlone: false)
                }
                if let other = owners[context] {
                    let scope = isAlone ? "port `\(exchange.ports[context.place].name)`" : "tunnel `\(name)`"
                    reject(
                        "\(user) is session `\(other)`'s already on \(scope); give another",
                        at: session.location)
                } else {
                    owners[context] = session.name
                }
            }
        }
    }
}

/// Where a user label means something: in a tunnel, or on a port whose tunnels lose their path label one hop
/// before.
private struct UserLabelContext: Hashable {
    var label: Label
    var place: Int
    var arrivesAlone: Bool
}
