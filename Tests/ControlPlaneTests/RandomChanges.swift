import Exchange
import Testbed
import Wire

/// Changes of the subscriber edge at random: sessions that come, go and move, labels, lines; about one in four can't be.
enum RandomChanges {
    private static let edge = Edges.describe(Edges.subscriberEdge)

    static func next(_ generator: inout SeededGenerator) -> [Change] {
        (0..<generator.number(1...3)).map { _ in change(&generator) }
    }

    private static func change(_ generator: inout SeededGenerator) -> Change {
        let label = Label(unchecked: UInt32(generator.number(30_000...30_040)))
        switch generator.number(0...5) {
        case 0: return Change(.remove(.session(generator.element(edge.sessions).name)))
        case 1: return Change(.put(.session(generator.element(edge.sessions))))
        case 2:
            var session = edge.sessions[0]
            let number = UInt32(generator.number(0...20))
            session.network = .tunnel(
                name: generator.element(["acme-north", "acme-pipe", "beta-west"]),
                send: Label(unchecked: 110_000 + number), receive: Label(unchecked: 210_000 + number))
            return Change(.put(.session(session)))
        case 3:
            let binding = LabelBinding(
                in: label, operation: .swap([Label(unchecked: UInt32(generator.number(16...99)))]),
                via: .line(generator.element(["north", "slow", "nowhere"])))
            return Change(.put(.label(binding)))
        case 4: return Change(.remove(.label(label)))
        default:
            var line = edge.lines[1]
            line.mtu = generator.number(1_000...1_500)
            return Change(.put(.line(line)))
        }
    }
}
