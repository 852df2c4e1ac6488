import CLibFuzzer
import FuzzTargets
import Glibc

// Fuzz TARGET [OPTIONS OF LIBFUZZER, FOLDERS AND FILES]     tries inputs until the options say otherwise
// Fuzz --seeds TARGET FOLDER                                writes the good inputs that others are made from
// Fuzz --limit TARGET                                       prints the length of the longest input worth trying
// Fuzz --targets                                            prints the targets

func fail(_ message: String) -> Never {
    fputs("\(message)\n", stderr)
    exit(2)
}

func target(_ name: String?) -> FuzzTarget {
    guard let target = FuzzTarget.all.first(where: { $0.name == name }) else {
        fail("a target is due, one of \(FuzzTarget.all.map(\.name).joined(separator: ", "))")
    }
    return target
}

let arguments = CommandLine.arguments.dropFirst()
switch arguments.first {
case "--targets":
    for target in FuzzTarget.all { print(target.name) }
    exit(0)
case "--limit":
    print(target(arguments.dropFirst().first).byteCountLimit)
    exit(0)
case "--seeds":
    guard arguments.count == 3, let folder = arguments.last else { fail("a target and a folder are due") }
    for (number, seed) in target(arguments.dropFirst().first).seeds().enumerated() {
        guard let file = fopen("\(folder)/seed-\(number)", "w") else { fail("\(folder) can't be written to") }
        fwrite(seed, 1, seed.count, file)
        fclose(file)
    }
    exit(0)
default: break
}

let chosen = target(arguments.first)
// libFuzzer wants the program's name first, and then its own options.
var count = CommandLine.argc - 1
var values: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv + 1
exit(
    LLVMFuzzerRunDriver(&count, &values) { data, byteCount in
        do throws(Finding) {
            try chosen.run(Array(UnsafeBufferPointer(start: data, count: byteCount)))
        } catch {
            fputs("finding: \(error)\n", stderr)
            abort()
        }
        return 0
    })
