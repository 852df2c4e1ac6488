import ArgumentParser

struct CompletionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completion",
        abstract: "Prints what a shell needs to complete this program's commands and options.",
        discussion: """
            Examples:
              wayleave completion bash > /usr/share/bash-completion/completions/wayleave
              wayleave completion zsh > /usr/local/share/zsh/site-functions/_wayleave
              wayleave completion fish > ~/.config/fish/completions/wayleave.fish
            """)

    enum Shell: String, CaseIterable, ExpressibleByArgument { case bash, zsh, fish }

    @Argument(help: "Which shell: bash, zsh or fish.")
    var shell: Shell

    func run() {
        let shell: CompletionShell =
            switch shell {
            case .bash: .bash
            case .zsh: .zsh
            case .fish: .fish
            }
        print(Wayleave.completionScript(for: shell))
    }
}
