extension PrefixTree: Sequence {
    /// A stored prefix.
    public struct Entry: Equatable, Sendable, BitwiseCopyable {
        /// Zero behind `length`.
        public var bits: Bits
        /// The bits that count.
        public var length: Int
        /// One of `PrefixTree.values`.
        public var value: UInt32

        /// A prefix as it comes out of a tree.
        public init(bits: Bits, length: Int, value: UInt32) {
            self.bits = bits
            self.length = length
            self.value = value
        }
    }

    /// Walks the prefixes in order, each before those that lie in it.
    public struct Iterator: IteratorProtocol {
        private let nodes: [Node]
        /// Nodes to be visited, the next one last. A path leaves one sibling a level: never more than bits + 1.
        private var pending: [UInt32] = [0]

        init(_ tree: PrefixTree) { nodes = tree.nodes }

        /// The next prefix, or nil after the last.
        @specialized(where Bits == UInt32)
        @specialized(where Bits == UInt128)
        public mutating func next() -> Entry? {
            while let index = pending.popLast() {
                let node = nodes[Int(index)]
                if node.one != 0 { pending.append(node.one) }
                if node.zero != 0 { pending.append(node.zero) }
                if node.value != 0 {
                    return Entry(bits: node.bits, length: Int(node.length), value: node.value)
                }
            }
            return nil
        }
    }

    /// Starts before the shortest and lowest prefix. Later edits of the tree don't concern the iterator.
    public func makeIterator() -> Iterator { Iterator(self) }

    /// The exact count.
    public var underestimatedCount: Int { count }
}
