// The entry of libFuzzer for programs that have a main of their own. Compiler-rt has it in libclang_rt.fuzzer_no_main.
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>

int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*run)(const uint8_t *data, size_t size));

// Tables are made anew for each input, and little of them is written: clearing huge pages would take most of the time.
static inline void fuzz_refuse_huge_pages(void) { prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0); }
