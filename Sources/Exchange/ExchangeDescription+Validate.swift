extension ExchangeDescription {
    /// Everything in this description that can't be, in the order of the file.
    ///
    /// An exchange is taken as a whole or not at all: only where the result is empty may it be compiled. The
    /// cost is that of sorting: *n* log *n* in the number of addresses, linear in everything else.
    ///
    /// - Parameter limit: the number of rejections after which no more are recorded.
    public func validate(limit: Int = 50) -> [Rejection] {
        var validation = Validation(self, limit: limit)
        validation.checkAll()
        return validation.inFileOrder
    }
}
