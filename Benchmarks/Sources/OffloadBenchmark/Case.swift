/// What is measured.
struct Case {
    enum Encapsulation {
        case mpls, ipip

        /// Of edge A's tunnel; edge B's is its mirror.
        func tunnel(isMirrored: Bool) -> String {
            switch (self, isMirrored) {
            case (.mpls, false): "mpls: { send: 16001, receive: 17001 }"
            case (.mpls, true): "mpls: { send: 17001, receive: 16001 }"
            case (.ipip, false): "ipip: { local: 10.0.0.1, remote: 10.0.0.2 }"
            case (.ipip, true): "ipip: { local: 10.0.0.2, remote: 10.0.0.1 }"
            }
        }

        /// What the session's leg on the tunnel says besides.
        func labels(isMirrored: Bool) -> String {
            switch (self, isMirrored) {
            case (.mpls, false): ", send: 100042, receive: 200042"
            case (.mpls, true): ", send: 200042, receive: 100042"
            case (.ipip, _): ""
            }
        }
    }

    enum Wire {
        /// Memory, in one process.
        case memory
        /// A pair of interfaces; each edge is a process.
        case veth
    }

    let name: String
    let encapsulation: Encapsulation
    let wire: Wire
    /// In Gbit/s of TCP payload.
    let goal: Double

    static let all = [
        Case(name: "mpls", encapsulation: .mpls, wire: .memory, goal: 14),
        Case(name: "ipip", encapsulation: .ipip, wire: .memory, goal: 14),
        Case(name: "mpls-veth", encapsulation: .mpls, wire: .veth, goal: 5),
        Case(name: "ipip-veth", encapsulation: .ipip, wire: .veth, goal: 5),
    ]
}
