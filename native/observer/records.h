// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// What observer.bpf.c sends to observer.cc. Both include it, so it is plain C. All times are CLOCK_MONOTONIC in ns.
#pragma once

enum { kComm = 16, kFrames = 24, kUserFrames = 16, kArguments = 6, kMostTargets = 64, kMostSlots = 65536 };

// Differs where a program and its loader were not made from the same records. Raise the first number when a field gets
// another meaning and no size changes.
#define RECORDS_MIX(shape, type) ((shape)*1021ULL + sizeof(type))
#define RECORDS_SHAPE                                                                                            \
  RECORDS_MIX(                                                                                                   \
      RECORDS_MIX(RECORDS_MIX(RECORDS_MIX(RECORDS_MIX(RECORDS_MIX(1ULL, struct off_record), struct hold_record), \
                                          struct ran_record),                                                    \
                              struct exit_record),                                                               \
                  struct thread_slot),                                                                           \
      struct losses)

enum record_type { kOff = 1, kHold = 2, kRan = 3, kExit = 4 };

// Where a thread stands with the mmap_lock of a target.
enum lock_phase { kNoLock = 0, kWaits = 1, kHolds = 2 };

// How a thread has a lock.
enum lock_mode { kUnknownMode = 0, kForRead = 1, kForWrite = 2 };

// The system call in which a thread is, by its saved registers; `number` is -1 in a page fault, an interrupt or a
// kernel thread.
struct system_call {
  int number;
  int reserved;
  unsigned long long arguments[kArguments];
};

struct who {
  unsigned int tid;
  unsigned int tgid;
  int nice;
  char comm[kComm];
};

// Where a program was when it called the kernel.
struct user_stack {
  // 1 + the key in the map `user_stacks`; 0: not read, or there is none.
  unsigned int number;
  unsigned int reserved;
  // The word to which its stack pointer pointed; 0: not read.
  unsigned long long at_sp;
};

// A thread was off its CPU, from a switch out to the next switch in.
struct off_record {
  unsigned char type;
  // Of the switch out: 0 runnable (preempted or yielded), 1 asleep, 2 blocked (D), 3 stopped.
  unsigned char state;
  unsigned char phase;
  unsigned char is_write;
  struct who thread;
  unsigned int cpu_out;
  unsigned int cpu_in;
  // Who woke it; tid 0: an interrupt on an idle CPU. woken_ns is 0 where it was runnable all the time.
  struct who waker;
  // Who got its CPU, and who had the CPU on which it came back.
  struct who taker;
  struct who before;
  unsigned long long off_ns;
  unsigned long long woken_ns;
  unsigned long long on_ns;
  // For how long at least CPUs were busy while the thread waited in their queues.
  unsigned long long busy_ns;
  // The process whose mmap_lock it waits for or holds; 0: none.
  unsigned int lock_tgid;
  // Of a sleeping lock that it waited for (lock:contention_begin): 1 + its LCB_F_ flags; 0: none.
  unsigned int contention;
  unsigned int frames_n;
  // The waker gave that mmap_lock back, and had had it at least since then; 0: it did not. However short: who gives a
  // lock back decides whose turn it is.
  unsigned int gave_write;
  unsigned long long gave_from_ns;
  unsigned long long gave_to_ns;
  struct system_call call;
  // In which the waker was.
  struct system_call waker_call;
  // Of the thread, outside of the kernel; 0: not known.
  unsigned long long stack_pointer;
  // Of the thread, where it lost its CPU with an mmap_lock in hand; and of the waker, where it may have given back what
  // the thread waited for.
  struct user_stack own_stack;
  struct user_stack waker_stack;
  unsigned long long frames[kFrames];
};

// Two events have this record. A thread got the mmap_lock of a target after it had slept for it: slept_ns is set. Or a
// thread gave the lock back and woke a thread that slept for it: the hold then counts from the moment at which that
// thread fell asleep, or at which the holder got the lock, whichever is later. Holds that keep nobody waiting have
// none.
struct hold_record {
  unsigned char type;
  unsigned char is_write;
  // False: it gave up waiting (a fatal signal).
  unsigned char has_it;
  unsigned char is_kernel_thread;
  struct who thread;
  unsigned int lock_tgid;
  unsigned int frames_n;
  // 0: it did not sleep for the lock.
  unsigned long long slept_ns;
  unsigned long long acquired_ns;
  unsigned long long released_ns;
  struct system_call call;
  // At the end of its wait, or where it gave the lock back.
  struct user_stack user_stack;
  unsigned long long frames[kFrames];
};

// Who ran on a CPU while a thread that matters was queued there.
struct ran_record {
  unsigned char type;
  struct who thread;
  unsigned int cpu;
  unsigned long long start_ns;
  unsigned long long end_ns;
};

struct exit_record {
  unsigned char type;
  struct who thread;
  unsigned long long at_ns;
};

// One slot a thread, at tid & mask. Read by observer.cc at the end, for what had not ended.
struct thread_slot {
  unsigned int tid;  // 0: free
  unsigned int tgid;
  // 0: it runs.
  unsigned long long off_ns;
  unsigned long long woken_ns;
  unsigned long long early_ns;
  // Since when it has the lock, if it slept for it; 0: not known. Whether it still has it is not known either.
  unsigned long long acquired_ns;
  unsigned long long slept_ns;
  // Address of the lock that it waits for or has.
  unsigned long long lock;
  // Who had the lock when this thread went to sleep for it, by the lock itself. A reader is only the last that took it.
  struct who owner;
  unsigned int owner_mode;
  unsigned int padding;
  unsigned int lock_tgid;
  unsigned int early_by;
  unsigned int cpu_out;
  // 1 + the CPU in whose queue it is counted; 0: none.
  unsigned int queued;
  // `busy_ns` of that CPU when it came there, less what it had waited before for other CPUs that were busy.
  unsigned long long busy_ns;
  int nice;
  unsigned int contention;
  unsigned char state;
  unsigned char is_target;
  unsigned char phase;
  unsigned char is_write;
  char comm[kComm];
  struct who waker;
  struct who taker;
  struct system_call waker_call;
  // As in off_record.
  struct user_stack own_stack;
  struct user_stack waker_stack;
  unsigned long long gave_from_ns;
  unsigned long long gave_to_ns;
  unsigned int gave_write;
  unsigned int reserved;
};

struct cpu_slot {
  // How many threads with a slot wait in its queue. While there are some, pauselab records who runs there.
  int queued_n;
  unsigned int reserved;
  // From when on the thread that runs there is recorded.
  unsigned long long since_ns;
  // For how long it was not idle up to then, while some waited.
  unsigned long long busy_ns;
};

// Per CPU; observer.cc sums them.
struct losses {
  unsigned long long ring_full_n;
  // Another thread had the slot: threads of targets, and times at which another thread waited for a target's lock or
  // had it.
  unsigned long long threads_n;
  unsigned long long lock_users_n;
  // Stacks outside of the kernel.
  unsigned long long user_stacks_n;
};

struct target {
  unsigned int tgid;
  unsigned int reserved;
  unsigned long long mm;
};
