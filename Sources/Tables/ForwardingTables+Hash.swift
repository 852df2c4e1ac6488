extension ForwardingTables {
    /// What `tableHash` will be once the transaction has been staged, so that tables which would come out otherwise than
    /// their sender thinks are not touched. Cost: linear in its changes.
    public func tableHash(after transaction: Transaction) -> UInt64 {
        // What a reset doesn't name, goes.
        var hash = transaction.isReset ? 0 : tableHash
        for (place, change) in transaction.changes.enumerated() {
            let key = change.key
            if !transaction.isReset, key.slot < objects.capacity(key) { hash &-= objects.hash(of: key) ?? 0 }
            if case .set(let object) = change { hash &+= transaction.hash(of: object, at: place) }
        }
        return hash
    }
}
