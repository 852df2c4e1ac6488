import Forwarder

/// What the command line says. Read by hand, since the usual package for it brings Foundation along, which would cost the
/// forwarder twice its memory.
struct ForwarderOptions: Equatable {
    var instance = ""
    var name = "main"
    var runDirectory = "/run/wayleave"
    var workerCount = 1
    /// The workers' processors; empty: the kernel's choice.
    var processors: [Int] = []
    var idleMode = IdleMode.adaptive

    /// What to do with a command line.
    enum Request: Equatable {
        case run(ForwarderOptions)
        case help
        /// It can't be understood, and why.
        case refuse(String)
    }

    static let help = """
        OVERVIEW: Forwards packets between subscribers and providers, and counts them to each user.

        USAGE: wayleave-forwarder run --instance NAME [--name NAME] [--run-directory DIR]
                                      [--workers N] [--pin LIST] [--idle MODE]

        OPTIONS:
          --instance NAME         Which edge of this host: 1 to 32 letters, digits, '-' and '_'.
          --name NAME             Which forwarder of the edge. (default: main)
          --run-directory DIR     Where sockets, locks and counters are; on tmpfs. (default: /run/wayleave)
          --workers N             Threads that forward, 1 to \(workerLimit): each with a queue of its own of every TUN, TAP and
                                  owned AF_PACKET port; the others belong to one of them. (default: 1)
          --pin LIST              A processor for each worker, as 0,1 or 2-5. (default: the kernel chooses)
          --idle MODE             adaptive: a worker without packets sleeps, and the next packet is late by a wake-up;
                                  spin: it never does, and a processor is its alone. (default: adaptive)
          -h, --help              Show this help.

        It takes its tables from the control plane, `wayleaved --instance NAME`, whichever of the two is started
        first, and forwards on by them when the control plane is away. Counters stand in DIR/NAME/counters-main, and go on
        when the forwarder is started again. SIGINT and SIGTERM end it. Needs root, or CAP_NET_ADMIN and CAP_NET_RAW,
        and CAP_BPF for ports that share their interface with the kernel.

        Exit codes: 0 stopped by a signal; 1 it could not start, or a
        worker was stuck when it was stopped; 64 wrong options.

        EXAMPLES: wayleave-forwarder run --instance a
                  wayleave-forwarder run --instance a --workers 2 --pin 2,3 --idle spin

        """

    /// Reads the arguments behind the program's name.
    static func read(_ arguments: [String]) -> Request {
        if arguments.contains(where: { ["-h", "--help", "help"].contains($0) }) { return .help }
        guard let command = arguments.first else { return .refuse("say what to do: run --instance NAME") }
        guard command == "run" else { return .refuse("unknown command '\(command)'; there is 'run'") }
        var options = ForwarderOptions()
        var given: Set<String> = []
        var rest = arguments.dropFirst()
        while let argument = rest.popFirst() {
            // `--name=main` is `--name main`.
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let option = String(parts[0])
            guard names.contains(option) else {
                return .refuse("unknown \(option.hasPrefix("-") ? "option" : "argument") '\(option)'")
            }
            guard given.insert(option).inserted else { return .refuse("\(option) is given twice") }
            guard let value = parts.count == 2 ? String(parts[1]) : rest.popFirst(), !value.isEmpty else {
                return .refuse("\(option) needs a value")
            }
            switch option {
            case "--instance": options.instance = value
            case "--name": options.name = value
            case "--workers":
                guard let count = Int(value), (1...workerLimit).contains(count) else {
                    return .refuse("--workers '\(value)': a number from 1 to \(workerLimit) is possible")
                }
                options.workerCount = count
            case "--pin":
                guard let list = processors(value) else {
                    return .refuse("--pin '\(value)': numbers of processors are possible, as 0,1 or 2-5")
                }
                options.processors = list
            case "--idle":
                guard let mode = IdleMode(rawValue: value) else {
                    return .refuse("--idle '\(value)': adaptive and spin are possible")
                }
                options.idleMode = mode
            default: options.runDirectory = value
            }
        }
        if let fault = options.pinFault { return .refuse(fault) }
        return options.instance.isEmpty ? .refuse("--instance is missing") : .run(options)
    }

    private static let names = [
        "--instance", "--name", "--run-directory", "--workers", "--pin", "--idle",
    ]
    /// As many as counter files have room for.
    static let workerLimit = 64

    /// A list of numbers and ranges.
    private static func processors(_ list: String) -> [Int]? {
        var processors: [Int] = []
        for part in list.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
            guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1],
                0 <= first, first <= last, last < 1024
            else { return nil }
            processors += first...last
        }
        return processors
    }

    /// What is wrong with the processors for so many workers.
    private var pinFault: String? {
        guard !processors.isEmpty else { return nil }
        if processors.count != workerCount {
            return "--pin names \(processors.count) processors for \(workerCount) workers; each needs one"
        }
        return Set(processors).count < processors.count
            ? "--pin names a processor twice; two workers on one would wait for each other" : nil
    }
}
