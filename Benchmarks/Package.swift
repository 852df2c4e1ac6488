// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "Benchmarks",
    dependencies: [
        .package(name: "wayleave", path: ".."),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", exact: "0.2.0"),
    ],
    targets: [
        .target(name: "CEcho", cSettings: [.unsafeFlags(["-O3"])]),
        .target(name: "CReference", cSettings: [.unsafeFlags(["-O3"])]),
        .target(
            name: "EndlessPorts", dependencies: [.product(name: "WayleaveEdge", package: "wayleave")],
            swiftSettings: [.swiftLanguageMode(.v6), .enableUpcomingFeature("InternalImportsByDefault")]),
        .executableTarget(
            name: "IdleBenchmark",
            dependencies: [
                "CEcho", .product(name: "Histogram", package: "hdrhistogram-swift"),
                .product(name: "WayleaveEdge", package: "wayleave"),
            ], swiftSettings: [.swiftLanguageMode(.v6), .enableUpcomingFeature("InternalImportsByDefault")]),
        .executableTarget(
            name: "WorkersBenchmark",
            dependencies: [
                "CEcho", "EndlessPorts", .product(name: "WayleaveEdge", package: "wayleave"),
            ], swiftSettings: [.swiftLanguageMode(.v6), .enableUpcomingFeature("InternalImportsByDefault")]),
        .executableTarget(
            name: "FloodsBenchmark",
            dependencies: ["EndlessPorts", .product(name: "WayleaveEdge", package: "wayleave")],
            swiftSettings: [.swiftLanguageMode(.v6), .enableUpcomingFeature("InternalImportsByDefault")]),
        .executableTarget(
            name: "ForwardingBenchmark",
            dependencies: ["CReference", .product(name: "WayleaveDataPath", package: "wayleave")],
            swiftSettings: [.swiftLanguageMode(.v6), .enableUpcomingFeature("InternalImportsByDefault")]),
        .target(
            name: "PortsReference", cSettings: [.unsafeFlags(["-O3"]), .define("_GNU_SOURCE")]),
        .executableTarget(
            name: "PortsBenchmark",
            dependencies: ["PortsReference", .product(name: "WayleaveEdge", package: "wayleave")],
            swiftSettings: [.swiftLanguageMode(.v6), .enableUpcomingFeature("InternalImportsByDefault")]),
        .executableTarget(
            name: "OffloadBenchmark",
            dependencies: ["OffloadReference", .product(name: "WayleaveEdge", package: "wayleave")],
            swiftSettings: [.swiftLanguageMode(.v6), .enableUpcomingFeature("InternalImportsByDefault")]),
        .target(name: "OffloadReference", cSettings: [.unsafeFlags(["-O3"])]),
        .executableTarget(
            name: "TablesBenchmark",
            dependencies: ["CReference", .product(name: "WayleaveRegister", package: "wayleave")],
            swiftSettings: [.swiftLanguageMode(.v6), .enableUpcomingFeature("InternalImportsByDefault")]),
    ]
)
