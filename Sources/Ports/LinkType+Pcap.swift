import CPcap

extension LinkType {
    /// The link type that libpcap calls `DLT_…`; nil for one that no port of ours has.
    ///
    /// RAW has two numbers: `LINKTYPE_RAW` is 101 in files, and `DLT_RAW` 12 on Linux, which some programs
    /// wrote as it is.
    init?(dataLink: Int32) {
        switch dataLink {
        case DLT_EN10MB: self = .ethernet
        case DLT_RAW, 101, DLT_IPV4, DLT_IPV6: self = .ip
        default: return nil
        }
    }

    /// Says which link type it is that we can't take.
    static func refusal(ofDataLink dataLink: Int32) -> String {
        let name = unsafe pcap_datalink_val_to_name(dataLink).map { unsafe String(cString: $0) }
        return "link type \(dataLink)\(name.map { " (\($0))" } ?? "") is neither Ethernet nor raw IP"
    }
}
