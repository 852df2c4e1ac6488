import Glibc
import OffloadReference

/// TCP through superframes, taken apart, encapsulated and put together again; see Benchmarks/README.md.
@main
struct OffloadBenchmark {
    static func main() throws {
        guard let options = Options(CommandLine.arguments.dropFirst()) else {
            ref_fail(Options.usage, 64)
        }
        guard geteuid() == 0 else {
            ref_fail("Benchmarks/offload makes network namespaces and TUNs: run it as root", 77)
        }
        var results: [Result] = []
        print(Result.heading)
        for measured in options.cases {
            let site: any Site =
                switch measured.wire {
                case .memory: try MemorySite(measured, flows: options.flows)
                case .veth: try VethSite(measured, flows: options.flows)
                }
            let result = Result(measured, site, options)
            site.end()
            print(result.line)
            fflush(nil)
            results.append(result)
        }
        guard let path = options.jsonPath else { return }
        let text = "{\"cases\":[\n" + results.map(\.json).joined(separator: ",\n") + "\n]}\n"
        guard let file = fopen(path, "w") else { throw Failure("write \(path)", errno) }
        fputs(text, file)
        fclose(file)
    }
}
