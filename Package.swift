// swift-tools-version: 6.2
import PackageDescription

// Packages are pinned by exact version because Package.resolved is not committed.
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let histogram = Target.Dependency.product(name: "Histogram", package: "hdrhistogram-swift")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

let house: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("ExistentialAny"),
]

/// Modules that touch packet memory: every unsafe expression is marked, and spans may be returned.
let hot: [SwiftSetting] = house + [.strictMemorySafety(), .enableExperimentalFeature("Lifetimes")]

let package = Package(
    name: "wayleave",
    products: [
        .library(name: "WayleaveDataPath", targets: ["Wire", "Packets", "Tables", "Trace", "Forwarding"]),
        .library(
            name: "WayleaveEdge",
            targets: [
                "ExchangeFile", "Forwarder", "Link", "Observation", "Packets", "Ports", "TableCompiler",
                "Tables",
                "Wire",
            ]),
        .library(name: "WayleaveFuzzTargets", targets: ["FuzzTargets"]),
        .library(name: "WayleaveRegister", targets: ["Exchange", "TableCompiler", "Tables", "Wire"]),
        .executable(name: "wayleave", targets: ["wayleave"]),
        .executable(name: "wayleave-forwarder", targets: ["wayleave-forwarder"]),
        .executable(name: "wayleaved", targets: ["wayleaved"]),
    ],
    dependencies: [
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", exact: "0.2.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
    ],
    targets: [
        // The system, seen from Swift.
        .target(name: "CLinux"),
        .systemLibrary(name: "CPcap", pkgConfig: "libpcap", providers: [.apt(["libpcap-dev"])]),
        .systemLibrary(
            name: "CNetlink", pkgConfig: "libnl-route-3.0",
            providers: [.apt(["libnl-3-dev", "libnl-route-3-dev"])]),

        // The data path.
        .target(name: "Wire", swiftSettings: hot),
        .target(name: "Packets", dependencies: ["Wire"], exclude: ["README.md"], swiftSettings: hot),
        .target(
            name: "Tables", dependencies: ["CLinux", "Wire"], exclude: ["README.md"], swiftSettings: hot),
        .target(
            name: "Trace", dependencies: ["Wire", "Packets", "Tables"], exclude: ["README.md"],
            swiftSettings: hot),
        .target(
            name: "Forwarding", dependencies: ["CLinux", "Wire", "Packets", "Tables", "Trace"],
            exclude: ["README.md"], swiftSettings: hot),
        .target(
            name: "Ports", dependencies: ["CLinux", "CPcap", "CNetlink", "Wire", "Packets"],
            swiftSettings: hot),
        .target(
            name: "Observation",
            dependencies: ["CLinux", "CPcap", "Wire", "Packets", "Tables", "Trace", "Ports", "Link"],
            exclude: ["README.md"], swiftSettings: house),
        .target(
            name: "Forwarder",
            dependencies: [
                "CLinux", "Wire", "Packets", "Tables", "Trace", "Forwarding", "Ports", "Link", "Observation",
            ],
            exclude: ["README.md"],
            swiftSettings: hot),

        // The domain, and its way to the tables.
        .target(name: "Exchange", dependencies: ["Wire"], exclude: ["README.md"], swiftSettings: house),
        .target(
            name: "ExchangeFile", dependencies: ["Exchange", "Wire", yams], exclude: ["README.md"],
            swiftSettings: house),
        .target(
            name: "TableCompiler", dependencies: ["Exchange", "Tables", "Wire"], exclude: ["README.md"],
            swiftSettings: house),

        // The process boundary, and what stands behind it.
        .target(
            name: "Link", dependencies: ["CLinux", "Tables", "Wire"], exclude: ["README.md"],
            swiftSettings: house),
        .target(
            name: "Journal", dependencies: [crypto, grdb], exclude: ["README.md"], swiftSettings: house),
        .target(
            name: "ControlPlane",
            dependencies: [
                "Exchange", "Journal", "Link", "Packets", "TableCompiler", "Tables", "Wire", crypto,
                lifecycle,
                logging,
            ], exclude: ["README.md"], swiftSettings: house),
        .target(
            name: "API",
            dependencies: [
                "ControlPlane", "Exchange", "ExchangeFile", "Wire", hummingbird, lifecycle, logging, nioCore,
            ], exclude: ["README.md"], swiftSettings: house),
        .target(
            name: "APIClient", dependencies: [nioCore, nioHTTP1, nioPosix], swiftSettings: house),

        // The data path over files.
        .target(
            name: "Offline",
            dependencies: [
                "Exchange", "TableCompiler", "Tables", "Forwarding", "Forwarder", "Observation", "Packets",
                "Ports", "Wire",
            ], exclude: ["README.md"], swiftSettings: house),

        // What a machine does: in memory, and between two of its interfaces.
        .target(
            name: "Bench",
            dependencies: ["CLinux", "Wire", "Packets", "Tables", "Forwarding", histogram],
            exclude: ["README.md"], swiftSettings: house),

        // Programs: options and wiring only.
        .executableTarget(
            name: "wayleave-forwarder",
            dependencies: ["Forwarder", "Link"], swiftSettings: house),
        .executableTarget(
            name: "wayleaved",
            dependencies: ["API", "ControlPlane", "ExchangeFile", argumentParser, lifecycle, logging],
            swiftSettings: house),
        .executableTarget(
            name: "wayleave",
            dependencies: [
                "APIClient", "Bench", "Exchange", "ExchangeFile", "Forwarder", "Link", "Observation",
                "Offline", "Packets",
                "Ports", "Tables", argumentParser,
            ], swiftSettings: house),

        // What several test targets build packets, exchanges and random numbers with.
        .target(
            name: "Testbed",
            dependencies: ["CLinux", "Exchange", "ExchangeFile", "TableCompiler", "Tables", "Wire"],
            path: "Tests/Testbed", swiftSettings: house),
        // Every parser as a fuzzer calls it: for Tests/Fuzz, and to try again what was found.
        .target(
            name: "FuzzTargets",
            dependencies: [
                "Exchange", "ExchangeFile", "Forwarder", "Link", "Packets", "Ports", "TableCompiler",
                "Tables",
                "Wire", "Testbed",
            ],
            path: "Tests/FuzzTargets", swiftSettings: house),
        .testTarget(name: "FuzzTests", dependencies: ["FuzzTargets", "Testbed"], swiftSettings: house),
        .testTarget(name: "HouseTests", dependencies: ["Testbed"], swiftSettings: house),
        .testTarget(
            name: "WireTests", dependencies: ["Wire", "Testbed"], exclude: ["vectors.py"], swiftSettings: hot),
        .testTarget(name: "TablesTests", dependencies: ["Tables", "Wire", "Testbed"], swiftSettings: house),
        .testTarget(
            name: "ForwardingTests",
            dependencies: ["Forwarding", "Packets", "TableCompiler", "Tables", "Trace", "Wire", "Testbed"],
            swiftSettings: house),
        .testTarget(
            name: "PortsTests", dependencies: ["Ports", "Packets", "Wire", "CLinux", "Testbed"],
            exclude: ["Fixtures"],
            swiftSettings: house),
        .testTarget(
            name: "ForwarderTests",
            dependencies: [
                "CLinux", "Forwarder", "Forwarding", "Link", "Observation", "wayleave-forwarder", "Packets",
                "Ports",
                "TableCompiler",
                "Tables", "Wire", "Testbed",
            ], swiftSettings: house),
        .testTarget(
            name: "ObservationTests",
            dependencies: ["Link", "Observation", "Packets", "Ports", "Tables", "Trace", "Wire", "Testbed"],
            swiftSettings: house),
        .testTarget(
            name: "LinkTests", dependencies: ["CLinux", "Link", "Tables", "Wire", "Testbed"],
            swiftSettings: house),
        .testTarget(
            name: "ExchangeTests", dependencies: ["Exchange", "Wire", "Testbed"], exclude: ["Fixtures"],
            swiftSettings: house),
        .testTarget(
            name: "ExchangeFileTests", dependencies: ["ExchangeFile", "Exchange", "Wire", "Testbed"],
            swiftSettings: house),
        .testTarget(
            name: "TableCompilerTests",
            dependencies: ["TableCompiler", "Exchange", "Tables", "Wire", "Testbed"], swiftSettings: house),
        .testTarget(
            name: "JournalTests", dependencies: ["Journal", "Testbed", crypto, grdb], exclude: ["Fixtures"],
            swiftSettings: house),
        .testTarget(
            name: "ControlPlaneTests",
            dependencies: [
                "ControlPlane", "Exchange", "Journal", "Link", "Tables", "TableCompiler", "Wire", "Testbed",
                logging,
            ], swiftSettings: house),
        .testTarget(
            name: "APITests",
            dependencies: [
                "API", "APIClient", "ControlPlane", "Exchange", "ExchangeFile", "Link", "Tables", "Wire",
                "wayleave", "Testbed",
                argumentParser, hummingbird, lifecycle, logging,
            ], swiftSettings: house),
        .testTarget(
            name: "BenchTests",
            dependencies: ["Bench", "ExchangeFile", "Wire", "wayleave", "Testbed", argumentParser],
            swiftSettings: house),
        .testTarget(
            name: "OfflineTests",
            dependencies: [
                "CLinux", "Offline", "Exchange", "ExchangeFile", "Forwarder", "Observation", "Packets",
                "Ports",
                "TableCompiler", "Tables", "Trace", "Wire", "Testbed",
            ], exclude: ["packets.py"], swiftSettings: house),
    ]
)
