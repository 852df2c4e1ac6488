import Forwarder
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
            (
                ["run", "--instance", "a", "--workers", "3", "--pin", "5,0-1", "--idle=spin"],
                ForwarderOptions(
                    instance: "a", workerCount: 3, processors: [5, 0, 1], idleMode: .spin)
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
            (["run", "--instance", "a", "--workers", "0"], "from 1 to 64"),
            (["run", "--instance", "a", "--workers", "65"], "from 1 to 64"),
            (["run", "--instance", "a", "--workers", "two"], "--workers 'two'"),
            (["run", "--instance", "a", "--pin", "1-"], "--pin '1-'"),
            (["run", "--instance", "a", "--pin", "3-1"], "--pin '3-1'"),
            (["run", "--instance", "a", "--pin", "0,1"], "2 processors for 1 workers"),
            (["run", "--instance", "a", "--workers=2", "--pin", "1,1"], "twice"),
            (["run", "--instance", "a", "--idle", "lazy"], "adaptive and spin"),
        ])
    func refused(_ arguments: [String], _ words: String) {
        guard case .refuse(let reason) = ForwarderOptions.read(arguments) else {
            Issue.record("\(arguments) is understood")
            return
        }
        #expect(reason.contains(words))
    }
}
