import CLinux

/// A program in classic BPF (McCanne and Jacobson 1993) that makes a number of a frame by which it is given to one of several
/// sockets.
///
/// The number is the sum of the packet's source and destination addresses, mixed; of IPv6 addresses it takes the last 64
/// bits. So it is the same both ways, and for fragments: what one user and one server say to each other stays with
/// one worker, and so does their policer. It looks behind one VLAN tag more than the kernel takes out of frames, under up to
/// four labels, and inside one tunnel: IP in IP, or MPLS in UDP (RFC 7510). For what isn't IP it makes 0.
struct FlowProgram {
    /// As the kernel takes it.
    static let program = FlowProgram().assembled()

    private struct Step {
        let code: UInt16
        var constant: UInt32 = 0
        var ifTrue: String?
    }

    private var steps: [Step] = []
    private var places: [String: Int] = [:]

    /// Where offsets count from behind the link header: SKF_NET_OFF.
    private static let network: UInt32 = 0xfff0_0000
    /// The ethertype: SKF_AD_OFF + SKF_AD_PROTOCOL.
    private static let etherType: UInt32 = 0xffff_f000
    private static let labelDepth = 4

    private init() {
        // X is where the next header begins.
        setIndex(0)
        add(0x28, Self.etherType)
        jump(if: 0x8100, to: "tag")
        jump(if: 0x88a8, to: "tag")
        jump("type")
        place("tag")
        setIndex(4)
        add(0x28, Self.network + 2)
        place("type")
        jump(if: 0x8847, to: "labels")
        jump(if: 0x8848, to: "labels")
        jump(if: 0x0800, to: "outer")
        jump(if: 0x86dd, to: "outer")
        end(with: 0)
        place("labels")
        skipLabels(to: "outer")
        place("outer")
        byVersion("outer4", "outer6")
        place("outer4")
        loadByte(9)
        byProtocol(inside: "inside4", udp: "udp4", otherwise: "ip4")
        place("inside4")
        skipHeader4()
        jump("inner")
        place("udp4")
        saveIndex()
        skipHeader4()
        jumpIfMPLS(to: "underUDP", otherwise: "ip4")
        place("outer6")
        loadByte(6)
        byProtocol(inside: "inside6", udp: "udp6", otherwise: "ip6")
        place("inside6")
        skip(40)
        jump("inner")
        place("udp6")
        saveIndex()
        skip(40)
        jumpIfMPLS(to: "underUDP", otherwise: "ip6")
        place("underUDP")
        skip(8)
        skipLabels(to: "inner")
        place("inner")
        byVersion("ip4", "ip6")
        place("ip4")
        sum(of: [12, 16])
        place("ip6")
        sum(of: [16, 20, 32, 36])
    }

    private mutating func add(_ code: UInt16, _ constant: UInt32 = 0, ifTrue: String? = nil) {
        steps.append(Step(code: code, constant: constant, ifTrue: ifTrue))
    }

    private mutating func place(_ label: String) { places[label] = steps.count }
    private mutating func jump(_ label: String) { add(0x05, ifTrue: label) }
    private mutating func jump(if constant: UInt32, to label: String) { add(0x15, constant, ifTrue: label) }
    private mutating func end(with constant: UInt32) { add(0x06, constant) }
    private mutating func setIndex(_ constant: UInt32) { add(0x01, constant) }
    private mutating func saveIndex() { add(0x03, 1) }
    /// A = the octet at X + the offset.
    private mutating func loadByte(_ offset: UInt32) { add(0x50, Self.network + offset) }

    /// X += so many bytes.
    private mutating func skip(_ byteCount: UInt32) {
        add(0x87)
        add(0x04, byteCount)
        add(0x07)
    }

    /// X += the length of the IPv4 header there.
    private mutating func skipHeader4() {
        loadByte(0)
        add(0x54, 0xf)
        add(0x64, 2)
        add(0x0c)
        add(0x07)
    }

    /// Goes behind the label that has the S bit.
    private mutating func skipLabels(to label: String) {
        for _ in 0..<Self.labelDepth {
            loadByte(2)
            add(0x02, 0)
            skip(4)
            add(0x60, 0)
            add(0x45, 1, ifTrue: label)
        }
        end(with: 0)
    }

    private mutating func byVersion(_ four: String, _ six: String) {
        loadByte(0)
        add(0x74, 4)
        jump(if: 4, to: four)
        jump(if: 6, to: six)
        end(with: 0)
    }

    private mutating func byProtocol(inside: String, udp: String, otherwise: String) {
        jump(if: 4, to: inside)
        jump(if: 41, to: inside)
        jump(if: 17, to: udp)
        jump(otherwise)
    }

    /// Whether the UDP header there is one of MPLS (port 6635); else X is again what it was when it was saved.
    private mutating func jumpIfMPLS(to label: String, otherwise: String) {
        add(0x48, Self.network + 2)
        jump(if: 6635, to: label)
        add(0x61, 1)
        jump(otherwise)
    }

    /// Ends with the mixed sum of the words at these offsets.
    private mutating func sum(of offsets: [UInt32]) {
        for (place, offset) in offsets.enumerated() {
            add(0x40, Self.network + offset)
            add(0x02, UInt32(2 + place))
        }
        for place in offsets.indices.dropLast() {
            add(0x61, UInt32(2 + place))
            add(0x0c)
        }
        // By the golden ratio, so that neighbouring addresses part.
        add(0x24, 0x9e37_79b1)
        add(0x74, 16)
        add(0x16)
    }

    private func assembled() -> [sock_filter] {
        func distance(_ label: String?, from step: Int) -> Int {
            guard let label else { return 0 }
            guard let place = places[label], place > step else { preconditionFailure("no place \(label)") }
            return place - step - 1
        }
        return steps.enumerated().map { index, step in
            let forward = distance(step.ifTrue, from: index)
            guard step.code != 0x05 else {
                return sock_filter(code: step.code, jt: 0, jf: 0, k: UInt32(forward))
            }
            return sock_filter(code: step.code, jt: UInt8(forward), jf: 0, k: step.constant)
        }
    }
}
