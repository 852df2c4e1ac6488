import CNetlink
import Glibc
import Testbed
import Testing
import Wire

@testable import Ports

/// Lists of the kernel's that aren't whole: interfaces come and go on a host with containers, by the hundred.
@Suite("Lists of interfaces and neighbours", .enabled(if: mayMakeInterfaces, "needs root and /dev/net/tun"))
struct NetlinkSocketTests {
    private let host = NetworkNamespace()
    private static let links = UInt16(RTM_GETLINK)
    /// So few bytes that some notifications fill the buffer.
    private static let smallBuffer: Int32 = 4096

    init() {
        // More than the kernel writes at once, so that there is time for changes while it lists them.
        batch((0..<40).map { "link add near\($0) type veth peer name far\($0)" })
    }

    /// Has `ip` carry out many commands in one process.
    private func batch(_ commands: [String]) {
        host.ip("-batch - <<'END'\n\(commands.joined(separator: "\n"))\nEND")
    }

    private func neighbour(_ number: Int) -> String { "10.9.\(number / 200).\(1 + number % 200)" }

    private func addNeighbours(_ count: Int) {
        batch((0..<count).map { "neigh add \(neighbour($0)) lladdr 02:00:00:00:00:07 dev near0" })
    }

    /// Lists all interfaces, and does something when the first has come.
    private func list(_ socket: NetlinkSocket, meanwhile: () -> Void = {}) throws -> (
        isWhole: Bool, names: Set<String>
    ) {
        var names: Set<String> = []
        let isWhole = try socket.dump(Self.links) { message in
            guard case .link(let interface) = message else { return }
            if names.isEmpty { meanwhile() }
            names.insert(interface.name)
        }
        return (isWhole, names)
    }

    @Test("A list is not whole if an interface came while it was made")
    func interrupted() async throws {
        let socket = try await host.run { try NetlinkSocket() }
        let quiet = try list(socket)
        #expect(quiet.isWhole && quiet.names.count == 81)
        let disturbed = try list(socket) { host.ip("link add late type veth peer name later") }
        #expect(!disturbed.isWhole)
        let again = try list(socket)
        #expect(again.isWhole && again.names.isSuperset(of: ["late", "later"]))
    }

    @Test("A list is not whole if what else the kernel had to tell was lost meanwhile")
    func lost() async throws {
        let socket = try await host.run { try NetlinkSocket(bufferByteCount: Self.smallBuffer) }
        let disturbed = try list(socket) { addNeighbours(100) }
        #expect(!disturbed.isWhole && disturbed.names.count == 81)
        let again = try list(socket)
        #expect(again.isWhole && again.names == disturbed.names)
    }

    @Test("Whatever comes and goes faster than it is read is known at last")
    func flood() async throws {
        let watch = try await host.run { try KernelWatch(bufferByteCount: Self.smallBuffer) }
        watch.follow(interfaceIndex: try #require(watch.interface("near0")).index)
        async let changes: Void = host.run {
            addNeighbours(300)
            batch((20..<40).map { "link del near\($0)" })
            batch((40..<60).map { "link add near\($0) type veth peer name far\($0)" })
        }
        var found: Set<IPAddress> = []
        func read() {
            _ = watch.readEvents()
            found.formUnion(watch.takeNews(limit: 1000).map(\.address))
        }
        for _ in 0..<20 {
            read()
            usleep(5_000)
        }
        try await changes
        let expected = Set((0..<300).compactMap { IPAddress(neighbour($0)) })
        let isKnown = eventually {
            read()
            return found.isSuperset(of: expected)
                && (0..<60).allSatisfy { (watch.interface("far\($0)") == nil) == (20..<40).contains($0) }
        }
        #expect(isKnown, "\(expected.subtracting(found).count) neighbours are missing")
    }
}
