import CLinux

/// A packet filter for a little machine with an accumulator A, an index X, and forward jumps: that of classic BPF
/// (McCanne and Jacobson 1993), with labels in place of distances. Offsets count from the frame's first byte, without
/// the VLAN tag that the kernel keeps beside it. A load outside the frame ends the program: the kernel's.
///
/// It is written once, and means the same in both of its forms: classic BPF for a socket, extended BPF for an
/// interface's ingress.
struct FilterProgram {
    /// Whose a frame is.
    enum Verdict {
        /// The host's own: the kernel does with it what it would without us.
        case kernels
        /// Ours: the kernel never sees it.
        case ours
        /// Both look at it.
        case both
    }

    enum Width: Int {
        case byte = 1
        case half = 2
        case word = 4
    }

    struct Label: Hashable {
        fileprivate let number: Int
    }

    enum Step {
        /// A = the big-endian number at an offset; with `indexed` at X + the offset.
        case load(Width, at: Int, indexed: Bool = false)
        /// A = 1 if the kernel has taken a VLAN tag out of the frame, else 0.
        case loadHasTag
        /// A = that tag's control information.
        case loadTag
        /// A = a number.
        case set(UInt32)
        case and(UInt32)
        case add(UInt32)
        case shiftLeft(UInt32)
        /// A += X.
        case addIndex
        /// X = A.
        case setIndex
        /// Keeps A, and takes it back.
        case store
        case recall
        case ifEqual(UInt32, Label)
        case ifUnequal(UInt32, Label)
        case ifAtLeast(UInt32, Label)
        case jump(Label)
        case place(Label)
        case end(Verdict)
    }

    private var steps: [Step] = []
    private var labelCount = 0
    /// Whether what is added next can be reached, and which labels can: the kernel refuses programs with steps that can't.
    private var isReachable = true
    private var reached: Set<Label> = []

    mutating func label() -> Label {
        labelCount += 1
        return Label(number: labelCount)
    }

    /// Adds steps; those that can't be reached, since jumps lead forward only, are left out.
    mutating func add(_ steps: Step...) {
        for step in steps {
            if case .place(let label) = step, reached.contains(label) { isReachable = true }
            guard isReachable else { continue }
            self.steps.append(step)
            switch step {
            case .ifEqual(_, let label), .ifUnequal(_, let label), .ifAtLeast(_, let label):
                reached.insert(label)
            case .jump(let label):
                reached.insert(label)
                isReachable = false
            case .end: isReachable = false
            default: break
            }
        }
    }
}

// MARK: - Classic BPF
extension FilterProgram {
    /// As a socket takes it: accepted whole, or not at all. At most 4,096 instructions.
    ///
    /// Conditional jumps reach 255 instructions far, others anywhere: so each condition skips a jump.
    func classic() -> [sock_filter] {
        let places = self.places(steps.map(Self.classicCount), from: 0)
        var code: [sock_filter] = []
        func emit(_ operation: Int32, _ k: UInt32 = 0, _ isTrue: UInt8 = 0, _ isFalse: UInt8 = 0) {
            code.append(sock_filter(code: UInt16(operation), jt: isTrue, jf: isFalse, k: k))
        }
        func emitJump(_ label: Label) {
            emit(BPF_JMP | BPF_JA, UInt32(Self.place(of: label, places) - code.count - 1))
        }
        for step in steps {
            switch step {
            case .load(let width, let offset, let isIndexed):
                let size: Int32 =
                    switch width {
                    case .byte: BPF_B
                    case .half: BPF_H
                    case .word: BPF_W
                    }
                emit(BPF_LD | size | (isIndexed ? BPF_IND : BPF_ABS), UInt32(offset))
            case .loadHasTag: emit(BPF_LD | BPF_B | BPF_ABS, Self.hasTag)
            case .loadTag: emit(BPF_LD | BPF_H | BPF_ABS, Self.tagControl)
            case .set(let value): emit(BPF_LD | BPF_IMM, value)
            case .and(let mask): emit(BPF_ALU | BPF_AND | BPF_K, mask)
            case .add(let term): emit(BPF_ALU | BPF_ADD | BPF_K, term)
            case .shiftLeft(let count): emit(BPF_ALU | BPF_LSH | BPF_K, count)
            case .addIndex: emit(BPF_ALU | BPF_ADD | BPF_X)
            case .setIndex: emit(BPF_MISC | BPF_TAX)
            case .store: emit(BPF_ST)
            case .recall: emit(BPF_LD | BPF_MEM)
            case .ifEqual(let value, let label):
                emit(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1)
                emitJump(label)
            case .ifUnequal(let value, let label):
                emit(BPF_JMP | BPF_JEQ | BPF_K, value, 1, 0)
                emitJump(label)
            case .ifAtLeast(let value, let label):
                emit(BPF_JMP | BPF_JGE | BPF_K, value, 0, 1)
                emitJump(label)
            case .jump(let label): emitJump(label)
            case .place: break
            case .end(let verdict): emit(BPF_RET | BPF_K, verdict == .kernels ? 0 : .max)
            }
        }
        return code
    }

    /// SKF_AD_OFF is negative, and the two offsets lie from there on.
    private static let hasTag = UInt32(bitPattern: SKF_AD_OFF + SKF_AD_VLAN_TAG_PRESENT)
    private static let tagControl = UInt32(bitPattern: SKF_AD_OFF + SKF_AD_VLAN_TAG)

    private static func classicCount(_ step: Step) -> Int {
        switch step {
        case .place: 0
        case .ifEqual, .ifUnequal, .ifAtLeast: 2
        default: 1
        }
    }

    /// Where each label stands, in instructions.
    private func places(_ sizes: [Int], from start: Int) -> [Label: Int] {
        var places: [Label: Int] = [:]
        var place = start
        for (step, size) in zip(steps, sizes) {
            if case .place(let label) = step { places[label] = place }
            place += size
        }
        return places
    }

    private static func place(of label: Label, _ places: [Label: Int]) -> Int {
        guard let place = places[label] else { preconditionFailure("a jump to a label without a place") }
        return place
    }
}

// MARK: - Extended BPF
extension FilterProgram {
    private static let (result, context, a, x, frame): (UInt8, UInt8, UInt8, UInt8, UInt8) = (0, 6, 7, 8, 10)
    private static let (alu64, jump32) = (Int32(WL_BPF_ALU64), Int32(WL_BPF_JMP32))
    private static let (move, toBigEndian) = (Int32(WL_BPF_MOV), Int32(WL_BPF_END_TO_BE))
    private static let (jumpUnequal, call, exit) = (
        Int32(WL_BPF_JNE), Int32(WL_BPF_CALL), Int32(WL_BPF_EXIT)
    )
    private static let loadBytes = Int32(WL_BPF_LOAD_BYTES)
    /// TCX_NEXT: the next program, and at last the kernel, decides.
    private static let pass: Int32 = -1
    /// TCX_DROP.
    private static let drop: Int32 = 2

    /// As an interface's ingress takes it: what is ours is dropped, everything else left to whoever comes next.
    ///
    /// A is register 7, X register 8, the frame's context register 6; loads go through `bpf_skb_load_bytes` and not the
    /// inherited LD_ABS, which at a load outside the frame would pass it, around all programs behind this one.
    func extended() -> [wl_extended_instruction] {
        // The context is kept first.
        let places = self.places(steps.map(Self.extendedCount), from: 1)
        var code: [wl_extended_instruction] = []
        func emit(
            _ operation: Int32, _ destination: UInt8 = 0, _ source: UInt8 = 0, offset: Int = 0,
            immediate: Int32 = 0
        ) {
            code.append(
                wl_extended_instruction(UInt8(operation), destination, source, Int16(offset), immediate))
        }
        func distance(_ label: Label) -> Int { Self.place(of: label, places) - code.count - 1 }
        let (move, moveImmediate) = (Self.alu64 | Self.move | BPF_X, Self.alu64 | Self.move | BPF_K)
        func condition(_ comparison: Int32, _ value: UInt32, _ label: Label) {
            emit(
                Self.jump32 | comparison | BPF_K, Self.a, offset: distance(label),
                immediate: Int32(bitPattern: value))
        }
        emit(move, Self.context, 1)
        for step in steps {
            switch step {
            case .load(let width, let offset, let isIndexed):
                emit(move, 1, Self.context)
                emit(moveImmediate, 2, immediate: Int32(offset))
                emit(Self.alu64 | BPF_ADD | (isIndexed ? BPF_X : BPF_K), 2, isIndexed ? Self.x : 0)
                emit(move, 3, Self.frame)
                emit(Self.alu64 | BPF_ADD | BPF_K, 3, immediate: -8)
                emit(moveImmediate, 4, immediate: Int32(width.rawValue))
                emit(BPF_JMP | Self.call, immediate: Self.loadBytes)
                emit(BPF_JMP | BPF_JEQ | BPF_K, Self.result, offset: 2)
                emit(moveImmediate, Self.result, immediate: Self.pass)
                emit(BPF_JMP | Self.exit)
                let size: Int32 =
                    switch width {
                    case .byte: BPF_B
                    case .half: BPF_H
                    case .word: BPF_W
                    }
                emit(BPF_LDX | BPF_MEM | size, Self.a, Self.frame, offset: -8)
                if width != .byte {
                    emit(BPF_ALU | Self.toBigEndian, Self.a, immediate: Int32(8 * width.rawValue))
                }
            case .loadHasTag:
                emit(
                    BPF_LDX | BPF_MEM | BPF_W, Self.a, Self.context,
                    offset: Int(wl_bpf_offset_of_tag_presence()))
            case .loadTag:
                emit(
                    BPF_LDX | BPF_MEM | BPF_W, Self.a, Self.context,
                    offset: Int(wl_bpf_offset_of_tag_control()))
            case .set(let value):
                emit(BPF_ALU | Self.move | BPF_K, Self.a, immediate: Int32(bitPattern: value))
            case .and(let mask): emit(BPF_ALU | BPF_AND | BPF_K, Self.a, immediate: Int32(bitPattern: mask))
            case .add(let term): emit(BPF_ALU | BPF_ADD | BPF_K, Self.a, immediate: Int32(bitPattern: term))
            case .shiftLeft(let count): emit(BPF_ALU | BPF_LSH | BPF_K, Self.a, immediate: Int32(count))
            case .addIndex: emit(BPF_ALU | BPF_ADD | BPF_X, Self.a, Self.x)
            case .setIndex: emit(move, Self.x, Self.a)
            case .store: emit(BPF_STX | BPF_MEM | BPF_W, Self.frame, Self.a, offset: -16)
            case .recall: emit(BPF_LDX | BPF_MEM | BPF_W, Self.a, Self.frame, offset: -16)
            case .ifEqual(let value, let label): condition(BPF_JEQ, value, label)
            case .ifUnequal(let value, let label): condition(Self.jumpUnequal, value, label)
            case .ifAtLeast(let value, let label): condition(BPF_JGE, value, label)
            case .jump(let label): emit(BPF_JMP | BPF_JA, offset: distance(label))
            case .place: break
            case .end(let verdict):
                emit(moveImmediate, Self.result, immediate: verdict == .ours ? Self.drop : Self.pass)
                emit(BPF_JMP | Self.exit)
            }
        }
        return code
    }

    private static func extendedCount(_ step: Step) -> Int {
        switch step {
        case .place: 0
        case .load(.byte, _, _): 11
        case .load: 12
        case .end: 2
        default: 1
        }
    }
}
