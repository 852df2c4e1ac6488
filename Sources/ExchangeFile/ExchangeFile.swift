public import Exchange

/// The YAML form of an exchange: the one way to describe an edge. README.md beside this file documents every
/// key.
///
/// A file is taken as a whole or refused as a whole, with all its faults (the first 50) and the place of
/// each.
public enum ExchangeFile {
    /// The longest file that is read, in bytes: 64 MiB.
    public static let maximumByteCount = 64 << 20
    /// The number of faults after which no more are looked for.
    public static let maximumRejections = 50

    /// Reads, decodes and validates the file at `path`.
    public static func load(path: String) throws(ExchangeFileError) -> ExchangeDescription {
        try parse(text: read(path: path), fileName: path)
    }

    /// Decodes and validates the text of a file. `fileName` is for the messages only.
    public static func parse(text: String, fileName: String, as format: ExchangeFormat = .yaml)
        throws(ExchangeFileError) -> ExchangeDescription
    {
        let exchange = try decode(text: text, fileName: fileName, as: format)
        let rejections = exchange.validate(limit: maximumRejections)
        guard rejections.isEmpty else { throw .rejected(fileName: fileName, rejections) }
        return exchange
    }

    /// Decodes the text of a file without validating it: every value has its type and range, but names may
    /// dangle.
    public static func decode(text: String, fileName: String, as format: ExchangeFormat = .yaml)
        throws(ExchangeFileError) -> ExchangeDescription
    {
        var decoding = Decoding(limit: maximumRejections)
        do throws(Rejection) {
            decoding.decode(try format.root(of: text))
        } catch {
            throw .malformed(fileName: fileName, error)
        }
        guard decoding.rejections.isEmpty else {
            throw .rejected(fileName: fileName, decoding.rejections)
        }
        return decoding.exchange
    }
}
