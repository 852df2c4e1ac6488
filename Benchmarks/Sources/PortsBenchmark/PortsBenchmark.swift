import Glibc
import PortsReference

/// How many packets a second pass each kind of port; see Benchmarks/README.md.
@main
struct PortsBenchmark {
    static func main() throws {
        let options: Options
        do throws(UsageError) { options = try Options(Array(CommandLine.arguments.dropFirst())) } catch {
            print(error)
            exit(64)
        }
        guard geteuid() == 0 else {
            print("only root may make network namespaces: run it as root")
            exit(77)
        }
        ref_pin(1)
        let report = Report(jsonPath: options.jsonPath)
        func hold(_ contest: Contest) throws { report.add(contest, try contest.held(rounds: options.rounds)) }
        let tun = TunContests(seconds: options.seconds)
        for kind in options.cases {
            let packets =
                kind == .receive || kind == .transmit ? PacketContests(seconds: options.seconds) : nil
            let captures = CaptureContests(folder: options.folder)
            defer { captures.clear() }
            for byteCount in options.sizes {
                switch kind {
                case .tun, .push: try hold(tun.contest(byteCount: byteCount, pushes: kind == .push))
                case .receive: try hold(packets!.receive(byteCount: byteCount))
                case .transmit: try hold(packets!.transmit(byteCount: byteCount))
                case .captures: try hold(captures.contest(byteCount: byteCount))
                }
            }
        }
    }
}
