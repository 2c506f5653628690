// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The few kernel types that observer.bpf.c reads. Every field is relocated when the program is loaded (CO-RE), by the
// BTF of the kernel that runs: `preserve_access_index` asks the compiler to record each access by name. So only names
// and types matter here; the order and the other fields do not.
#pragma once

typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef signed char __s8;
typedef short __s16;
typedef int __s32;
typedef long long __s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;
typedef _Bool bool;

enum { BPF_ANY = 0, BPF_F_USER_STACK = 1U << 8, BPF_F_MMAPABLE = 1U << 10, BPF_F_CURRENT_CPU = 0xffffffffULL };
enum bpf_map_type {
  BPF_MAP_TYPE_ARRAY = 2,
  BPF_MAP_TYPE_PERCPU_ARRAY = 6,
  BPF_MAP_TYPE_STACK_TRACE = 7,
  BPF_MAP_TYPE_RINGBUF = 27
};

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct counter {
  __s64 counter;
};

struct list_head {
  struct list_head* next;
};

struct rwsem_waiter;

// wait_list up to Linux 7.0, first_waiter from 7.1 on.
struct rw_semaphore {
  struct counter count;
  struct counter owner;
  struct list_head wait_list;
  struct rwsem_waiter* first_waiter;
};

struct task_struct;

// kernel/locking/rwsem.c
enum rwsem_waiter_type { RWSEM_WAITING_FOR_WRITE, RWSEM_WAITING_FOR_READ };

struct rwsem_waiter {
  struct list_head list;
  struct task_struct* task;
  enum rwsem_waiter_type type;
};

struct mm_struct {
  struct rw_semaphore mmap_lock;
};

struct thread_info {
  __u32 cpu;
};

struct task_struct {
  struct thread_info thread_info;
  unsigned int __state;
  unsigned int flags;
  // An int, and from Linux 7.2 on a u8: libbpf adapts only what is unsigned here.
  unsigned int on_cpu;
  int static_prio;
  int pid;
  int tgid;
  struct mm_struct* mm;
  char comm[16];
};

struct bpf_iter_meta;

struct bpf_iter__task {
  struct bpf_iter_meta* meta;
  struct task_struct* task;
};

struct linux_binprm;

#if defined(__TARGET_ARCH_x86)
struct pt_regs {
  long unsigned int r10;
  long unsigned int r9;
  long unsigned int r8;
  long unsigned int dx;
  long unsigned int si;
  long unsigned int di;
  long unsigned int orig_ax;
  long unsigned int sp;
};
#elif defined(__TARGET_ARCH_arm64)
struct pt_regs {
  __u64 regs[31];
  __u64 sp;
  __u64 orig_x0;
  __s32 syscallno;
};
#else
#error "the observer knows the registers of x86-64 and arm64 only"
#endif

#pragma clang attribute pop
