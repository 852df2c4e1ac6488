// The entry of libFuzzer for programs that have a main of their own. Compiler-rt has it in libclang_rt.fuzzer_no_main.
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*run)(const uint8_t *data, size_t size));
