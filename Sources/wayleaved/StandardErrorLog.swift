import ArgumentParser
@preconcurrency import Glibc
import Logging

/// Writes each log message as one line to standard error: for people, or as JSON for programs.
struct StandardErrorLog: LogHandler {
    enum Format: String, CaseIterable, ExpressibleByArgument, Sendable { case text, json }

    let label: String
    let format: Format
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info

    init(label: String, format: Format) {
        self.label = label
        self.format = format
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
        let line =
            switch format {
            case .text: text(event, all)
            case .json: json(event, all)
            }
        // One call a line, so that lines of several threads don't mix.
        fputs(line + "\n", stderr)
    }

    private func text(_ event: LogEvent, _ metadata: [(key: String, value: Logger.Metadata.Value)]) -> String
    {
        let fields = metadata.map {
            " \($0.key)=\(Self.isPlain("\($0.value)") ? "\($0.value)" : Self.quoted("\($0.value)"))"
        }
        let level = event.level == .info ? "" : " \(event.level):"
        return "\(Self.time()) \(label):\(level) \(event.message)\(fields.joined())"
    }

    private func json(_ event: LogEvent, _ metadata: [(key: String, value: Logger.Metadata.Value)]) -> String
    {
        let members = [
            ("time", Self.time()), ("level", event.level.rawValue), ("logger", label),
            ("message", "\(event.message)"),
        ]
        let fields = members.map { "\(Self.quoted($0.0)):\(Self.quoted($0.1))" }
        let own = metadata.map { "\(Self.quoted($0.key)):\(Self.quoted("\($0.value)"))" }
        return "{"
            + (fields + (own.isEmpty ? [] : ["\"metadata\":{\(own.joined(separator: ","))}"])).joined(
                separator: ",") + "}"
    }

    /// Now, in UTC, to the millisecond.
    private static func time() -> String {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        var parts = tm()
        gmtime_r(&now.tv_sec, &parts)
        var text = [CChar](repeating: 0, count: 32)
        strftime(&text, text.count, "%Y-%m-%dT%H:%M:%S", &parts)
        let seconds = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let milliseconds = String(now.tv_nsec / 1_000_000)
        return seconds + "." + String(repeating: "0", count: 3 - milliseconds.count) + milliseconds + "Z"
    }

    private static func isPlain(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 != UInt8(ascii: "\"") && $0 != 0x7f }
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            case "\u{0}"..<"\u{20}":
                let hex = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
