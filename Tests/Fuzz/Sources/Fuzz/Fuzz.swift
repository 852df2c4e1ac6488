import CLibFuzzer
import FuzzTargets
import Glibc

/// Tries inputs with a target, by libFuzzer.
///
/// ```
/// FUZZ_TARGET=TARGET Fuzz [OPTIONS OF LIBFUZZER, FOLDERS AND FILES]     until the options say otherwise
/// Fuzz --seeds TARGET FOLDER                      writes the good inputs that others are made from
/// Fuzz --limit TARGET                             prints the length of the longest input worth trying
/// Fuzz --targets                                  prints the targets
/// ```
/// The target stands in the environment because libFuzzer starts its own program anew when it merges.
@main
struct Fuzz {
    /// What libFuzzer's function calls, which can carry nothing along. Set once, before it is called.
    private nonisolated(unsafe) static var chosen: FuzzTarget?

    static func main() {
        let arguments = Array(CommandLine.arguments.dropFirst())
        switch arguments.first {
        case "--targets": for target in FuzzTarget.all { print(target.name) }
        case "--limit" where arguments.count == 2: print(target(arguments[1]).byteCountLimit)
        case "--seeds" where arguments.count == 3: writeSeeds(of: target(arguments[1]), to: arguments[2])
        default: run(target(getenv("FUZZ_TARGET").map { String(cString: $0) } ?? ""))
        }
    }

    private static func target(_ name: String) -> FuzzTarget {
        guard let target = FuzzTarget.all.first(where: { $0.name == name }) else {
            fail("a target is due, one of \(FuzzTarget.all.map(\.name).joined(separator: ", "))")
        }
        return target
    }

    private static func writeSeeds(of target: FuzzTarget, to folder: String) {
        for (number, seed) in target.seeds().enumerated() {
            guard let file = fopen("\(folder)/seed-\(number)", "w") else {
                fail("\(folder) can't be written to")
            }
            fwrite(seed, 1, seed.count, file)
            fclose(file)
        }
    }

    private static func run(_ target: FuzzTarget) -> Never {
        chosen = target
        fuzz_refuse_huge_pages()
        var count = CommandLine.argc
        var values: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
        exit(
            LLVMFuzzerRunDriver(&count, &values) { data, byteCount in
                do throws(Finding) {
                    try Fuzz.chosen!.run(Array(UnsafeBufferPointer(start: data, count: byteCount)))
                } catch {
                    Fuzz.say("finding: \(error)")
                    abort()
                }
                return 0
            })
    }

    private static func fail(_ message: String) -> Never {
        say(message)
        exit(2)
    }

    private static func say(_ message: String) {
        let line = message + "\n"
        write(STDERR_FILENO, line, line.utf8.count)
    }
}
