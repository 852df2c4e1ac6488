import Exchange
import Tables
import Wire

extension TableCompiler {
    mutating func compile(_ binding: LabelBinding) {
        var labels: [Label] = []
        if case .swap(let swapped) = binding.operation { labels = swapped }
        let line: Line
        switch binding.via {
        case .line(let name): line = self.line(name)
        case .tunnel(let name):
            let tunnel = tunnel(name)
            line = self.line(tunnel.line)
            if case .mpls(let mpls) = tunnel.encapsulation {
                if mpls.null == .explicit {
                    labels.insert(.ipv4ExplicitNull, at: 0)
                } else if let path = mpls.send, mpls.null == nil {
                    labels.insert(path, at: 0)
                }
            }
        }
        let index = NHLFEIndex(rawValue: UInt32(result.contents.nhlfes.count))
        result.contents.nhlfes.append(
            NHLFE(
                labels: labels.map(\.rawValue), pops: binding.operation == .pop,
                adjacency: adjacency(of: line), mtu: line.mtu))
        result.contents.incomingLabels.append((binding.in, ILMEntry(index)))
        result.labelBindings.append(binding)
    }
}
