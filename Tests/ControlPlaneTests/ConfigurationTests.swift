import ControlPlane
import Testing

@Suite("Where a control plane keeps its files") struct ConfigurationTests {
    @Test("Each instance has directories of its own")
    func directories() {
        var configuration = ControlPlane.Configuration(instance: "edge-a")
        configuration.runDirectory = "/tmp/run"
        configuration.stateDirectory = "/tmp/state"
        #expect(configuration.apiSocketPath == "/tmp/run/edge-a/api.sock")
        #expect(configuration.linkSocketPath == "/tmp/run/edge-a/link.sock")
        #expect(configuration.journalPath == "/tmp/state/edge-a/journal.sqlite")
    }
}
