import Exchange
import Testing

@testable import ExchangeFile

@Suite("JSON") struct JSONTests {
    @Test(
        "well-formed texts",
        arguments: [
            (#"{"a":[1,-2.5e+3,true,false,null,"x"]}"#, #"{"a":[1,-2.5e+3,true,false,null,"x"]}"#),
            (" [ ] ", "[]"), ("{ }", "{}"), (#""\u00e9\ud83d\udeb2\n\/\"\\""#, "\"é🚲\\u000a/\\\"\\\\\""),
            ("0", "0"),
        ])
    func wellFormed(text: String, written: String) throws {
        #expect(try DocumentValue(json: text).json == written)
    }

    @Test(
        "ill-formed texts are refused with their place",
        arguments: [
            ("", 1, 1), ("{", 1, 2), ("[1,]", 1, 4), ("{\"a\":1,}", 1, 8), ("{a: 1}", 1, 2), ("01", 1, 2),
            ("1.", 1, 3),
            ("\"\\x\"", 1, 3), ("\"\\ud83d\"", 1, 8), ("\"a\nb\"", 1, 3), ("[\n  1\n  2]", 3, 3),
            ("{\"é\":1,\"é\":2}", 1, 8),
            ("nul", 1, 1), ("1 1", 1, 3), ("\"a", 1, 3), ("+1", 1, 1), ("\"\\u+123\"", 1, 4),
        ])
    func illFormed(text: String, line: Int, column: Int) throws {
        #expect {
            try DocumentValue(json: text)
        } throws: {
            ($0 as? Rejection)?.location == SourceLocation(line: line, column: column)
        }
    }

    @Test("nesting is bounded")
    func depth() {
        let text = String(repeating: "[", count: 100_000)
        #expect(throws: Rejection.self) { try DocumentValue(json: text) }
    }

    @Test(
        "types are strict: JSON comes from programs",
        arguments: [
            (#"{"port":"core0","mtu":"1500"}"#, "without quotes"), (#"{"port":5}"#, "a port's name is due"),
            (#"{"port":"core0","mtu":1500.5}"#, "a number from 576"),
            (#"{"port":null}"#, "a port's name is due"),
            (#"{"port":true}"#, "a port's name is due"), ("null", "a mapping"), ("[]", "a mapping"),
        ])
    func strictLine(text: String, fault: String) {
        #expect {
            try ExchangeFile.readObject(.line("north"), text: text, fileName: "body", as: .json)
        } throws: {
            "\($0)".contains(fault)
        }
    }

    @Test(
        "lists are lists",
        arguments: [
            #"{"addresses":"10.0.0.1"}"#, #"{"addresses":null}"#, #"{"addresses":["10.0.0.1"],"vlan":5}"#,
            #"{"addresses":[10]}"#, #"{"addresses":["10.0.0.1"],"vlan":["5"]}"#,
        ])
    func strictSubscriber(text: String) {
        #expect(throws: ExchangeFileError.self) {
            try ExchangeFile.readObject(.subscriber("alice"), text: text, fileName: "body", as: .json)
        }
    }
}
