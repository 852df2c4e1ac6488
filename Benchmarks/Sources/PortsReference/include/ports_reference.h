#pragma once
// Packets in and out of the kernel in plain C: what the ports are measured against, and what makes their traffic. Every
// function ends the program with a sentence if the system refuses something.
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Moves the calling thread into a network namespace that ends with the program, and returns a descriptor of it.
int ref_namespace(void);
void ref_enter(int ns);
/// Runs a command in the present namespace.
void ref_shell(const char *command);
/// Has the calling thread run on one processor.
void ref_pin(int processor);
double ref_now(void);
/// Processor time of the calling thread, in seconds.
double ref_thread_time(void);

/// Makes traffic on a thread of its own, on processor 0, until it is stopped.
struct ref_generator;
/// Datagrams from the namespace's own stack to port 5001, packets of so many bytes of IP, in superframes.
struct ref_generator *ref_send_datagrams(int ns, uint32_t destination, int byte_count);
/// The same frame again and again, out of an interface.
struct ref_generator *ref_send_frames(int ns, const char *interface, int byte_count);
/// Packets that the kernel has taken.
uint64_t ref_stop(struct ref_generator *generator);

/// A socket on UDP port 5001 whose filter drops everything: packets end there at the least cost.
int ref_sink(void);

/// Attaches to a TUN or TAP without virtio headers.
int ref_tun_open(const char *interface, bool is_tap);
/// Forwards from one descriptor to the other for a time, by io_uring: up to 64 packets a system call, the next reads with
/// the present writes. With `push`, 22 bytes of Ethernet header and labels are put before each.
uint64_t ref_forward_ring(int from, int to, bool push, double seconds);
/// The same by `read` and `write`.
uint64_t ref_forward_calls(int from, int to, bool push, double seconds);

/// Receives frames for a time by TPACKET_V3, in blocks that are passed on after a millisecond at the latest, and looks at
/// each frame's header.
uint64_t ref_receive_blocks(const char *interface, double seconds, uint64_t *dropped);
/// Sends the same frame again and again, 64 a system call.
uint64_t ref_transmit(const char *interface, int byte_count, double seconds);

/// Writes an IPv4 packet with UDP in it.
void ref_write_datagram(uint8_t *packet, int byte_count, uint32_t source, uint32_t destination);

/// Writes a capture of UDP packets in Ethernet frames of so many bytes, all from 10.1.0.5 to 198.51.100.10.
void ref_make_capture(const char *path, int byte_count, int packet_count, uint64_t destination_mac);
/// Reads a capture that is mapped, pushes two labels, writes another by a megabyte; returns the packets.
uint64_t ref_push_capture(const char *from, const char *to);
