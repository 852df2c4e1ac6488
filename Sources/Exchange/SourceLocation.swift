/// A place in an exchange file. Line and column count from 1; columns are Unicode scalars.
public struct SourceLocation: Hashable, Comparable, Sendable {
    /// Counted from 1.
    public var line: Int
    /// Counted from 1.
    public var column: Int

    /// The place in this line and column.
    public init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    /// By line, then by column.
    public static func < (a: Self, b: Self) -> Bool { (a.line, a.column) < (b.line, b.column) }
}

extension SourceLocation: CustomStringConvertible {
    /// `line:column`, as compilers print it.
    public var description: String { "\(line):\(column)" }
}

/// A property that says something about a value without being part of it: two values that differ only here
/// are equal.
///
/// The places of an exchange's objects are kept this way, so that a file and its reformatted copy compare as
/// equal.
@propertyWrapper
public struct NotCompared<Value: Sendable>: Hashable, Sendable {
    /// The value itself.
    public var wrappedValue: Value

    /// Keeps a value out of comparisons.
    public init(wrappedValue: Value) { self.wrappedValue = wrappedValue }

    /// Always true.
    public static func == (a: Self, b: Self) -> Bool { true }

    /// Adds nothing, since all are equal.
    public func hash(into hasher: inout Hasher) {}
}
