import Tables
import Wire

extension SlowPath {
    /// VLANs of a port on which its addresses are announced at most.
    private static let announcedVLANCount = 64

    /// Takes in which ports' addresses or MAC addresses another publication changes. Before it is turned to.
    func noteChanges(_ next: TablesPublication) {
        for port in next.changedPorts.map(Int.init) {
            let (old, new) = (tables.publication.ports[port], next.ports[port])
            if old?.mac != new?.mac || old?.addresses != new?.addresses {
                announcements.noteChange(port: port)
            }
        }
    }

    /// Announces the addresses of ports that have come up or have changed: twice, so that a lost one does no harm. A port
    /// that has no MAC address has none to announce.
    func announce(at timestamp: UInt64, isUp: [Bool]) {
        for port in announcements.portsToAnnounce(isUp: isUp) {
            guard let settings = tables.publication.ports[port], settings.isEthernet,
                settings.mac.rawValue != 0, !settings.addresses.isEmpty
            else { continue }
            // What is the kernel's to resolve is the kernel's to announce.
            let isKernels = neighbours.resolvedByKernel.contains(port)
            for tags in neighbours.vlans(ofPort: port, limit: Self.announcedVLANCount)
            where tags != 0 || !isKernels {
                for address in settings.addresses {
                    announcements.begin(address, port: port, tags: tags, at: time(timestamp))
                }
            }
        }
        let room = originated.capacity - originated.count
        for announcement in announcements.takeDue(at: time(timestamp), limit: room) {
            announce(announcement, at: timestamp)
        }
    }

    private func announce(_ announcement: Announcements.Announcement, at timestamp: UInt64) {
        guard let settings = tables.publication.ports[announcement.port],
            settings.addresses.contains(announcement.address)
        else { return }
        let mac = settings.mac
        let tags = [announcement.tags >> 16, announcement.tags & 0xffff].filter { $0 != 0 }.map { UInt16($0) }
        let link = LinkHeader(
            Adjacency(
                port: UInt16(announcement.port), source: mac, tags: tags, nextHop: nil, destination: nil))
        switch announcement.address {
        case .v4(let address):
            let packet = ARPPacket(requestFor: address, from: address, at: mac)
            originate(port: announcement.port, link.to(.broadcast, .arp), timestamp: timestamp) {
                packet.emit(into: &$0, at: $1)
            }
        case .v6(let address):
            let advertisement = NeighbourAdvertisement(
                target: address, targetLinkLayerAddress: mac, isRouter: true, isSolicited: false,
                isOverride: true)
            let group = IPv6Address.allNodes
            let header = link.to(MACAddress(multicast: group), .ipv6)
            originate(port: announcement.port, header, timestamp: timestamp) {
                advertisement.emit(from: address, to: group, into: &$0, at: $1)
            }
        }
    }
}
