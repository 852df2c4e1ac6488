import GRDB

/// Bytes as SQLite stores them. GRDB takes a `Data`, which is made here and nowhere else.
struct Blob: DatabaseValueConvertible {
    let bytes: [UInt8]

    init(_ bytes: some Sequence<UInt8>) { self.bytes = Array(bytes) }

    var databaseValue: DatabaseValue {
        guard case .blob(let data) = DatabaseValue.Storage.blob(.init(bytes)) else { return .null }
        return data.databaseValue
    }

    static func fromDatabaseValue(_ value: DatabaseValue) -> Blob? {
        guard case .blob(let data) = value.storage else { return nil }
        return Blob(data)
    }
}
