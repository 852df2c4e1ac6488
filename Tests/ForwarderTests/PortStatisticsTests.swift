import Link
import Tables
import Testing

@testable import Forwarder
@testable import Ports

@Suite("What ports have lost") struct PortStatisticsTests {
    private static func interface(_ index: Int32, receiveDrops: UInt64) -> KernelWatch.Interface {
        KernelWatch.Interface(
            index: index, name: "eth0", kind: "veth", mtu: 1500, mac: nil, isUp: true, receiveQueues: 1,
            transmitQueues: 1, statistics: InterfaceStatistics(receiveDrops: receiveDrops))
    }

    @Test("An interface's losses count from when the port was opened, over all interfaces that it has had")
    func baseline() {
        let object = PortObject(
            slot: 0, name: "core0", medium: .packet(interface: "eth0"), role: .network)
        var live = LivePort(object, SharedPort("core0", link: .ethernet), serial: 1)
        var drops: UInt64 { live.status.counters.receiveDrops }
        live.take(Self.interface(3, receiveDrops: 500))
        #expect(drops == 0)
        live.take(Self.interface(3, receiveDrops: 507))
        #expect(drops == 7)
        live.take(nil)
        #expect(drops == 7)
        live.take(Self.interface(4, receiveDrops: 2))
        #expect(drops == 9)
        var another = LivePort(object, SharedPort("core0", link: .ethernet), serial: 2)
        another.follow(live)
        #expect(another.status.counters.receiveDrops == 9)
        // A driver that begins anew has lost nothing yet.
        live = LivePort(object, SharedPort("core0", link: .ethernet), serial: 3)
        live.take(Self.interface(3, receiveDrops: 500))
        live.take(Self.interface(3, receiveDrops: 1))
        #expect(drops == 0)
    }
}
