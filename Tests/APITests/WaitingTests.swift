import APIClient
import ArgumentParser
import ExchangeFile
import Testbed
import Testing

@testable import API
@testable import wayleave

@Suite("Waiting for the forwarder") struct WaitingTests {
    /// Applies an exchange beside a forwarder: what is answered, and how the command ends.
    private func apply(refusal: String? = nil, fault: String? = nil) async throws -> (
        DocumentValue, ExitCode?
    ) {
        try await Site.run { site in
            let forwarder = SmallForwarder(
                socket: site.controlPlane.configuration.linkSocketPath, refusal: refusal, fault: fault)
            defer { forwarder.disconnect() }
            let answer = try await site.ask(
                "PUT", "/exchange?wait=20", Edges.subscriberEdge, type: "application/yaml")
            let folder = ScratchFolder()
            let file = folder.file("edge.yaml", Array(Edges.providerEdge.utf8))
            let command = try #require(
                try Wayleave.parseAsRoot(["apply", "-f", file, "--wait", "20s"] + site.options)
                    as? ApplyCommand)
            do {
                try await command.run()
                return (answer.document, nil)
            } catch {
                return (answer.document, error as? ExitCode)
            }
        }
    }

    @Test("PX-4 CD-7 applied: the answer tells the transaction's size")
    func applied() async throws {
        let (receipt, code) = try await apply()
        #expect(receipt["outcome"] == "applied" && receipt["absentPorts"] == [])
        let transaction = try #require(receipt["transactions"]?.items.first)
        #expect(transaction["forwarder"] == "main" && transaction["set"]?.scalar != "0")
        #expect(code == nil)
    }

    @Test("A port that is absent is reported, and the command ends with 3")
    func absent() async throws {
        let (receipt, code) = try await apply(fault: "there is no interface `wl-access0`")
        #expect(receipt["outcome"] == "applied")
        #expect(receipt["absentPorts"]?.items.count == 4)
        #expect(receipt["absentPorts"]?.items.first?["detail"] == "there is no interface `wl-access0`")
        #expect(code == ExitCode(3))
    }

    @Test("What the forwarder refuses is reported, and the command ends with 1")
    func refused() async throws {
        let (receipt, code) = try await apply(refusal: "no memory")
        #expect(receipt["outcome"] == "rejected")
        #expect(receipt["detail"]?.scalar?.contains("no memory") == true)
        #expect(code == ExitCode(1))
    }
}
