import ArgumentParser
import Exchange
import ExchangeFile
@preconcurrency import Glibc

/// Reads an exchange file; refused, it says why on standard error and ends with exit code 65.
func loadExchange(_ path: String) throws -> ExchangeDescription {
    do throws(ExchangeFileError) {
        return try ExchangeFile.load(path: path)
    } catch {
        fputs("\(error)\n", stderr)
        throw ExitCode(65)
    }
}
