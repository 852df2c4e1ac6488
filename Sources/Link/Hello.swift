import Wire

/// How a forwarder introduces itself.
public struct Hello: Hashable, Sendable {
    /// The versions of the link protocol that it speaks.
    public var versions: ClosedRange<UInt16>
    /// The version of the program, for people.
    public var software: String
    /// Which of the instance's forwarders it is, as in `main`.
    public var name: String
    /// Its process.
    public var processID: UInt32
    /// The id of its counter file.
    public var counterFile: UInt64
    /// What its tables hold.
    public var tables: TableVersion

    public init(
        versions: ClosedRange<UInt16> = LinkProtocol.versions, software: String, name: String,
        processID: UInt32, counterFile: UInt64, tables: TableVersion
    ) {
        self.versions = versions
        self.software = software
        self.name = name
        self.processID = processID
        self.counterFile = counterFile
        self.tables = tables
    }
}

/// Which tables a forwarder holds: those of which journal, up to which transaction, with which content.
public struct TableVersion: Hashable, Sendable {
    /// The id of the journal that the transactions came from; 0 before the first.
    public var journal: UInt64
    /// The number of the last transaction.
    public var number: UInt64
    /// The sum of the hashes of all table objects, mod 2⁶⁴.
    public var hash: UInt64

    public init(journal: UInt64, number: UInt64, hash: UInt64) {
        self.journal = journal
        self.number = number
        self.hash = hash
    }

    /// No transaction yet.
    public static let empty = Self(journal: 0, number: 0, hash: 0)
}

/// The control plane's answer to a hello that it takes.
public struct Welcome: Hashable, Sendable {
    /// The version of the link protocol that is used from now on.
    public var version: UInt16
    /// The id of the journal that transactions will come from.
    public var journal: UInt64

    public init(version: UInt16, journal: UInt64) {
        self.version = version
        self.journal = journal
    }
}

extension Hello {
    func write(to writer: inout ByteWriter) {
        writer.write(versions.lowerBound)
        writer.write(versions.upperBound)
        writer.write(software)
        writer.write(name)
        writer.write(processID)
        writer.write(counterFile)
        writer.write(tables.journal)
        writer.write(tables.number)
        writer.write(tables.hash)
    }

    /// The versions alone, which stand first in every version of a hello.
    static func versions(in frame: LinkFrame) throws(LinkError) -> ClosedRange<UInt16> {
        var reader = ByteReader(frame.payload)
        do throws(ByteReaderError) {
            return try readVersions(&reader)
        } catch {
            throw LinkError("a \(frame.kind) frame with a fault at \(error)")
        }
    }

    init(reading reader: inout ByteReader) throws(ByteReaderError) {
        self.init(
            versions: try Self.readVersions(&reader), software: try reader.readText(),
            name: try reader.readText(), processID: try reader.read(), counterFile: try reader.read(),
            tables: TableVersion(
                journal: try reader.read(), number: try reader.read(), hash: try reader.read()))
    }

    private static func readVersions(_ reader: inout ByteReader) throws(ByteReaderError)
        -> ClosedRange<UInt16>
    {
        let lowest: UInt16 = try reader.read()
        let highest: UInt16 = try reader.read()
        guard lowest <= highest else {
            throw reader.fault("versions \(lowest) to \(highest), which are none", back: 4)
        }
        return lowest...highest
    }
}

extension Welcome {
    func write(to writer: inout ByteWriter) {
        writer.write(version)
        writer.write(journal)
    }

    init(reading reader: inout ByteReader) throws(ByteReaderError) {
        self.init(version: try reader.read(), journal: try reader.read())
    }
}
