extension ForwardingTables {
    /// What `tableHash` will be once the transaction has been staged, so that tables which would come out otherwise than
    /// their sender thinks are not touched. Cost: the hash of each object in the transaction.
    public func tableHash(after transaction: Transaction) -> UInt64 {
        // What a reset doesn't name, goes.
        var hash = transaction.isReset ? 0 : tableHash
        for change in transaction.changes {
            let key = change.key
            if !transaction.isReset, key.slot < objects.capacity(key) { hash &-= objects.hash(of: key) ?? 0 }
            if case .set(let object) = change { hash &+= object.hash }
        }
        return hash
    }
}
