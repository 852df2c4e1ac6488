import Exchange
import Offline
import Ports
import Testing

/// Packets as people hand them in: hex, and captures.
@Suite struct InputTests {
    @Test(
        "hex in every spelling",
        arguments: [
            "4500ff", "45 00 ff", "45:00:FF", "0x4500ff", " 0X45\t00\r\nff\n", "4 5 0 0 f f",
        ])
    func hex(text: String) throws {
        #expect(try Hex.bytes(text) == [0x45, 0x00, 0xff])
    }

    @Test("hex goes there and back") func roundTrip() throws {
        let all = (0...255).map { UInt8($0) }
        #expect(try Hex.bytes(Hex.text(all)) == all)
    }

    @Test(
        "bad hex is refused with its place",
        arguments: [
            ("", "no hex digit"), (" \n", "no hex digit"), ("0x", "no hex digit"),
            ("45 0g", "character 5 is 'g'"), ("45000x", "character 6 is 'x'"),
            ("4500-01", "character 5 is '-'"), ("４5", "character 1 is '４'"),
            ("45 0", "3 hex digits make no whole bytes: the last one, character 4,"),
        ])
    func badHex(text: String, message: String) {
        let rejection = #expect(throws: Rejection.self) { try Hex.bytes(text) }
        #expect(rejection?.message.contains(message) == true, "\(rejection?.message ?? "")")
    }
}
