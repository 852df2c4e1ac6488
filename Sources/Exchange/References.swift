/// Who refers to whom: for one kind of reference, the slots of the dependents of each referent.
///
/// A doubly linked list for each referent, all in two flat arrays: adding and removing cost the same however
/// many there are. The order within a list tells the history and is nobody's business: whoever needs an order
/// sorts.
struct References: Sendable {
    /// By slot of the referent: its first dependent, or -1.
    private var heads: [Int32] = []
    /// By slot of the dependent.
    private var links: [Link] = []

    private struct Link {
        var referent: Int32 = -1
        var previous: Int32 = -1
        var next: Int32 = -1
    }

    /// Makes a dependent refer to `referent` and no other; nil: to none.
    mutating func set(_ dependent: Int, to referent: Int?) {
        if referent == nil && dependent >= links.count { return }
        while links.count <= dependent { links.append(Link()) }
        unlink(dependent)
        guard let referent else { return }
        while heads.count <= referent { heads.append(-1) }
        let next = heads[referent]
        links[dependent] = Link(referent: Int32(referent), previous: -1, next: next)
        if next >= 0 { links[Int(next)].previous = Int32(dependent) }
        heads[referent] = Int32(dependent)
    }

    /// What a dependent refers to, or nil.
    func referent(of dependent: Int) -> Int? {
        guard dependent < links.count, links[dependent].referent >= 0 else { return nil }
        return Int(links[dependent].referent)
    }

    private mutating func unlink(_ dependent: Int) {
        let link = links[dependent]
        guard link.referent >= 0 else { return }
        if link.previous >= 0 {
            links[Int(link.previous)].next = link.next
        } else {
            heads[Int(link.referent)] = link.next
        }
        if link.next >= 0 { links[Int(link.next)].previous = link.previous }
        links[dependent] = Link()
    }

    /// The dependents of a referent, in no particular order.
    func dependents(of referent: Int) -> some Sequence<Int> {
        let first = referent < heads.count ? heads[referent] : -1
        return sequence(first: first) { links[Int($0)].next }.lazy.prefix { $0 >= 0 }.map(Int.init)
    }
}
