import Glibc
import Packets
import Ports
import Testbed
import Testing
import Wire

@Suite(
    "What the kernel says of interfaces and neighbours",
    .enabled(if: mayMakeInterfaces, "needs root and /dev/net/tun"))
struct KernelWatchTests {
    private let host = NetworkNamespace()
    private let peer = NetworkNamespace()

    init() {
        host.ip("link add near type veth peer name far netns \(peer.name)")
        host.ip("addr add 10.8.1.1/24 dev near")
        host.ip("addr add 2001:db8:81::1/64 dev near nodad")
        peer.ip("addr add 10.8.1.2/24 dev far")
        peer.ip("addr add 2001:db8:81::2/64 dev far nodad")
        host.ip("link set near up")
        peer.ip("link set far address 02:00:00:00:00:77")
        peer.ip("link set far up")
    }

    private func watch() async throws -> KernelWatch { try await host.run { try KernelWatch() } }

    /// Reads until it holds.
    private func becomes(_ watch: KernelWatch, _ condition: () -> Bool) -> Bool {
        eventually {
            _ = watch.readEvents()
            return condition()
        }
    }

    @Test("An interface is seen with its kind, queues and state, through all that becomes of it")
    func interfaces() async throws {
        let watch = try await watch()
        #expect(becomes(watch) { watch.interface("near")?.isUp == true })
        let first = try #require(watch.interface("near"))
        #expect(
            first.kind == "veth" && first.mtu == 1500 && first.receiveQueues >= 1 && first.transmitQueues >= 1
        )
        #expect(first.mac != nil && watch.interface("lo")?.kind == "")
        #expect(watch.interface("nowhere") == nil && watch.serial(of: "nowhere") == 0)

        var (serial, others) = (watch.serial(of: "near"), watch.serial(of: "lo"))
        func isNoticed() -> Bool {
            defer { serial = watch.serial(of: "near") }
            return watch.serial(of: "near") > serial && watch.serial >= watch.serial(of: "near")
        }
        peer.ip("link set far down")
        #expect(becomes(watch) { watch.interface("near")?.isUp == false } && isNoticed())
        host.ip("link set near mtu 1400 address 02:00:00:00:00:55")
        #expect(becomes(watch) { watch.interface("near")?.mtu == 1400 } && isNoticed())
        #expect(watch.interface("near")?.mac == MACAddress(rawValue: 0x0200_0000_0055))
        host.ip("addr add 10.8.1.9/24 dev near")
        #expect(becomes(watch) { watch.serial(of: "near") > serial } && isNoticed())
        host.ip("link set near down")
        host.ip("link set near name renamed")
        #expect(becomes(watch) { watch.interface("renamed") != nil } && isNoticed())
        #expect(watch.interface("near") == nil)
        host.ip("link del renamed")
        #expect(becomes(watch) { watch.interface("renamed") == nil })
        host.ip("link add near type veth peer name far2")
        #expect(
            becomes(watch) { watch.interface("near").map { $0.index != first.index } == true } && isNoticed())
        #expect(watch.serial(of: "lo") == others, "nothing has happened to it")
        others = watch.serial
        #expect(!watch.readEvents() && watch.serial == others)
    }

    @Test("The kernel resolves whom it is asked for, and says so again when asked again")
    func neighbours() async throws {
        let watch = try await watch()
        #expect(becomes(watch) { watch.interface("near")?.isUp == true })
        let index = try #require(watch.interface("near")).index
        let mac = MACAddress(rawValue: 0x0200_0000_0077)
        watch.follow(interfaceIndex: index)
        for text in ["10.8.1.2", "2001:db8:81::2"] {
            let address = try #require(IPAddress(text))
            for _ in 0..<2 {
                watch.ask(for: address, interfaceIndex: index)
                var news: [KernelWatch.NeighbourNews] = []
                #expect(
                    becomes(watch) {
                        news += watch.takeNews(limit: 1)
                        return news.contains { $0.address == address && $0.mac == mac }
                    }, "\(text): \(news)")
            }
        }
        // One that comes unasked, and one on an interface that nobody follows.
        host.ip("neigh add 10.8.1.7 lladdr 02:00:00:00:00:07 dev near")
        var news: [KernelWatch.NeighbourNews] = []
        #expect(
            becomes(watch) {
                news += watch.takeNews(limit: 8)
                return news.contains { $0.mac == MACAddress(rawValue: 0x0200_0000_0007) }
            })
        #expect(news.allSatisfy { $0.interfaceIndex == index })
    }

    @Test("Neighbours are followed on when an interface comes back with the index that it had")
    func sameIndex() async throws {
        func make(_ neighbour: String) {
            host.ip("link add again index 4242 type veth peer name beyond")
            host.ip("link set again up")
            host.ip("link set beyond up")
            host.ip("neigh add \(neighbour) lladdr 02:00:00:00:00:07 dev again")
        }
        make("10.7.0.1")
        let watch = try await watch()
        watch.follow(interfaceIndex: 4242)
        var news: Set<IPAddress> = []
        func isNews(_ text: String) -> Bool {
            news.formUnion(watch.takeNews(limit: 8).filter { $0.mac != nil }.map(\.address))
            return IPAddress(text).map { news.contains($0) } ?? false
        }
        #expect(becomes(watch) { isNews("10.7.0.1") })
        host.ip("link del again")
        make("10.7.0.2")
        #expect(becomes(watch) { isNews("10.7.0.2") })
    }

    @Test("The names of interfaces that are gone aren't kept")
    func names() async throws {
        let watch = try await watch()
        let before = watch.serial(of: "brief")
        host.ip("link add brief type veth peer name beyond")
        #expect(becomes(watch) { watch.serial(of: "brief") > before && watch.interface("brief") != nil })
        let present = watch.serial(of: "brief")
        host.ip("link del brief")
        #expect(becomes(watch) { watch.interface("brief") == nil })
        #expect(watch.serial(of: "brief") > present && watch.serial(of: "brief") == watch.serial(of: "never"))
    }
}
