import Exchange
import ExchangeFile
import TableCompiler
import Tables
import Testbed

extension FuzzTarget {
    /// Exchange files in YAML.
    static let yaml = FuzzTarget(name: "yaml", byteCountLimit: 4096) { bytes throws(Finding) in
        try exchangeFile(bytes, .yaml)
    } seeds: {
        let root = repositoryRoot(#filePath)
        let files = ["edge-a.yaml", "edge-b.yaml"].compactMap {
            fileContents("\(root)/deploy/quickstart.d/\($0)")
        }
        return (files + Edge.names.map { Array(ExchangeFile.text(of: Edge.describe($0)).utf8) })
            .filter { $0.count <= 4096 }
    }

    /// Exchange files in JSON.
    static let json = FuzzTarget(name: "json", byteCountLimit: 4096) { bytes throws(Finding) in
        try exchangeFile(bytes, .json)
    } seeds: {
        Edge.names.map { Array(ExchangeFile.text(of: Edge.describe($0), as: .json).utf8) }
            .filter { $0.count <= 4096 }
    }

    /// What is taken reads back as the same from either form, and the tables take what is made of it.
    private static func exchangeFile(_ bytes: [UInt8], _ format: ExchangeFormat) throws(Finding) {
        let text: String
        do throws(Rejection) { text = try ExchangeFile.text(of: bytes) } catch { return }
        let exchange: ExchangeDescription
        do throws(ExchangeFileError) {
            exchange = try ExchangeFile.parse(text: text, fileName: "input", as: format)
        } catch {
            _ = error.description
            return
        }
        for format in [ExchangeFormat.yaml, .json] {
            let written = ExchangeFile.text(of: exchange, as: format)
            do throws(ExchangeFileError) {
                let again = try ExchangeFile.parse(text: written, fileName: "written", as: format)
                guard again == exchange else {
                    throw .malformed(fileName: "written", Rejection("it is another"))
                }
            } catch { throw Finding("written as \(format) it doesn't read back: \(error)\n\(written)") }
        }
        do throws(TableError) {
            _ = try CompiledExchange(exchange, .offline(exchange)).makeTables()
        } catch { throw Finding("the tables refuse what validation has let pass: \(error)") }
    }
}
