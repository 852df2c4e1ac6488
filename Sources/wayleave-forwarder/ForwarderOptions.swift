/// What the command line says. Read by hand, since the usual package for it brings Foundation along, which would cost the
/// forwarder twice its memory.
struct ForwarderOptions: Equatable {
    var instance = ""
    var name = "main"
    var runDirectory = "/run/wayleave"

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

        OPTIONS:
          --instance NAME         Which edge of this host: 1 to 32 letters, digits, '-' and '_'.
          --name NAME             Which forwarder of the edge. (default: main)
          --run-directory DIR     Where sockets, locks and counters are; on tmpfs. (default: /run/wayleave)
          -h, --help              Show this help.

        It takes its tables from the control plane, `wayleaved --instance NAME`, whichever of the two is started
        first, and forwards on by them when the control plane is away. Counters stand in DIR/NAME/counters-main, and go on
        when the forwarder is started again. SIGINT and SIGTERM end it. Needs root, or CAP_NET_ADMIN and CAP_NET_RAW,
        and CAP_BPF for ports that share their interface with the kernel.

        Exit codes: 0 stopped by a signal; 1 it could not start, or its
        worker was stuck when it was stopped; 64 wrong options.

        EXAMPLE: wayleave-forwarder run --instance a

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
            guard ["--instance", "--name", "--run-directory"].contains(option) else {
                return .refuse("unknown \(option.hasPrefix("-") ? "option" : "argument") '\(option)'")
            }
            guard given.insert(option).inserted else { return .refuse("\(option) is given twice") }
            guard let value = parts.count == 2 ? String(parts[1]) : rest.popFirst(), !value.isEmpty else {
                return .refuse("\(option) needs a value")
            }
            switch option {
            case "--instance": options.instance = value
            case "--name": options.name = value
            default: options.runDirectory = value
            }
        }
        return options.instance.isEmpty ? .refuse("--instance is missing") : .run(options)
    }
}
