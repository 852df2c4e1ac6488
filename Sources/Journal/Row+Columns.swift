import GRDB

/// Columns of a file that may be damaged: GRDB's own subscripts end the process where a value has another type.
extension Row {
    /// A number; nil if it is none, or out of range.
    func number<Number: FixedWidthInteger>(_ column: String, as _: Number.Type = Number.self) -> Number? {
        Int64.fromDatabaseValue(self[column]).flatMap(Number.init(exactly:))
    }

    /// A number of which all 64 bits are used.
    func word(_ column: String) -> UInt64? { number(column, as: Int64.self).map { UInt64(bitPattern: $0) } }

    /// Bytes; nil if they are none.
    func bytes(_ column: String) -> [UInt8]? { Blob.fromDatabaseValue(self[column])?.bytes }

    /// A text; nil if it is none.
    func text(_ column: String) -> String? { String.fromDatabaseValue(self[column]) }
}
