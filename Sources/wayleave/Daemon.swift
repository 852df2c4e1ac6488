import APIClient
import ArgumentParser
import ExchangeFile
@preconcurrency import Glibc

/// The control plane, as commands ask it: a refusal is printed, and ends the command with its exit code.
struct Daemon {
    let client: APIClient
    let instance: InstanceOptions

    /// Exit codes, besides ArgumentParser's own.
    enum Exit {
        static let refused = ExitCode(1)
        static let portAbsent = ExitCode(3)
        static let noDaemon = ExitCode(69)
    }

    /// Asks, and returns a good answer. `fileName` is what the faults of a refused body are in.
    func ask(_ request: APIRequest, fileName: String? = nil, wait: Int = 0) async throws -> APIResponse {
        let response: APIResponse
        do throws(APIClientError) {
            response = try await client.send(request, timeout: .seconds(300 + wait))
        } catch {
            throw fail(error)
        }
        guard (200..<300).contains(response.status) else {
            printProblem(response, fileName: fileName)
            throw Exit.refused
        }
        return response
    }

    /// Asks for a document.
    func get(_ path: String) async throws -> DocumentValue {
        try await ask(APIRequest("GET", path, headers: [("Accept", "application/json")])).document
    }

    private func fail(_ error: APIClientError) -> ExitCode {
        printError("\(error)")
        guard case .noDaemon = error.kind else { return Exit.refused }
        printError(
            "no control plane runs for the instance `\(instance.name)`; start it with `\(instance.startCommand)`, or name "
                + "another with --instance")
        return Exit.noDaemon
    }

    /// Prints what a problem document says: each fault with its place, where there are any.
    private func printProblem(_ response: APIResponse, fileName: String?) {
        guard let problem = try? response.document, let detail = problem["detail"]?.scalar else {
            return printError(
                "the control plane answers with HTTP status \(response.status), and says nothing")
        }
        let faults = problem["faults"]?.items ?? []
        if faults.isEmpty { printError(detail) }
        for fault in faults {
            let message = fault["message"]?.scalar ?? detail
            if let fileName, let line = fault["line"]?.scalar {
                printError("\(fileName):\(line):\(fault["column"]?.scalar ?? "1"): \(message)")
            } else {
                printError(message)
            }
        }
        // It speaks of sections of an exchange file, where commands without a file have verbs.
        let messages = [detail] + faults.compactMap { $0["message"]?.scalar }
        for kind in ExchangeKind.allCases where fileName == nil {
            guard messages.contains(where: { $0.contains("`\(kind.rawValue):`") }) else { continue }
            printError(
                "(`wayleave \(kind.noun) \(kind.addVerb) --help` says how to add to `\(kind.rawValue):`)")
        }
        if faults.count >= ExchangeFile.maximumRejections {
            printError("(only the first \(faults.count) faults are listed)")
        }
    }
}

extension APIResponse {
    /// The body as text.
    var text: String { String(decoding: body, as: UTF8.self) }

    /// The body as a document.
    var document: DocumentValue {
        get throws { try DocumentValue(json: text) }
    }
}

/// A line on standard error.
func printError(_ line: String) { fputs(line + "\n", stderr) }

/// Text on standard output, as it is. Where it can't be written, as on a full disk, the command says so and fails.
func printText(_ text: String, to stream: UnsafeMutablePointer<FILE> = stdout) throws {
    guard fputs(text, stream) < 0 || fflush(stream) != 0 else { return }
    printError("standard output: \(String(cString: strerror(errno)))")
    throw Daemon.Exit.refused
}
