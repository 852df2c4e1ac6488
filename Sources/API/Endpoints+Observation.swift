import ControlPlane
import Exchange
import ExchangeFile
import Hummingbird

extension Endpoints {
    /// How the edge is, and what it has counted.
    static func observation(_ controlPlane: ControlPlane) -> [Endpoint] {
        [
            Endpoint(
                method: .get, path: "/health", name: "getHealth", summary: "Whether changes can be made",
                answers: [
                    .init(status: 200, summary: "They can", content: [(.json, Schemas.reference("Health"))])
                ],
                problems: [.unavailable]
            ) { _ in
                let status = await controlPlane.status()
                if let fault = status.journal.fault { throw Problem(.unavailable, fault) }
                return .json(["status": "ok", "sequence": DocumentValue(status.journal.sequence)])
            },
            Endpoint(
                method: .get, path: "/status", name: "getStatus",
                summary: "How the control plane and its forwarders are",
                parameters: [
                    Parameter(
                        name: "digest", place: .query, form: .flag,
                        summary: "Also the digest of the whole state, which takes time.")
                ],
                answers: [
                    .init(status: 200, summary: "The status", content: [(.json, Schemas.reference("Status"))])
                ]
            ) { call in .json(await controlPlane.status(withDigest: call.flag("digest")).document) },
            Endpoint(
                method: .get, path: "/port-states", name: "listPortStates",
                summary: "Every port as each connected forwarder sees it",
                answers: [
                    .init(
                        status: 200, summary: "All port states",
                        content: [(.json, Schemas.items(Schemas.reference("PortState")))])
                ]
            ) { _ in .json(["items": .list(await controlPlane.status().ports.map(\.document))]) },
            Endpoint(
                method: .get, path: "/counters", name: "getCounters",
                summary: "What has been counted up to now",
                answers: [
                    .init(
                        status: 200, summary: "All counters",
                        content: [(.json, Schemas.reference("Counters"))])
                ]
            ) { _ in
                let counters = await controlPlane.counters()
                return await heavyWork.pass { .json(counters.document) }
            },
            Endpoint(
                method: .get, path: "/drops", name: "getDrops", summary: "Dropped packets by reason",
                answers: [
                    .init(
                        status: 200, summary: "The reasons that occurred",
                        content: [(.json, Schemas.items(Schemas.reference("Drop")))])
                ]
            ) { _ in .json(["items": .list(await controlPlane.drops().map(\.document))]) },
            usage(controlPlane), slots(controlPlane),
        ]
    }

    private static func usage(_ controlPlane: ControlPlane) -> Endpoint {
        Endpoint(
            method: .get, path: "/usage", name: "listUsage",
            summary: "The usage history: what each leg of a session moved between two readings",
            parameters: [
                Parameter(
                    name: "session", place: .query, form: .name, summary: "Of sessions with this name alone."),
                .time("from", "Counted after this time."), .time("to", "Counted before this time."), .limit,
                Parameter(
                    name: "after", place: .query, form: .usageCursor,
                    summary: "Go on where an answer ended: what it gave as `next`."),
            ],
            answers: [
                .init(
                    status: 200, summary: "A page as JSON, or as CSV if the header Accept asks for it",
                    content: [
                        (.json, Schemas.page(of: "Usage", next: ["type": "string"])),
                        (.csv, ["type": "string"]),
                    ])
            ], problems: [.unavailable]
        ) { call in
            let limit = call.number("limit") ?? 1000
            let filter = UsageFilter(
                sessionName: call["session"], from: call.time("from"), to: call.time("to"),
                after: call["after"].flatMap { UsageCursor($0)?.position }, limit: limit)
            let rows: [UsageRow]
            do throws(SubmitError) {
                rows = try await controlPlane.usage(filter)
            } catch {
                throw Problem(error)
            }
            if call.preferred([.json, .csv]) == .csv {
                return .pieces(.csv, CSVPieces(header: UsageRow.csvHeader, rows: rows, line: \.csvLine))
            }
            var document: DocumentValue = ["items": .list(rows.map(\.document))]
            if rows.count == limit, let last = rows.last {
                document.set("next", .text("\(UsageCursor(last.position))"))
            }
            return .json(document)
        }
    }
}
