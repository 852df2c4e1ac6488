import CPcap
public import Packets
public import Wire

/// A port that only listens: live capture of an interface through libpcap, on any link that libpcap captures
/// as Ethernet or raw IP. What is sent to it drops as `.portDown`.
///
/// Frames that come in are captured, those that the host sends there are not. libpcap passes on what the
/// kernel shows it: on a veth with offloads superframes arrive whole, and drop as `.oversized`, and checksums
/// may be unfinished. A `PacketSocketPort` has neither fault.
@safe public final class CapturePort: PacketPort {
    /// What a capture port is made of.
    public struct Configuration: Hashable, Sendable {
        public var name: String
        /// The interface's name in the kernel.
        public var interface: String
        /// Which packets are wanted, in the language of pcap-filter(7); nil for all.
        public var filter: String?
        /// Whether frames to other addresses than the interface's are wanted.
        public var isPromiscuous: Bool
        /// What frames must be addressed to, to be taken for ours; nil for the interface's address.
        public var macAddress: MACAddress?
        /// The largest packet; nil for the interface's.
        public var mtu: Int?
        /// What the frames must begin with: on another link the port stays absent. Nil for any.
        public var link: LinkType?

        public init(
            name: String, interface: String, filter: String? = nil, isPromiscuous: Bool = true,
            macAddress: MACAddress? = nil, mtu: Int? = nil, link: LinkType? = nil
        ) {
            self.name = name
            self.interface = interface
            self.filter = filter
            self.isPromiscuous = isPromiscuous
            self.macAddress = macAddress
            self.mtu = mtu
            self.link = link
        }
    }

    public let name: String
    /// As the interface was when it was last captured from; Ethernet before the first time.
    public private(set) var link = LinkType.ethernet
    public private(set) var state = PortState.absent("not opened yet")

    private let configuration: Configuration
    private var handle: OpaquePointer?
    private var countedKernelDrops: UInt64 = 0
    private let watch: KernelWatch?
    /// What `watch` said when we last asked the kernel.
    private var settledSerial: UInt64?
    /// The interface as it was last seen.
    private var interface: InterfaceStatus?
    /// Whether time stamps come in nanoseconds.
    private var isNanoseconds = true

    /// Starts capturing. Throws if a right is missing or the filter has an error; anything that may come
    /// right later shows in `state`.
    /// - Parameter watch: says when to look at the interface again; nil: each time that `maintain` is called.
    public init(_ configuration: Configuration, watch: KernelWatch? = nil) throws(InterfaceError) {
        self.configuration = configuration
        self.watch = watch
        name = configuration.name
        if let filter = configuration.filter { try Self.check(filter, for: configuration.interface) }
        do throws(InterfaceError) {
            try open()
        } catch {
            if error.isPermanent { throw error }
            state = .absent(error.description)
        }
    }

    deinit { close() }

    public var macAddress: MACAddress? {
        link == .ethernet ? configuration.macAddress ?? interface?.macAddress : nil
    }
    public var mtu: Int { configuration.mtu ?? interface?.mtu ?? 1500 }
    public var pollDescriptor: Int32? { unsafe handle.map { unsafe pcap_get_selectable_fd($0) } }

    public var statistics: PortStatistics { PortStatistics(kernelDrops: kernelDrops) }

    /// Packets that the kernel dropped because libpcap's buffer was full, since the port was made.
    public var kernelDrops: UInt64 { countedKernelDrops + currentKernelDrops }

    /// The same since the capture was last opened.
    private var currentKernelDrops: UInt64 {
        var statistics = pcap_stat()
        guard let handle = unsafe handle, unsafe pcap_stats(handle, &statistics) == 0 else { return 0 }
        return UInt64(statistics.ps_drop)
    }

    public func receive(into vector: PacketVector) -> Int {
        let countBefore = vector.count
        while !vector.isFull, let handle = unsafe handle {
            var header: UnsafeMutablePointer<pcap_pkthdr>?
            var bytes: UnsafePointer<UInt8>?
            let result = unsafe pcap_next_ex(handle, &header, &bytes)
            if result == 0 { break }
            guard result == 1, let header = unsafe header, let bytes = unsafe bytes else {
                lose(unsafe String(cString: pcap_geterr(handle)))
                break
            }
            if !isNanoseconds { unsafe header.pointee.ts.tv_usec *= 1_000 }
            let record = unsafe PcapRecord(header: header, bytes: bytes)
            unsafe vector.appendOrDrop(record.bytes, timestamp: record.timestamp)
        }
        return vector.count - countBefore
    }

    public func transmit(_ vector: PacketVector, selection: UnsafeBufferPointer<UInt8>) {
        unsafe vector.dropAll(selection, .portDown)
    }

    public func maintain() {
        let serial = watch?.serial(of: configuration.interface)
        if unsafe handle != nil, let serial, serial == settledSerial { return }
        settledSerial = serial
        do throws(InterfaceError) {
            guard unsafe handle != nil else { return try open() }
            let kernel = try RouteSocket(interface: configuration.interface)
            guard let status = try kernel.status() else { return lose("it has been deleted") }
            interface = status
            state = status.isUp ? .up : .down
        } catch {
            lose(error.reason)
        }
    }

    private func lose(_ reason: String) {
        close()
        state = .absent("interface \(configuration.interface): \(reason)")
    }

    private func close() {
        countedKernelDrops += currentKernelDrops
        if let handle = unsafe handle { unsafe pcap_close(handle) }
        unsafe handle = nil
    }
}

extension CapturePort {
    private func failure(_ action: String, _ reason: String, isPermanent: Bool = false) -> InterfaceError {
        InterfaceError(
            interface: configuration.interface, action: action, reason: reason, isPermanent: isPermanent)
    }

    private func open() throws(InterfaceError) {
        let buffer = PcapErrorBuffer()
        guard let handle = unsafe pcap_create(configuration.interface, buffer.memory) else {
            throw failure("capture from it", buffer.text)
        }
        do throws(InterfaceError) {
            unsafe try activate(handle)
        } catch {
            unsafe pcap_close(handle)
            throw error
        }
        unsafe self.handle = handle
        // Whether it is up.
        settledSerial = nil
        maintain()
    }

    /// In bytes: what is longer is a superframe, and dropped as oversized.
    private static var longestFrame: Int32 { 65_536 }
    /// For how many milliseconds packets may wait for others to come with them.
    private static var patience: Int32 { 1 }

    private func activate(_ handle: OpaquePointer) throws(InterfaceError) {
        unsafe pcap_set_snaplen(handle, Self.longestFrame)
        unsafe pcap_set_promisc(handle, configuration.isPromiscuous ? 1 : 0)
        // Not "immediate": for that libpcap has a ring of slots for the longest frame each, and sixty fill it.
        unsafe pcap_set_timeout(handle, Self.patience)
        unsafe pcap_set_buffer_size(handle, 16 << 20)
        isNanoseconds = unsafe pcap_set_tstamp_precision(handle, PCAP_TSTAMP_PRECISION_NANO) == 0
        let result = unsafe pcap_activate(handle)
        guard result >= 0 else {
            let detail = unsafe String(cString: pcap_geterr(handle))
            let reason = unsafe detail.isEmpty ? String(cString: pcap_statustostr(result)) : detail
            guard result != PCAP_ERROR_PERM_DENIED else {
                throw failure("capture from it", reason + InterfaceError.whatItTakes, isPermanent: true)
            }
            throw failure("capture from it", reason)
        }
        let dataLink = unsafe pcap_datalink(handle)
        guard let link = LinkType(dataLink: dataLink) else {
            throw failure("capture from it", LinkType.refusal(ofDataLink: dataLink))
        }
        if let wanted = configuration.link, link != wanted {
            throw failure("capture from it", "it has \(link) packets, the port takes \(wanted)")
        }
        self.link = link
        // Not every link can tell what comes in from what goes out; then both are captured.
        unsafe pcap_setdirection(handle, PCAP_D_IN)
        if let filter = configuration.filter { unsafe try apply(filter, to: handle) }
        let buffer = PcapErrorBuffer()
        guard unsafe pcap_setnonblock(handle, 1, buffer.memory) == 0 else {
            throw failure("capture without waiting", buffer.text)
        }
    }

    private func apply(_ filter: String, to handle: OpaquePointer) throws(InterfaceError) {
        var program = unsafe bpf_program()
        defer { unsafe pcap_freecode(&program) }
        guard unsafe pcap_compile(handle, &program, filter, 1, PCAP_NETMASK_UNKNOWN) == 0,
            unsafe pcap_setfilter(handle, &program) == 0
        else { throw failure("filter by \"\(filter)\"", unsafe String(cString: pcap_geterr(handle))) }
    }

    /// Says at once what is wrong with a filter, whether or not its interface is there.
    private static func check(_ filter: String, for interface: String) throws(InterfaceError) {
        guard let handle = unsafe pcap_open_dead(DLT_EN10MB, 65_535) else { return }
        defer { unsafe pcap_close(handle) }
        var program = unsafe bpf_program()
        guard unsafe pcap_compile(handle, &program, filter, 1, PCAP_NETMASK_UNKNOWN) == 0 else {
            throw InterfaceError(
                interface: interface, action: "filter by \"\(filter)\"",
                reason: unsafe String(cString: pcap_geterr(handle)), isPermanent: true)
        }
        unsafe pcap_freecode(&program)
    }
}
