/// The format that commands and states are written in, which their first two bytes say. Journals are full of older
/// ones: those are read, with the default for whatever they couldn't say.
///
/// - 1: the first.
/// - 2: policers, VLANs of lines, several paths of a session, label stacks, maps of classes, ICMP types, answers to what
///   is denied, shared interfaces.
/// - 3: MPLS-in-UDP; engines of ports, and whether they have offloads.
enum Format {
    static let present: UInt16 = 3
    static let readable: ClosedRange<UInt16> = 1...present
    /// For people.
    static let readableText = "1 to \(present)"
    /// Of commands and states that know nothing of paths and policers.
    static let first: UInt16 = 1
    /// Of those that know nothing of engines.
    static let second: UInt16 = 2
}
