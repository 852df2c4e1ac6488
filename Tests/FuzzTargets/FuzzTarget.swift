/// One parser, or what stands behind several, as a fuzzer calls it: any bytes in, and either nothing or what is wrong.
///
/// A trap is a finding too, and so are more than a few seconds or more memory than the fuzzer grants.
public struct FuzzTarget: Sendable {
    public let name: String
    /// The longest input that is worth trying.
    public let byteCountLimit: Int
    /// Tries one input. The same bytes always do the same.
    public let run: @Sendable ([UInt8]) throws(Finding) -> Void
    /// Good inputs, from which others are made.
    public let seeds: @Sendable () -> [[UInt8]]

    public static let all = [
        forwarding, neighbours, headers, errors, superframes, trains, captures, link, transactions, commands,
        states,
        yaml,
        json, labels,
    ]
}

/// What an input has shown to be wrong, in a sentence.
public struct Finding: Error, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }

    /// Throws the sentence unless the condition holds.
    static func unless(_ condition: Bool, _ description: @autoclosure () -> String) throws(Finding) {
        if !condition { throw Finding(description()) }
    }
}
