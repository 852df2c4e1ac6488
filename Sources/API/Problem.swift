import Exchange
import ExchangeFile
import Hummingbird

/// Why a request was not served, as RFC 9457 wants it told. Nothing has been changed.
struct Problem: Error {
    /// What sort of problem it is: gives the HTTP status.
    let kind: Kind
    /// A sentence or two: what is wrong, and what to do.
    let detail: String
    /// Single faults, where there can be several.
    var faults: [Rejection] = []
    /// The methods that are allowed, of `methodNotAllowed`.
    var allowedMethods: [HTTPRequest.Method] = []

    init(_ kind: Kind, _ detail: String) {
        self.kind = kind
        self.detail = detail
    }

    /// What was rejected, by the sorts of rejections: a conflict before what doesn't exist before anything else.
    init(_ rejections: [Rejection]) {
        if rejections.contains(where: { $0.kind == .conflict }) {
            kind = .conflict
        } else if !rejections.isEmpty, rejections.allSatisfy({ $0.kind == .notFound }) {
            kind = .notFound
        } else {
            kind = .rejected
        }
        let first = rejections.first.map(\.description) ?? "it was refused"
        detail = rejections.count > 1 ? "\(first) (and \(rejections.count - 1) more)" : first
        faults = Array(rejections.prefix(ExchangeFile.maximumRejections))
    }

    /// What is wrong with a text that was handed over.
    init(_ error: ExchangeFileError) {
        switch error {
        case .unreadable(_, let reason): self.init(.malformed, reason)
        case .malformed(_, let rejection):
            self.init(.malformed, rejection.description)
            faults = [rejection]
        case .rejected(_, let rejections): self.init(rejections)
        }
    }

    /// The sorts of problems, each with an HTTP status.
    enum Kind: String, CaseIterable {
        case malformed, notFound, methodNotAllowed, conflict, tooLarge, unsupportedMediaType, rejected,
            failed,
            unavailable

        var status: Int {
            switch self {
            case .malformed: 400
            case .notFound: 404
            case .methodNotAllowed: 405
            case .conflict: 409
            case .tooLarge: 413
            case .unsupportedMediaType: 415
            case .rejected: 422
            case .failed: 500
            case .unavailable: 503
            }
        }

        var title: String {
            switch self {
            case .malformed: "The request can't be understood"
            case .notFound: "There is no such thing"
            case .methodNotAllowed: "This can't be done here"
            case .conflict: "Somebody else has changed it"
            case .tooLarge: "The request is too large"
            case .unsupportedMediaType: "The body is of a type that isn't taken here"
            case .rejected: "What is asked for can't be"
            case .failed: "The control plane has failed to answer"
            case .unavailable: "The control plane can't take changes now"
            }
        }
    }

    /// The `application/problem+json` document.
    var document: DocumentValue {
        var document: DocumentValue = [
            "type": .text("urn:wayleave:problem:\(kind.rawValue)"), "title": .text(kind.title),
            "status": DocumentValue(kind.status), "detail": .text(detail),
        ]
        if !faults.isEmpty {
            document.set(
                "faults",
                .list(
                    faults.map { fault in
                        var item: DocumentValue = ["message": .text(fault.message)]
                        item.set("line", fault.location.map { DocumentValue($0.line) })
                        item.set("column", fault.location.map { DocumentValue($0.column) })
                        return item
                    }))
        }
        return document
    }
}
