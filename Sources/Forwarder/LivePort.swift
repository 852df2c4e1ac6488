import Link
import Packets
import Ports
import Tables

/// A port of the tables, and what came of opening it.
struct LivePort {
    var object: PortObject
    /// Nil where it could not be opened.
    var port: (any PacketPort)?
    /// The first publication that it is in.
    let serial: UInt64
    /// What is known of it: as it was opened, then as the worker reports.
    private(set) var status: PortStatus
    /// The longest network-layer packet that it takes, in bytes.
    private(set) var mtu: Int

    /// A port that is open, be its interface there or not.
    init(_ object: PortObject, _ port: any PacketPort, serial: UInt64) {
        self.object = object
        self.serial = serial
        self.port = port
        mtu = port.mtu
        status = PortStatus(slot: object.slot, state: .absent, mtu: 0)
        take(PortReport(port, slot: object.slot, serial: serial))
    }

    /// One that can't be opened.
    init(_ object: PortObject, failure: String) {
        self.object = object
        serial = 0
        mtu = 0
        status = PortStatus(slot: object.slot, state: .absent, detail: failure, mtu: 0)
    }

    /// One that another forwarder opens.
    init(elsewhere object: PortObject) {
        self.init(object, failure: "forwarder '\(object.forwarder)' opens it")
    }

    /// Takes in what a worker says.
    mutating func take(_ report: PortReport) {
        let (state, detail): (PortStatus.State, String) =
            switch report.state {
            case .up: (.up, "")
            case .down: (.down, "")
            case .absent(let reason): (.absent, reason)
            case .finished: (.finished, "its file has been read to the end")
            }
        mtu = report.mtu
        status = PortStatus(
            slot: object.slot, state: state, detail: detail, mac: report.mac, mtu: UInt32(report.mtu))
    }

    /// Something of it could not be brought up to its object. The worker finds out the same, and when it comes right.
    mutating func fail(_ reason: String) {
        status.state = .absent
        status.detail = reason
    }

    /// Whether the interface has to be opened anew to become what the object says.
    func mustReopen(for object: PortObject) -> Bool {
        self.object.medium != object.medium || self.object.mac != object.mac || self.object.mtu != object.mtu
            || self.object.addresses != object.addresses || self.object.forwarder != object.forwarder
            || port == nil
    }

    /// For people, as in `port core0: absent: there is no interface veth-core`.
    var words: String {
        "port \(object.name): \(status.state)" + (status.detail.isEmpty ? "" : ": \(status.detail)")
    }
}
