import ArgumentParser
import ExchangeFile
import Testbed
import Testing

@testable import wayleave

@Suite("wayleave bench") struct BenchCommandTests {
    @Test("In memory, where nothing else is said: a page is written")
    func memory() throws {
        let folder = ScratchFolder()
        let page = "\(folder.path)/page.html"
        var command = try Wayleave.parseAsRoot([
            "bench", "--case", "push,pop", "--sessions", "1,10", "--seconds", "0.05", "--html", page,
        ])
        #expect(command is BenchMemoryCommand)
        try command.run()
        #expect(
            fileContents(page).map { String(decoding: $0, as: UTF8.self) }?.hasSuffix("</html>\n") == true)
    }

    @Test(
        "Wrong options are refused before anything is measured",
        arguments: [
            ["--case", "peel"], ["--sessions", "0"], ["--sessions", "1000001"], ["--sessions", "1,,2"],
            ["--size", "63"], ["--rules", "256"], ["--seconds", "0"], ["--html", "/nowhere/page.html"],
            ["ports"], ["ports"] + BenchCommandTests.good + ["--size", "63"],
            ["ports"] + BenchCommandTests.good + ["--verdict", "2"],
            ["ports"] + BenchCommandTests.good + ["--precision", "0"],
            ["ports"] + BenchCommandTests.good + ["--labels", "16,x"],
            ["ports"] + BenchCommandTests.good + ["--flows", "0"],
        ])
    func refused(arguments: [String]) {
        #expect { try Wayleave.parseAsRoot(["bench"] + arguments) } throws: {
            Wayleave.exitCode(for: $0) == .validationFailure
        }
    }

    static let good = [
        "--tx", "a", "--rx", "b", "--mac", "02:00:00:00:00:01", "--from", "10.0.0.1", "--to", "10.0.0.2",
    ]

    @Test("An interface that isn't there is named, with where to look")
    func noInterface() throws {
        var command = try Wayleave.parseAsRoot(
            ["bench", "ports", "--tx", "wl-none", "--rx", "wl-none"] + Self.good.dropFirst(4))
        #expect { try command.run() } throws: { "\($0)".contains("no interface wl-none here: `ip -br link`") }
    }
}
