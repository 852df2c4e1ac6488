import CNetlink
import Glibc
import Wire

/// Reads messages of rtnetlink(7): a header of 16 octets, one of the message's kind, then attributes, each with its length
/// and type before it and padded to four octets. All in the host's byte order.
struct NetlinkParser {
    private let octets: ArraySlice<UInt8>

    /// What a datagram says of the list that it is a part of, if of any.
    struct ListState {
        /// It has come to its end.
        var isAtEnd = false
        /// What is listed has changed meanwhile, so that something may be missing, stand twice or be as it was before.
        var isInterrupted = false
    }

    /// Hands over the messages of one datagram that are known here.
    static func parse(_ octets: ArraySlice<UInt8>, _ handle: (NetlinkMessage) -> Void) -> ListState {
        var list = ListState()
        var rest = octets
        while rest.count >= 16 {
            let reader = NetlinkParser(octets: rest)
            let byteCount = Int(reader.word(0))
            guard byteCount >= 16, byteCount <= rest.count else { return list }
            let type = Int32(reader.half(4))
            if reader.half(6) & UInt16(NLM_F_DUMP_INTR) != 0 { list.isInterrupted = true }
            if type == NLMSG_DONE {
                list.isAtEnd = true
                return list
            }
            let body = NetlinkParser(octets: rest.dropFirst(16).prefix(byteCount - 16))
            if let message = body.message(type) { handle(message) }
            rest = rest.dropFirst((byteCount + 3) & ~3)
        }
        return list
    }

    private func message(_ type: Int32) -> NetlinkMessage? {
        switch type {
        case Int32(RTM_NEWLINK): link().map { .link($0) }
        case Int32(RTM_DELLINK): isBridge || octets.count < 16 ? nil : .linkGone(Int32(bitPattern: word(4)))
        case Int32(RTM_NEWADDR), Int32(RTM_DELADDR):
            octets.count < 8 ? nil : .address(Int32(bitPattern: word(4)))
        case Int32(RTM_NEWNEIGH): neighbour(isGone: false)
        case Int32(RTM_DELNEIGH): neighbour(isGone: true)
        default: nil
        }
    }

    /// What bridges say of their ports goes by the same names.
    private var isBridge: Bool { Int32(octets.first ?? 0) == AF_BRIDGE }

    /// ifinfomsg: family 1, pad 1, type 2, index 4, flags 4, change 4.
    private func link() -> KernelWatch.Interface? {
        guard octets.count >= 16, !isBridge else { return nil }
        let attributes = attributes(from: 16)
        guard let name = attributes[IFLA_IFNAME]?.text else { return nil }
        // IFF_LOWER_UP of <linux/if.h>.
        let wanted = UInt32(IFF_UP) | UInt32(IFF_RUNNING) | 1 << 16
        let address = attributes[IFLA_ADDRESS].flatMap { $0.octets.count == 6 ? $0.octets : nil }
        var statistics = InterfaceStatistics()
        // rtnl_link_stats64: packets and bytes of either direction, then errors, then drops.
        if let words = attributes[IFLA_STATS64], words.octets.count >= 64 {
            statistics = InterfaceStatistics(
                receiveErrors: words.long(32), receiveDrops: words.long(48), transmitErrors: words.long(40),
                transmitDrops: words.long(56))
        }
        return KernelWatch.Interface(
            index: Int32(bitPattern: word(4)), name: name,
            kind: attributes[IFLA_LINKINFO]?.attributes(from: 0)[IFLA_INFO_KIND]?.text ?? "",
            mtu: attributes[IFLA_MTU].map { Int($0.word(0)) } ?? 0,
            mac: address.map { MACAddress(rawValue: $0.reduce(0) { $0 << 8 | UInt64($1) }) },
            isUp: word(8) & wanted == wanted,
            receiveQueues: attributes[IFLA_NUM_RX_QUEUES].map { Int($0.word(0)) } ?? 0,
            transmitQueues: attributes[IFLA_NUM_TX_QUEUES].map { Int($0.word(0)) } ?? 0,
            statistics: statistics)
    }

    /// ndmsg: family 1, pad 3, index 4, state 2, flags 1, type 1.
    private func neighbour(isGone: Bool) -> NetlinkMessage? {
        guard octets.count >= 12, !isBridge else { return nil }
        let attributes = attributes(from: 12)
        let index = Int32(bitPattern: word(4))
        guard let octets = attributes[NDA_DST]?.octets, let address = IPAddress(octets: Array(octets)) else {
            return nil
        }
        if isGone { return .neighbourForgotten(index, address) }
        let isKnown = Int32(half(8)) & Self.known != 0
        let mac = attributes[NDA_LLADDR].flatMap { $0.octets.count == 6 ? $0.octets : nil }
        return .neighbour(
            index, address,
            !isKnown ? nil : mac.map { MACAddress(rawValue: $0.reduce(0) { $0 << 8 | UInt64($1) }) })
    }

    /// NUD_VALID of the kernel: what it would send to.
    private static let known = NUD_PERMANENT | NUD_REACHABLE | NUD_PROBE | NUD_STALE | NUD_DELAY

    // MARK: Octets

    private struct Attributes {
        var payloads: [Int: NetlinkParser] = [:]
        subscript(type: Int) -> NetlinkParser? { payloads[type] }
    }

    private func attributes(from start: Int) -> Attributes {
        var attributes = Attributes()
        var rest = octets.dropFirst(start)
        while rest.count >= 4 {
            let reader = NetlinkParser(octets: rest)
            let byteCount = Int(reader.half(0))
            guard byteCount >= 4, byteCount <= rest.count else { break }
            // The two highest bits only say how the payload is written.
            attributes.payloads[Int(reader.half(2) & 0x3fff)] = NetlinkParser(
                octets: rest.dropFirst(4).prefix(byteCount - 4))
            rest = rest.dropFirst((byteCount + 3) & ~3)
        }
        return attributes
    }

    private var text: String { String(decoding: octets.prefix { $0 != 0 }, as: UTF8.self) }

    private func number<N: FixedWidthInteger>(_ offset: Int, as type: N.Type) -> N {
        guard octets.count >= offset + MemoryLayout<N>.size else { return 0 }
        return unsafe octets.withUnsafeBytes { unsafe $0.loadUnaligned(fromByteOffset: offset, as: type) }
    }
    private func half(_ offset: Int) -> UInt16 { number(offset, as: UInt16.self) }
    private func word(_ offset: Int) -> UInt32 { number(offset, as: UInt32.self) }
    private func long(_ offset: Int) -> UInt64 { number(offset, as: UInt64.self) }
}
