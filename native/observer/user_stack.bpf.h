// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Where the program of a thread was when it called the kernel, by its frame pointers. The kernel walks the stack of the
// current thread only. So there is one of whoever wakes a sleeper or ends a wait, and of who loses its CPU with a lock
// in hand. Equal stacks are kept once, in a map from which none is removed; slots and records have its number.
#pragma once

#include "kernel_types.h"
#include "records.h"

struct {
  __uint(type, BPF_MAP_TYPE_STACK_TRACE);
  __uint(max_entries, 16384);
  __uint(key_size, sizeof(__u32));
  __uint(value_size, kUserFrames * sizeof(__u64));
} user_stacks SEC(".maps");

// include/uapi/asm-generic/errno-base.h: another stack has the place that its hash gives.
#define kPlaceTaken (-17)

// Of the current thread; `sp`: its stack pointer outside of the kernel; 0: it has none.
static __always_inline void read_user_stack(void* context, struct user_stack* stack, __u64 sp, struct losses* counts) {
  stack->number = 0;
  stack->at_sp = 0;
  if (sp == 0) return;
  long place = bpf_get_stackid(context, &user_stacks, BPF_F_USER_STACK);
  if (place < 0) {
    if (place == kPlaceTaken && counts) counts->user_stacks_n++;
    return;
  }
  stack->number = 1 + place;
  // What the C library calls the kernel by has no frame of its own mostly: the next frame is that of its caller's
  // caller, and its return address lies here.
  bpf_probe_read_user(&stack->at_sp, sizeof(stack->at_sp), (void*)sp);
}
