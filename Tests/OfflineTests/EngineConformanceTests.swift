import Forwarder
import Ports
import Testbed
import Testing

/// The cases of `Tests/Conformance` on real interfaces, by each engine: what leaves, and what is counted, is what it is
/// from file to file. Time is the captures', so that policers and neighbours do the same.
@Suite(
    "Conformance of engines", .serialized,
    .enabled(if: mayMakeInterfaces, "needs root and /dev/net/tun"))
struct EngineConformanceTests {
    @Test(
        "PX-1 PX-2 PX-3 PX-4 PX-5 CD-1 CD-2 every engine gives what files do, with offload and without",
        arguments: [
            LiveCases.Engines(tun: .ioUring, packet: .ring, offload: true),
            .init(tun: .readWrite, packet: .mmsg, offload: true),
            .init(tun: .ioUring, packet: .ring, offload: false),
            .init(tun: .readWrite, packet: .mmsg, offload: false),
        ])
    func conforms(_ engines: LiveCases.Engines) async throws {
        let namespace = NetworkNamespace()
        namespace.execute("sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1")
        let result = try await namespace.run { () -> LiveCases.Result in
            let cases = try LiveCases(engines, in: namespace)
            for example in ConformanceCase.all { try cases.play(example) }
            return cases.result
        }
        for difference in result.differences { Issue.record("\(difference)") }
        #expect(result.caseCount >= 120)
        #expect(result.handedOver * 50 < result.packetCount, "most packets are such as a link carries")
    }
}
