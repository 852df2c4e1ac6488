#include "common.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_HEADER = 24, RECORD = 16, BUFFER = 1 << 20, PUSHED = sizeof ref_pushed };

struct record {
    uint32_t seconds, microseconds, captured, length;
};

static const uint32_t file_header[6] = {0xa1b2c3d4, 0x00040002, 0, 0, 65535, 1};

void ref_make_capture(const char *path, int byte_count, int packet_count, uint64_t destination_mac) {
    FILE *file = fopen(path, "we");
    if (file == NULL) fail("write a capture");
    fwrite(file_header, sizeof file_header, 1, file);
    uint8_t frame[2048];
    for (int i = 0; i < 6; i++) frame[i] = (uint8_t)(destination_mac >> (40 - 8 * i));
    memcpy(frame + 6, (uint8_t[8]){2, 0, 0, 0, 0, 5, 8, 0}, 8);
    ref_write_datagram(frame + 14, byte_count - 14, 0x0a010005, 0xc633640a);
    for (int i = 0; i < packet_count; i++) {
        struct record record = {
            (uint32_t)(i / 1000000), (uint32_t)(i % 1000000), (uint32_t)byte_count, (uint32_t)byte_count};
        fwrite(&record, sizeof record, 1, file);
        fwrite(frame, (size_t)byte_count, 1, file);
    }
    if (fclose(file) != 0) fail("write a capture");
}

uint64_t ref_push_capture(const char *from, const char *to) {
    int in = check(open(from, O_RDONLY | O_CLOEXEC), "read a capture");
    int out = check(open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666), "write a capture");
    struct stat status;
    check(fstat(in, &status), "read a capture");
    size_t size = (size_t)status.st_size;
    uint8_t *input = mmap(NULL, size, PROT_READ, MAP_SHARED | MAP_POPULATE, in, 0);
    static uint8_t buffer[BUFFER];
    if (input == MAP_FAILED) fail("map a capture");
    memcpy(buffer, file_header, FILE_HEADER);
    size_t used = FILE_HEADER;
    uint64_t count = 0;
    for (size_t at = FILE_HEADER; at + RECORD <= size; count++) {
        struct record record;
        memcpy(&record, input + at, RECORD);
        const uint8_t *frame = input + at + RECORD;
        at += RECORD + record.captured;
        if (used + RECORD + record.captured + 8 > BUFFER) {
            if (write(out, buffer, used) != (ssize_t)used) fail("write a capture");
            used = 0;
        }
        record.captured += 8;
        record.length += 8;
        memcpy(buffer + used, &record, RECORD);
        memcpy(buffer + used + RECORD, ref_pushed, PUSHED);
        memcpy(buffer + used + RECORD + PUSHED, frame + 14, record.captured - PUSHED);
        // One hop less, by RFC 1624.
        uint8_t *packet = buffer + used + RECORD + PUSHED;
        packet[8]--;
        uint32_t sum = (uint32_t)(packet[10] << 8 | packet[11]) + 0x100;
        sum += sum >> 16;
        packet[10] = (uint8_t)(sum >> 8);
        packet[11] = (uint8_t)sum;
        used += RECORD + record.captured;
    }
    if (write(out, buffer, used) != (ssize_t)used) fail("write a capture");
    munmap(input, size);
    close(in);
    close(out);
    return count;
}
