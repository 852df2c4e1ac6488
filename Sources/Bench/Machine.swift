import Glibc

/// The machine that something was measured on, as far as it tells.
public struct Machine: Sendable {
    public let processor: String
    public let coreCount: Int
    /// Whether the processor says that it runs under a hypervisor.
    public let isVirtual: Bool
    /// Of the time stamp counter.
    public let ticksPerNanosecond: Double
    public let kernel: String
    public let memoryByteCount: UInt64
    /// Whether this program was built without optimisation: its figures say nothing.
    public let isDebugBuild: Bool
    /// Seconds since the Unix epoch.
    public let time: Int

    /// Looks at this one. Takes some 20 ms.
    public init() {
        let rate = TickRate()
        let lines = Self.lines(of: "/proc/cpuinfo")
        processor = lines.first { $0.hasPrefix("model name") }.map(Self.value) ?? "unknown processor"
        isVirtual = lines.first { $0.hasPrefix("flags") }?.contains(" hypervisor") ?? false
        coreCount = sysconf(Int32(_SC_NPROCESSORS_ONLN))
        memoryByteCount = UInt64(sysconf(Int32(_SC_PHYS_PAGES))) * UInt64(sysconf(Int32(_SC_PAGESIZE)))
        var name = utsname()
        uname(&name)
        kernel =
            withUnsafeBytes(of: name.sysname) { Self.text($0) } + " "
            + withUnsafeBytes(of: name.release) { Self.text($0) }
        #if DEBUG
            isDebugBuild = true
        #else
            isDebugBuild = false
        #endif
        time = Glibc.time(nil)
        ticksPerNanosecond = rate.ticksPerNanosecond
    }

    /// One line for people.
    public var summary: String {
        let cores = "\(coreCount) core\(coreCount == 1 ? "" : "s")"
        let gibibytes = (memoryByteCount + 1 << 29) >> 30
        return "\(processor)\(isVirtual ? " (virtual)" : ""), \(cores), \(gibibytes) GiB, \(kernel), "
            + "time stamp counter at \(decimal(ticksPerNanosecond, 3)) GHz"
    }

    private static func value(_ line: Substring) -> String {
        String(line.drop { $0 != ":" }.dropFirst().drop { $0 == " " })
    }

    private static func text(_ bytes: UnsafeRawBufferPointer) -> String {
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }

    private static func lines(of path: String) -> [Substring] {
        guard let file = fopen(path, "r") else { return [] }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while case let count = fread(&chunk, 1, chunk.count, file), count > 0 { bytes += chunk[..<count] }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    }
}
