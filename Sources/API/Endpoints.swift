import ControlPlane
import Exchange
import ExchangeFile
import Hummingbird

/// Everything that the interface can do.
enum Endpoints {
    /// The most bytes of a body that holds one object.
    static let objectLimit = 1 << 20
    /// The most bytes of a body that holds an exchange.
    static let exchangeLimit = ExchangeFile.maximumByteCount
    /// The most bytes of a body that holds a label table.
    static let tableLimit = 256 << 20

    /// All endpoints over this control plane.
    static func all(_ controlPlane: ControlPlane) -> [Endpoint] {
        let served =
            ExchangeKind.allCases.flatMap { objects($0, controlPlane) } + labelTable(controlPlane)
            + exchange(controlPlane) + observation(controlPlane)
        let document = OpenAPI.document(served + [openAPI("")]).json + "\n"
        return served + [openAPI(document)]
    }

    /// The endpoint that gives the document of all of them, itself included.
    private static func openAPI(_ text: String) -> Endpoint {
        Endpoint(
            method: .get, path: "/openapi.json", name: "getOpenAPI",
            summary: "This interface, as an OpenAPI 3.1 document",
            answers: [.init(status: 200, summary: "The document", content: [(.json, ["type": "object"])])]
        ) { _ in .text(text, .json) }
    }
}

extension ControlPlane {
    /// Submits changes; what can't be becomes a problem.
    func make(_ changes: [Change]) async throws(Problem) -> Receipt {
        do throws(SubmitError) {
            return try await submit(changes)
        } catch {
            throw Problem(error)
        }
    }
}

extension Problem {
    init(_ error: SubmitError) {
        switch error {
        case .rejected(let rejections): self.init(rejections)
        case .unavailable(let sentence): self.init(.unavailable, sentence)
        }
    }
}
