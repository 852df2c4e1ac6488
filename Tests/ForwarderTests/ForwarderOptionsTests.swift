import Testing

@testable import wayleave_forwarder

@Suite("Options of wayleave-forwarder") struct ForwarderOptionsTests {
    @Test(
        "What is understood",
        arguments: [
            (["run", "--instance", "a"], ForwarderOptions(instance: "a")),
            (["run", "--instance=a", "--name=west"], ForwarderOptions(instance: "a", name: "west")),
            (
                ["run", "--run-directory", "/tmp/x", "--name", "b", "--instance", "c"],
                ForwarderOptions(instance: "c", name: "b", runDirectory: "/tmp/x")
            ),
        ])
    func understood(_ arguments: [String], _ options: ForwarderOptions) {
        #expect(ForwarderOptions.read(arguments) == .run(options))
    }

    @Test("Help, wherever it is asked for", arguments: [["-h"], ["--help"], ["help"], ["run", "--help"]])
    func help(_ arguments: [String]) {
        #expect(ForwarderOptions.read(arguments) == .help)
        #expect(ForwarderOptions.help.split(separator: "\n").allSatisfy { $0.count <= 120 })
    }

    @Test(
        "What isn't understood is named",
        arguments: [
            ([], "run --instance NAME"), (["walk"], "'walk'"), (["run"], "--instance is missing"),
            (["run", "--instance"], "--instance needs a value"), (["run", "--instance="], "needs a value"),
            (["run", "--instance", "a", "--instance", "b"], "twice"),
            (["run", "--instance", "a", "--exchange", "x"], "unknown option '--exchange'"),
            (["run", "--instance", "a", "more"], "unknown argument 'more'"),
        ])
    func refused(_ arguments: [String], _ words: String) {
        guard case .refuse(let reason) = ForwarderOptions.read(arguments) else {
            Issue.record("\(arguments) is understood")
            return
        }
        #expect(reason.contains(words))
    }
}
