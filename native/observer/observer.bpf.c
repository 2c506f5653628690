// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Runs in the kernel, at the tracepoints of its scheduler and of contended locks, and sends what lasts: intervals in
// which a thread of a target process was off its CPU, and waits for a target's mmap_lock with the holds that caused
// them, by any thread of the machine, from `detail_ns` on. Everything shorter stays here.
//
// No program is attached to the events of mmap_lock: they come each time any process takes its own mmap_lock, and cost
// a process that does nothing else a fifth of its time. Only who sleeps for the lock is followed. Who has it then is
// told twice: the lock names its owner (a writer exactly; of readers, the last that took it), and whoever gives it back
// wakes the sleeper.
//
// State is in array slots by thread id: hash maps that are updated at each taking of the lock cost up to three times as
// much. A byte for each id tells which slots are in use. Of a thread that does not matter a switch reads only that, and
// threads of one program have neighbouring bytes. What then remains is what it takes to run a program at all, so a
// thread that sleeps and wakes comes by two programs only. The system call, its arguments and the kernel stack are read
// when an interval turns out to be long, from the thread's saved registers and stack, so that no program is attached to
// system calls, which would slow every call of every process.
//
// Tracing programs by BTF (tp_btf): typed arguments, no kprobes. The kernel asks for a GPL-compatible licence for the
// helpers that are used here.
#include "kernel_types.h"
// libbpf's headers need the types above.
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "records.h"
#include "user_stack.bpf.h"

char kLicense[] SEC("license") = "Dual BSD/GPL";

// observer.cc compares it with its own.
const volatile unsigned long long records_shape = RECORDS_SHAPE;

const volatile unsigned int targets_n = 0;
const volatile unsigned int slot_mask = 0;
// What is shorter is not sent; of sleep, which threads do between their jobs, what is shorter than a stall.
const volatile unsigned long long detail_ns = 1000000;
const volatile unsigned long long threshold_ns = 20000000;

// Which threads have a slot, by the last 16 bits of their ids.
unsigned char followed[kMostSlots];

// By process; observer.cc writes tgid, and the programs write mm: it changes at exec.
struct target targets[kMostTargets];

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct thread_slot);
} slots SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct cpu_slot);
} cpus SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct losses);
} losses SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 4 << 20);
} ring SEC(".maps");

#define kKernelThread 0x00200000  // PF_KTHREAD, include/linux/sched.h
// include/linux/sched.h
#define kUninterruptible 0x2
#define kStopped 0x4
#define kTraced 0x8
#define kRtLockWait 0x1000
#define kFrozen 0x8000
// include/uapi/linux/futex.h; the command is in the low bits.
#if defined(__TARGET_ARCH_x86)
#define kFutexCall 202
#else
#define kFutexCall 98
#endif
#define kFutexCommand 0x7f
#define kFutexWait 0
#define kFutexLockPi 6
#define kFutexLockPi2 13
// The word of a mutex that is locked and has waiters.
#define kContended 2
// LCB_F_SPIN and LCB_F_WRITE, include/trace/events/lock.h
#define kSpins 1
#define kWrites 4
// A wait that ends while its thread is still on its way to sleep.
#define kRaceNs 1000000ULL
// kernel/locking/rwsem.c: RWSEM_READER_OWNED and the flag beside it in `owner`, RWSEM_WRITER_LOCKED and the number of
// readers in `count`, whose highest bit is no reader.
#define kReaderOwned 1ULL
#define kOwnerFlags 7ULL
#define kWriterLocked 1ULL
#define kReaders 0x7fffffffffffff00ULL

static __always_inline struct losses* lost(void) {
  __u32 zero = 0;
  return bpf_map_lookup_elem(&losses, &zero);
}

static __always_inline void* reserved(__u64 bytes) {
  void* record = bpf_ringbuf_reserve(&ring, bytes, 0);
  if (!record) {
    struct losses* counts = lost();
    if (counts) counts->ring_full_n++;
  }
  return record;
}

// The slot that a thread of this id has, or would have.
static __always_inline struct thread_slot* slot_at(__u32 tid) {
  __u32 index = tid & slot_mask;
  return bpf_map_lookup_elem(&slots, &index);
}

// Whether a thread of this id, or of an id that has the same slot, is followed.
static __always_inline bool may_matter(__u32 tid) { return followed[tid & (kMostSlots - 1)] != 0; }

static __always_inline struct thread_slot* slot_of(__u32 tid) {
  if (!may_matter(tid)) return 0;
  struct thread_slot* slot = slot_at(tid);
  return slot && tid != 0 && slot->tid == tid ? slot : 0;
}

// The byte first: whoever gets the free slot sets it again.
static __always_inline void free_slot(struct thread_slot* slot) {
  followed[slot->tid & (kMostSlots - 1)] = 0;
  slot->tid = 0;
}

static __always_inline struct target* target_by_tgid(__u32 tgid) {
  for (__u32 i = 0; i < kMostTargets && i < targets_n; i++) {
    if (targets[i].tgid == tgid) return &targets[i];
  }
  return 0;
}

// The process whose address space it is; 0: not a target's.
static __always_inline __u32 target_by_mm(struct mm_struct* mm) {
  for (__u32 i = 0; i < kMostTargets && i < targets_n; i++) {
    if (targets[i].mm == (__u64)mm) return targets[i].tgid;
  }
  return 0;
}

static __always_inline void identify(struct who* who, struct task_struct* task) {
  who->tid = task->pid;
  who->tgid = task->tgid;
  who->nice = task->static_prio - 120;
  // A name ends with a 0 within its 16 bytes, so it needs no helper that looks for the end.
  const __u64* comm = (const __u64*)&task->comm;
  __u64 name[2] = {comm[0], comm[1]};
  __builtin_memcpy(who->comm, name, sizeof(name));
}

static __always_inline void read_call(struct system_call* call, struct task_struct* task) {
  call->number = -1;
  call->reserved = 0;
  __builtin_memset(call->arguments, 0, sizeof(call->arguments));
  if (task->flags & kKernelThread) return;
  struct pt_regs* regs = (struct pt_regs*)bpf_task_pt_regs(task);
  if (!regs) return;
#if defined(__TARGET_ARCH_x86)
  call->number = (int)BPF_CORE_READ(regs, orig_ax);
  call->arguments[0] = BPF_CORE_READ(regs, di);
  call->arguments[1] = BPF_CORE_READ(regs, si);
  call->arguments[2] = BPF_CORE_READ(regs, dx);
  call->arguments[3] = BPF_CORE_READ(regs, r10);
  call->arguments[4] = BPF_CORE_READ(regs, r8);
  call->arguments[5] = BPF_CORE_READ(regs, r9);
#else
  call->number = BPF_CORE_READ(regs, syscallno);
  call->arguments[0] = BPF_CORE_READ(regs, orig_x0);
  call->arguments[1] = BPF_CORE_READ(regs, regs[1]);
  call->arguments[2] = BPF_CORE_READ(regs, regs[2]);
  call->arguments[3] = BPF_CORE_READ(regs, regs[3]);
  call->arguments[4] = BPF_CORE_READ(regs, regs[4]);
  call->arguments[5] = BPF_CORE_READ(regs, regs[5]);
#endif
}

// Where the stack of the thread is, outside of the kernel.
static __always_inline __u64 stack_pointer_of(struct task_struct* task) {
  struct pt_regs* regs = task->flags & kKernelThread ? 0 : (struct pt_regs*)bpf_task_pt_regs(task);
  return regs ? BPF_CORE_READ(regs, sp) : 0;
}

static __always_inline __u32 read_stack(__u64* frames, struct task_struct* task) {
  long bytes = bpf_get_task_stack(task, frames, kFrames * sizeof(__u64), 0);
  return bytes > 0 ? bytes / sizeof(__u64) : 0;
}

// Prepares a slot for the thread; null where another thread that matters has it. A thread of a target asks once, and
// any other each time it has to do with a target's lock.
static __always_inline struct thread_slot* claim_for(const struct who* who, bool is_target) {
  struct thread_slot* slot = slot_at(who->tid);
  if (!slot) return 0;
  if (slot->tid != 0 && slot->tid != who->tid) {
    struct losses* counts = lost();
    if (counts && is_target) counts->threads_n++;
    if (counts && !is_target) counts->lock_users_n++;
    return 0;
  }
  __builtin_memset(slot, 0, sizeof(*slot));
  slot->tid = who->tid;
  slot->tgid = who->tgid;
  slot->nice = who->nice;
  slot->is_target = is_target;
  __builtin_memcpy(slot->comm, who->comm, sizeof(slot->comm));
  followed[who->tid & (kMostSlots - 1)] = 1;
  return slot;
}

static __always_inline struct thread_slot* claim(struct task_struct* task, bool is_target) {
  struct who who = {};
  identify(&who, task);
  return claim_for(&who, is_target);
}

// 0 runnable, 1 asleep, 2 blocked, 3 stopped, from the bits of __state (include/linux/sched.h). A frozen thread and one
// that waits for a sleeping spin lock count as blocked.
static __always_inline __u8 state_of(__u32 bits) {
  if (bits & (kUninterruptible | kFrozen | kRtLockWait)) return 2;
  if (bits & (kStopped | kTraced)) return 3;
  return bits != 0 ? 1 : 0;
}

static __always_inline struct cpu_slot* cpu_at(__u32 cpu) { return bpf_map_lookup_elem(&cpus, &cpu); }

static __always_inline void enqueue(struct thread_slot* slot, __u32 cpu, __u64 now) {
  struct cpu_slot* queue = cpu_at(cpu);
  if (!queue || slot->queued) return;
  slot->queued = cpu + 1;
  // Nobody looked before: who runs there now is recorded from here on.
  if (__sync_fetch_and_add(&queue->queued_n, 1) == 0) queue->since_ns = now;
  // What runs there now counts from now on.
  slot->busy_ns = queue->busy_ns + (now - queue->since_ns);
}

static __always_inline void dequeue(struct thread_slot* slot) {
  if (!slot->queued) return;
  struct cpu_slot* queue = cpu_at(slot->queued - 1);
  if (queue) __sync_fetch_and_add(&queue->queued_n, -1);
  slot->queued = 0;
}

// For how long the CPU of this queue, and those before, were busy while the thread waited there.
static __always_inline __u64 busy_for(const struct thread_slot* slot, const struct cpu_slot* queue) {
  __s64 busy_ns = (__s64)(queue->busy_ns - slot->busy_ns);
  return busy_ns > 0 ? busy_ns : 0;
}

static __always_inline void send_ran(struct task_struct* task, __u32 cpu, __u64 start_ns, __u64 end_ns) {
  struct ran_record* record = reserved(sizeof(*record));
  if (!record) return;
  record->type = kRan;
  identify(&record->thread, task);
  record->cpu = cpu;
  record->start_ns = start_ns;
  record->end_ns = end_ns;
  bpf_ringbuf_submit(record, 0);
}

static __always_inline __u64 owner_of(__u64 lock) {
  // A kernel with PREEMPT_RT has another lock, which does not name its owner.
  if (!bpf_core_field_exists(struct rw_semaphore, owner)) return 0;
  return BPF_CORE_READ((struct rw_semaphore*)lock, owner.counter);
}

static __always_inline __u64 count_of(__u64 lock) {
  if (!bpf_core_field_exists(struct rw_semaphore, count)) return 0;
  return BPF_CORE_READ((struct rw_semaphore*)lock, count.counter);
}

static __always_inline struct task_struct* task_in(__u64 owner) { return (struct task_struct*)(owner & ~kOwnerFlags); }

// Of a thread on a CPU.
struct arrival {
  __u32 cpu;
  __u64 now_ns;
  // How long that CPU was busy before, while the thread waited for it.
  __u64 busy_ns;
};

static __always_inline void send_off(struct thread_slot* slot, struct task_struct* before, struct task_struct* task,
                                     struct arrival at) {
  struct off_record* record = reserved(sizeof(*record));
  if (!record) return;
  record->type = kOff;
  record->state = slot->state;
  record->phase = slot->phase == kWaits ? kWaits : kNoLock;
  record->is_write = slot->is_write;
  // Its name and nice value may have changed since the slot was made.
  identify(&record->thread, task);
  record->cpu_out = slot->cpu_out;
  record->cpu_in = at.cpu;
  record->waker = slot->waker;
  record->waker_call = slot->waker_call;
  record->taker = slot->taker;
  identify(&record->before, before);
  record->off_ns = slot->off_ns;
  record->woken_ns = slot->woken_ns;
  record->on_ns = at.now_ns;
  record->busy_ns = at.busy_ns;
  record->lock_tgid = slot->phase == kWaits ? slot->lock_tgid : 0;
  if (slot->phase != kWaits && slot->state == 2 && slot->is_target) {
    // It has not run since: a writer that waits for the readers of a VMA still has the lock.
    struct target* target = target_by_tgid(slot->tgid);
    __u64 lock = target ? target->mm + bpf_core_field_offset(struct mm_struct, mmap_lock) : 0;
    __u64 owner = lock ? owner_of(lock) : 0;
    if (task_in(owner) == task && !(owner & kReaderOwned)) {
      record->phase = kHolds;
      record->is_write = 1;
      record->lock_tgid = slot->tgid;
    }
  }
  record->contention = slot->contention;
  record->gave_write = slot->gave_write;
  record->gave_from_ns = slot->gave_from_ns;
  record->gave_to_ns = slot->gave_to_ns;
  read_call(&record->call, task);
  record->stack_pointer = stack_pointer_of(task);
  record->own_stack = slot->own_stack;
  record->waker_stack = slot->waker_stack;
  record->frames_n = read_stack(record->frames, task);
  bpf_ringbuf_submit(record, 0);
}

// Sleeping is what threads do between their jobs. It matters while the thread has to do with the lock, where it was
// long enough to be a stall (which the call and the waker tell), and where the thread then had no CPU.
static __always_inline bool matters(const struct thread_slot* slot, __u64 now) {
  if (slot->state != 1 || slot->phase != kNoLock) return now - slot->off_ns >= detail_ns;
  return now - slot->off_ns >= threshold_ns || (slot->woken_ns != 0 && now - slot->woken_ns >= detail_ns);
}

// Of sleeps that are shorter than a stall, those for a mutex matter too: they show who had it after whom.
static __always_inline bool sleeps_for_mutex(struct task_struct* task) {
  struct system_call call;
  read_call(&call, task);
  if (call.number != kFutexCall) return 0;
  __u64 command = call.arguments[1] & kFutexCommand;
  if (command == kFutexLockPi || command == kFutexLockPi2) return 1;
  return command == kFutexWait && (__u32)call.arguments[2] == kContended;
}

// A thread of another program matters only while it has to do with the lock.
static __always_inline void let_go(struct thread_slot* slot) {
  slot->phase = kNoLock;
  slot->slept_ns = 0;
  slot->acquired_ns = 0;
  if (slot->is_target) return;
  dequeue(slot);
  free_slot(slot);
}

// The thread of `slot` goes to sleep for a lock: who has it? That thread is followed from here on, and may be off its
// CPU already. The task is read with care (BPF_CORE_READ): a reader that has the lock no longer may have ended.
static __always_inline void look_at_owner(struct thread_slot* slot, __u64 now) {
  __u64 owner = owner_of(slot->lock);
  struct task_struct* task = task_in(owner);
  slot->owner_mode = !task ? kUnknownMode : owner & kReaderOwned ? kForRead : kForWrite;
  slot->owner.tid = 0;
  if (!task) return;
  slot->owner.tid = BPF_CORE_READ(task, pid);
  slot->owner.tgid = BPF_CORE_READ(task, tgid);
  slot->owner.nice = BPF_CORE_READ(task, static_prio) - 120;
  bpf_probe_read_kernel_str(slot->owner.comm, sizeof(slot->owner.comm),
                            (void*)task + bpf_core_field_offset(struct task_struct, comm));
  if (slot->owner.tid == 0 || slot->owner.tid == slot->tid) return;
  struct thread_slot* holder = slot_of(slot->owner.tid);
  if (!holder) {
    holder = claim_for(&slot->owner, 0);
    if (!holder) return;
    // Its size differs by kernel, and BPF_CORE_READ would read that of kernel_types.h.
    if (!BPF_CORE_READ_BITFIELD_PROBED(task, on_cpu)) {
      holder->state = state_of(BPF_CORE_READ(task, __state));
      holder->cpu_out = BPF_CORE_READ(task, thread_info.cpu);
      holder->off_ns = now;
      if (holder->state == 0) enqueue(holder, holder->cpu_out, now);
    }
  }
  if (holder->phase != kNoLock) return;
  holder->phase = kHolds;
  holder->lock = slot->lock;
  holder->lock_tgid = slot->lock_tgid;
  holder->is_write = slot->owner_mode == kForWrite;
}

// Whether the thread may still have the lock that it once had.
static __always_inline bool may_hold(const struct thread_slot* slot, struct task_struct* task) {
  return slot->is_write ? task_in(owner_of(slot->lock)) == task : (count_of(slot->lock) & kReaders) != 0;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(on_switch, bool preempt, struct task_struct* prev, struct task_struct* next, unsigned int prev_state) {
  __u32 cpu = bpf_get_smp_processor_id();
  struct cpu_slot* queue = cpu_at(cpu);
  struct thread_slot* out = slot_of(prev->pid);
  struct thread_slot* in = slot_of(next->pid);
  bool isWatched = queue && queue->queued_n > 0;
  if (!out && !in && !isWatched) return 0;
  __u64 now = bpf_ktime_get_ns();
  if (isWatched) {
    if (prev->pid != 0) {
      queue->busy_ns += now - queue->since_ns;
      if (now - queue->since_ns >= detail_ns) send_ran(prev, cpu, queue->since_ns, now);
    }
    queue->since_ns = now;
  }
  if (out && out->phase == kHolds && !may_hold(out, prev)) {
    let_go(out);
    if (!out->is_target) out = 0;
  }
  if (out) {
    out->state = preempt ? 0 : state_of(prev_state);
    out->off_ns = now;
    out->cpu_out = cpu;
    out->woken_ns = 0;
    out->waker.tid = 0;
    out->gave_from_ns = 0;
    out->gave_to_ns = 0;
    // Woken after it had decided to sleep and before this switch: it is ready to run. If it went on running instead,
    // and sleeps for another reason now, another waking comes.
    if (out->state != 0 && out->early_ns != 0 && now - out->early_ns < kRaceNs) {
      out->woken_ns = now;
      out->waker.tid = out->early_by;
      out->waker_call.number = -1;
    }
    if (out->state == 0 || out->woken_ns != 0) enqueue(out, cpu, now);
    out->waker_stack.number = 0;
    out->own_stack.number = 0;
    if (out->phase == kHolds) read_user_stack(ctx, &out->own_stack, stack_pointer_of(prev), lost());
    identify(&out->taker, next);
    if (out->phase == kWaits) {
      if (out->slept_ns == 0) out->slept_ns = now;
      look_at_owner(out, now);
    }
  }
  if (in) {
    __u64 busy_ns = queue && in->queued == cpu + 1 ? busy_for(in, queue) : 0;
    dequeue(in);
    bool isLong = in->off_ns != 0 && now - in->off_ns >= detail_ns;
    if (isLong && (matters(in, now) || sleeps_for_mutex(next)))
      send_off(in, prev, next, (struct arrival){cpu, now, busy_ns});
    in->off_ns = 0;
    in->early_ns = 0;
  }
  return 0;
}

// From here to the wakings: who gives a lock back.

static __always_inline void send_hold(const struct hold_record* hold, struct task_struct* task) {
  struct hold_record* record = reserved(sizeof(*record));
  if (!record) return;
  record->type = kHold;
  record->is_write = hold->is_write;
  record->has_it = hold->has_it;
  record->is_kernel_thread = (task->flags & kKernelThread) != 0;
  identify(&record->thread, task);
  record->lock_tgid = hold->lock_tgid;
  record->slept_ns = hold->slept_ns;
  record->acquired_ns = hold->acquired_ns;
  record->released_ns = hold->released_ns;
  record->user_stack = hold->user_stack;
  read_call(&record->call, task);
  record->frames_n = read_stack(record->frames, task);
  bpf_ringbuf_submit(record, 0);
}

// The waker gives the lock back for which the thread of `slot` sleeps, and had it at least since that thread fell
// asleep, or since it got the lock itself. A thread that comes by while others have the lock for read cannot take it
// for read, because somebody sleeps for it; one that takes it in a free moment wakes nobody before the first in the
// queue.
static __always_inline void give_back(struct thread_slot* slot, struct task_struct* waker, __u64 now) {
  __u32 tid = waker->pid;
  bool isOwner = slot->owner_mode != kUnknownMode && slot->owner.tid == tid;
  __u64 count = count_of(slot->lock);
  // Else it was woken for another reason, as by a fatal signal.
  bool isFree = (count & (slot->is_write ? kWriterLocked | kReaders : kWriterLocked)) == 0;
  if (!isOwner && !isFree) return;
  struct thread_slot* holder = slot_of(tid);
  __u64 acquired_ns = holder && holder->phase == kHolds && holder->lock == slot->lock ? holder->acquired_ns : 0;
  bool isWrite;
  __u64 from_ns = slot->off_ns;
  if (acquired_ns > slot->off_ns) {
    isWrite = holder->is_write;
    from_ns = acquired_ns;
  } else if (isOwner) {
    isWrite = slot->owner_mode == kForWrite;
  } else {
    // Not the owner that was seen: another reader, or a thread that took the lock later without sleeping for it. A
    // writer clears its name in the lock, and a reader leaves it there. Sleeping readers wait for writers only.
    isWrite = !slot->is_write || (owner_of(slot->lock) & kReaderOwned) == 0;
    bool hadIt = slot->owner_mode == kUnknownMode || (slot->owner_mode == kForRead && !isWrite);
    if (!hadIt) from_ns = now - 1;
  }
  slot->gave_write = isWrite;
  slot->gave_from_ns = from_ns;
  slot->gave_to_ns = now;
  if (now - from_ns >= detail_ns) {
    struct hold_record hold = {};
    hold.is_write = isWrite;
    hold.has_it = 1;
    hold.lock_tgid = slot->lock_tgid;
    hold.acquired_ns = from_ns;
    hold.released_ns = now;
    hold.user_stack = slot->waker_stack;
    send_hold(&hold, waker);
  }
}

// Whether the waking may end a stall for a lock or a mutex. Threads sleep between their jobs all the time, and disks
// end waits by interrupts.
static __always_inline bool ends_lock_wait(const struct thread_slot* slot, struct task_struct* task) {
  __u64 slept_ns = slot->woken_ns - slot->off_ns;
  if (slot->phase == kWaits) return slept_ns >= detail_ns;
  return slept_ns >= threshold_ns && (slot->state == 2 || (slot->state == 1 && sleeps_for_mutex(task)));
}

SEC("tp_btf/sched_waking")
int BPF_PROG(on_waking, struct task_struct* task) {
  struct thread_slot* slot = slot_of(task->pid);
  if (!slot) return 0;
  if (slot->off_ns == 0) {
    slot->early_ns = bpf_ktime_get_ns();
    slot->early_by = (__u32)bpf_get_current_pid_tgid();
    return 0;
  }
  if (slot->state == 0) return 0;
  // Only a thread that sleeps is woken: what had looked like its waking before it slept was none.
  if (slot->woken_ns != 0) dequeue(slot);
  slot->woken_ns = bpf_ktime_get_ns();
  struct task_struct* waker = bpf_get_current_task_btf();
  identify(&slot->waker, waker);
  // What it gave back tells which lock was waited for: a VMA's lock and a futex have no events.
  if (slot->woken_ns - slot->off_ns >= detail_ns)
    read_call(&slot->waker_call, waker);
  else
    slot->waker_call.number = -1;
  if (ends_lock_wait(slot, task))
    read_user_stack(ctx, &slot->waker_stack, stack_pointer_of(waker), lost());
  else
    slot->waker_stack.number = 0;
  if (slot->phase == kWaits) give_back(slot, waker, slot->woken_ns);
  // Where it slept. If the scheduler chooses another CPU for it, on_migration comes next.
  enqueue(slot, task->thread_info.cpu, slot->woken_ns);
  return 0;
}

// A program at sched_wakeup would know the CPU, too, at the cost of a third program for every waking of the machine;
// threads change their CPUs less often.
SEC("tp_btf/sched_migrate_task")
int BPF_PROG(on_migration, struct task_struct* task, int cpu) {
  struct thread_slot* slot = slot_of(task->pid);
  if (!slot || !slot->queued) return 0;
  struct cpu_slot* queue = cpu_at(slot->queued - 1);
  __u64 busy_ns = queue ? busy_for(slot, queue) : 0;
  dequeue(slot);
  enqueue(slot, cpu, bpf_ktime_get_ns());
  slot->busy_ns -= busy_ns;
  return 0;
}

// Whoever has to sleep for a lock of the kernel comes by here, from Linux 5.19 on, and nobody else: the event at each
// attempt to take mmap_lock would cost every process of the machine a third more. A lock that spins is no wait of
// milliseconds.
SEC("tp_btf/contention_begin")
int BPF_PROG(on_contention_begin, void* lock, unsigned int flags) {
  if (flags & kSpins) return 0;
  struct task_struct* task = bpf_get_current_task_btf();
  struct thread_slot* slot = slot_of(task->pid);
  __u32 lock_tgid = target_by_mm((struct mm_struct*)(lock - bpf_core_field_offset(struct mm_struct, mmap_lock)));
  if (lock_tgid == 0) {
    if (slot) slot->contention = 1 + flags;
    return 0;
  }
  if (!slot) slot = claim(task, 0);
  if (!slot) return 0;
  slot->phase = kWaits;
  slot->is_write = (flags & kWrites) != 0;
  slot->lock_tgid = lock_tgid;
  slot->lock = (__u64)lock;
  slot->slept_ns = 0;
  slot->acquired_ns = 0;
  slot->early_ns = 0;
  return 0;
}

SEC("tp_btf/contention_end")
int BPF_PROG(on_contention_end, void* lock, int error) {
  struct task_struct* task = bpf_get_current_task_btf();
  struct thread_slot* slot = slot_of(task->pid);
  if (!slot) return 0;
  slot->contention = 0;
  if (slot->phase != kWaits || slot->lock != (__u64)lock) return 0;
  __u64 now = bpf_ktime_get_ns();
  __u64 slept_ns = slot->slept_ns;
  // A rwsem gives a sleeping reader the lock and then wakes it (rwsem_mark_wake in kernel/locking/rwsem.c): the reader
  // has it for all the time for which it waits for a CPU, and comes here late. A writer takes the lock itself.
  bool isGranted = !slot->is_write && slept_ns != 0 && slot->woken_ns > slept_ns;
  slot->acquired_ns = isGranted ? slot->woken_ns : now;
  if (slept_ns != 0 && now - slept_ns >= detail_ns) {
    struct hold_record wait = {};
    wait.is_write = slot->is_write;
    wait.has_it = error == 0;
    wait.lock_tgid = slot->lock_tgid;
    wait.slept_ns = slept_ns;
    wait.acquired_ns = error == 0 ? slot->acquired_ns : now;
    wait.released_ns = now;
    read_user_stack(ctx, &wait.user_stack, stack_pointer_of(task), lost());
    send_hold(&wait, task);
  }
  slot->slept_ns = 0;
  slot->early_ns = 0;
  if (error == 0)
    slot->phase = kHolds;
  else
    let_go(slot);
  return 0;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct* parent, struct task_struct* child) {
  if (parent->tgid == child->tgid && target_by_tgid(child->tgid)) claim(child, 1);
  return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct* task) {
  struct target* target = target_by_tgid(task->tgid);
  if (!target) return 0;
  target->mm = (__u64)task->mm;
  if (!slot_of(task->pid)) claim(task, 1);
  return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct* task) {
  struct thread_slot* slot = slot_of(task->pid);
  if (!slot || !slot->is_target) return 0;
  dequeue(slot);
  free_slot(slot);
  struct exit_record* record = reserved(sizeof(*record));
  if (!record) return 0;
  record->type = kExit;
  identify(&record->thread, task);
  record->at_ns = bpf_ktime_get_ns();
  bpf_ringbuf_submit(record, 0);
  return 0;
}

// How many waiters of a lock are looked through.
#define kMostWaiters 256

// The first in the queue of a lock, and in `end` where the queue ends; null: nobody waits.
static __always_inline struct list_head* first_waiting(struct rw_semaphore* lock, __u64* end) {
  if (bpf_core_field_exists(struct rw_semaphore, first_waiter)) {
    // A ring of those who wait.
    struct rwsem_waiter* first = BPF_CORE_READ(lock, first_waiter);
    if (!first) return 0;
    *end = (__u64)first + bpf_core_field_offset(struct rwsem_waiter, list);
    return (struct list_head*)*end;
  }
  if (!bpf_core_field_exists(struct rw_semaphore, wait_list)) return 0;
  *end = (__u64)lock + bpf_core_field_offset(struct rw_semaphore, wait_list);
  struct list_head* first = BPF_CORE_READ((struct list_head*)*end, next);
  return (__u64)first == *end ? 0 : first;
}

// A thread that is blocked already when the observation begins: does it sleep for its process's mmap_lock? The queue of
// the lock has its name. Nothing keeps the queue as it is, so each step is read with care, and a step into nowhere ends
// it.
static __always_inline void seed_wait(struct thread_slot* slot, struct task_struct* task, __u64 now) {
  if (!task->mm || !bpf_core_field_exists(struct rwsem_waiter, type)) return;
  struct rw_semaphore* lock = &task->mm->mmap_lock;
  __u64 end = 0;
  struct list_head* at = first_waiting(lock, &end);
  for (int i = 0; i < kMostWaiters && at; i++) {
    struct rwsem_waiter* waiter = (void*)at - bpf_core_field_offset(struct rwsem_waiter, list);
    if (BPF_CORE_READ(waiter, task) == task) {
      slot->phase = kWaits;
      slot->is_write =
          BPF_CORE_READ(waiter, type) == bpf_core_enum_value(enum rwsem_waiter_type, RWSEM_WAITING_FOR_WRITE);
      slot->lock = (__u64)lock;
      slot->lock_tgid = slot->tgid;
      slot->slept_ns = now;
      look_at_owner(slot, now);
      return;
    }
    at = BPF_CORE_READ(at, next);
    if ((__u64)at == end) return;
  }
}

// Run once, when all the others are attached: the threads that the targets have already.
SEC("iter/task")
int seed(struct bpf_iter__task* context) {
  struct task_struct* task = context->task;
  if (!task) return 0;
  struct target* target = target_by_tgid(task->tgid);
  if (!target) return 0;
  if (task->mm) target->mm = (__u64)task->mm;
  struct thread_slot* slot = slot_of(task->pid);
  if (slot) {
    // The lock for which another thread sleeps named it. As the last that took it for read it may have given it back,
    // and sleep for it itself.
    slot->is_target = 1;
    if (slot->off_ns == 0 || slot->woken_ns != 0 || slot->phase == kWaits) return 0;
  } else {
    slot = claim(task, 1);
    if (!slot || task->on_cpu) return 0;
    // How long it has been off its CPU is not known: it counts from now on.
    slot->state = state_of(task->__state);
    slot->cpu_out = task->thread_info.cpu;
    slot->off_ns = bpf_ktime_get_ns();
    if (slot->state == 0) enqueue(slot, slot->cpu_out, slot->off_ns);
  }
  if (slot->state == 2) seed_wait(slot, task, slot->off_ns);
  return 0;
}
