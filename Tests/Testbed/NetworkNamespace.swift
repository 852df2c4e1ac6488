import CLinux
import Glibc

/// Whether this process may make interfaces; tests that do are skipped where it may not.
public let mayMakeInterfaces = geteuid() == 0 && access("/dev/net/tun", R_OK | W_OK) == 0

/// A network namespace of the test's own, gone when the test is.
///
/// A namespace is a property of a thread, and the descriptors that the thread opens keep it.
public final class NetworkNamespace: Sendable {
    public let name: String

    public init() {
        name = "wayleave-test-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        shell("ip netns add \(name) && ip -n \(name) link set lo up")
    }

    deinit { shell("ip netns del \(name)") }

    /// What `ip` says in here. The command must succeed.
    @discardableResult public func ip(_ arguments: String) -> String { shell("ip -n \(name) \(arguments)") }

    /// Runs a program in here.
    @discardableResult public func execute(_ command: String) -> String {
        shell("ip netns exec \(name) \(command)")
    }

    /// Runs `body` on a thread of its own in here.
    public func run<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result
    {
        try await withCheckedThrowingContinuation { continuation in
            let work = Work { [name] in
                let descriptor = open("/run/netns/\(name)", O_RDONLY | O_CLOEXEC)
                precondition(
                    wl_enter_network_namespace(descriptor) == 0, "can't enter \(name): errno \(errno)")
                close(descriptor)
                continuation.resume(with: Swift.Result(catching: body))
            }
            var thread = pthread_t()
            let made = pthread_create(
                &thread, nil,
                {
                    Unmanaged<Work>.fromOpaque($0!).takeRetainedValue().body()
                    return nil
                }, Unmanaged.passRetained(work).toOpaque())
            precondition(made == 0)
            pthread_detach(thread)
        }
    }

    private final class Work: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
}

/// Runs a command that must succeed, and returns what it printed.
@discardableResult public func shell(_ command: String) -> String {
    guard let stream = popen("exec 2>&1; \(command)", "r") else { fatalError("can't run: \(command)") }
    var output: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while case let count = fread(&chunk, 1, chunk.count, stream), count > 0 { output += chunk[..<count] }
    let text = String(decoding: output, as: UTF8.self)
    let status = pclose(stream)
    precondition(status == 0, "\(command)\n\(text)")
    return text
}

/// Asks again and again, 5 ms apart, until `condition` holds or two seconds have passed.
public func eventually(_ condition: () -> Bool) -> Bool {
    for _ in 0..<400 {
        if condition() { return true }
        usleep(5_000)
    }
    return condition()
}
