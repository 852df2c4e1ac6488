/// How a result travels to another program.
extension LookupResult {
    /// All 32 bits.
    package var encoded: UInt32 { rawValue }

    /// The result that stands for an index.
    package init(index: UInt32) { self.init(index) }

    /// What `encoded` gave. Any number is safe; one that no lookup gives is an index that leads nowhere.
    package init(encoded: UInt32) { self.init(rawValue: encoded) }
}
