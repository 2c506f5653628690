// pauselab-observer: what stalls processes that run already, seen from the kernel (eBPF).
//
//   pauselab-observer PROGRAM DETAIL_NS THRESHOLD_NS TGID...
//
// Loads PROGRAM (observer.bpf.c, compiled), attaches it, and writes a line of JSON for each interval that lasts
// DETAIL_NS or more (of sleep, THRESHOLD_NS), until SIGTERM; then what has not ended, and what was lost. The programs
// are detached when this process ends, in whatever way: they hang on its file descriptors. It exits 5 with one sentence
// where this kernel, or what we may do on it, does not allow it. Times are ns since the start that the first line
// names.
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <cxxabi.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <optional>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include "board/clock.h"
#include "board/fail.h"
#include "board/lines.h"
#include "observer/records.h"
#include "observer/user_stacks.h"

namespace pauselab {
namespace {

std::uint64_t start_ns = 0;
UserStacks userStacks;

// What libbpf says when it fails, for the sentence that this program ends with: why the kernel's verifier refused a
// program, where it did; else the last that it says.
std::string whyNot;
bool isOfVerifier = false;

// The verifier's log lists the instructions that it checked, then why it refused the next, then how many they were.
std::string reasonIn(const std::string& log) {
  std::istringstream lines(log);
  std::string reason;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("processed ") || line.starts_with("-- END PROG LOAD LOG")) break;
    if (!line.empty()) reason = line;
  }
  return reason;
}

int keepWarning(libbpf_print_level level, const char* format, va_list values) {
  if (level != LIBBPF_WARN || isOfVerifier) return 0;
  char* text = nullptr;
  if (vasprintf(&text, format, values) < 0) return 0;
  whyNot = text;
  std::free(text);
  isOfVerifier = whyNot.find("BEGIN PROG LOAD LOG") != std::string::npos;
  if (isOfVerifier) whyNot = "the kernel's verifier says: " + reasonIn(whyNot);
  whyNot.erase(whyNot.find_last_not_of(" \n") + 1);
  return 0;
}

// One line of JSON, field by field.
class Line {
 public:
  explicit Line(const char* kind) { text_ = std::string("{\"kind\":\"") + kind + '"'; }

  void number(const char* key, std::int64_t value) {
    text_ += ",\"" + std::string(key) + "\":" + std::to_string(value);
  }

  void boolean(const char* key, bool value) { raw(key, value ? "true" : "false"); }

  // Relative to the start; null for 0, which stands for "not seen".
  void time(const char* key, std::uint64_t at_ns) {
    if (at_ns == 0)
      raw(key, "null");
    else
      number(key, static_cast<std::int64_t>(at_ns - start_ns));
  }

  // Null for an empty one, which stands for "not known".
  void string(const char* key, const std::string& value) { raw(key, value.empty() ? "null" : quoted(value.c_str())); }

  // Null where nobody is meant. Thread 0 is an idle CPU.
  void who(const char* key, const struct who& who, bool isSeen = true) {
    if (!isSeen) return raw(key, "null");
    raw(key, "{\"tid\":" + std::to_string(who.tid) + ",\"pid\":" + std::to_string(who.tgid) +
                 ",\"nice\":" + std::to_string(who.nice) + ",\"name\":" + quoted(who.comm) + '}');
  }

  // Arguments are addresses and sizes of 64 bits, which JSON's readers round: text, in hexadecimal.
  void call(const char* key, const struct system_call& call) {
    if (call.number < 0) return raw(key, "null");
    raw(key, "{\"number\":" + std::to_string(call.number) +
                 ",\"arguments\":" + hexadecimal(call.arguments, kArguments) + '}');
  }

  // Null for 0, which stands for "not known".
  void address(const char* key, unsigned long long value) {
    if (value == 0) return raw(key, "null");
    char number[24];
    std::snprintf(number, sizeof(number), "\"%llx\"", value);
    raw(key, number);
  }

  void stack(const unsigned long long* frames, unsigned count) {
    raw("stack", hexadecimal(frames, std::min<unsigned>(count, kFrames)));
  }

  // Null where it was not read.
  void userStack(const char* key, const user_stack& stack) {
    const auto& frames = userStacks.framesOf(stack);
    if (frames.empty()) return raw(key, "null");
    const std::vector<unsigned long long> addresses(frames.begin(), frames.end());
    raw(key, "{\"frames\":" + hexadecimal(addresses.data(), static_cast<unsigned>(addresses.size())) +
                 ",\"atStackPointer\":" + hexadecimal(&stack.at_sp, 1) + '}');
  }

  void write() const { std::fprintf(stdout, "%s}\n", text_.c_str()); }

 private:
  void raw(const char* key, const std::string& value) { text_ += ",\"" + std::string(key) + "\":" + value; }

  // Names are mostly UTF-8, which JSON is too; the reader replaces other bytes.
  static std::string quoted(const char* value) {
    std::string text = "\"";
    for (const char* at = value; *at != 0; ++at) {
      const auto byte = static_cast<unsigned char>(*at);
      if (byte == '"' || byte == '\\') {
        text += '\\';
        text += *at;
      } else if (byte < 0x20 || byte == 0x7f) {
        char escape[8];
        std::snprintf(escape, sizeof(escape), "\\u%04x", byte);
        text += escape;
      } else {
        text += *at;
      }
    }
    return text + '"';
  }

  static std::string hexadecimal(const unsigned long long* values, unsigned count) {
    std::string text = "[";
    for (unsigned i = 0; i < count; ++i) {
      char number[24];
      std::snprintf(number, sizeof(number), "%s\"%llx\"", i == 0 ? "" : ",", values[i]);
      text += number;
    }
    return text + ']';
  }

  std::string text_;
};

constexpr unsigned kAsleep = 1;
constexpr const char* kStates[] = {"runnable", "asleep", "blocked", "stopped"};
constexpr const char* kPhases[] = {"none", "waits", "holds"};

void writeOff(const off_record& record, bool hasEnded) {
  Line line("off");
  line.who("thread", record.thread);
  line.string("state", kStates[record.state & 3]);
  line.time("off_ns", record.off_ns);
  line.time("woken_ns", record.woken_ns);
  line.time("on_ns", record.on_ns);
  line.number("busy_ns", static_cast<std::int64_t>(record.busy_ns));
  line.boolean("hasEnded", hasEnded);
  line.number("cpuOut", record.cpu_out);
  line.number("cpuIn", record.cpu_in);
  line.who("waker", record.waker, record.woken_ns != 0);
  line.who("taker", record.taker, record.taker.tid != 0);
  line.who("before", record.before, record.before.tid != 0);
  line.string("lock", record.lock_tgid == 0 ? "none" : kPhases[record.phase % 3]);
  line.number("lockPid", record.lock_tgid);
  line.boolean("isWrite", record.is_write != 0);
  line.time("gaveFrom_ns", record.gave_from_ns);
  line.time("gaveTo_ns", record.gave_to_ns);
  line.boolean("gaveWrite", record.gave_write != 0);
  // -1: it waited for no other sleeping lock.
  line.number("contention", static_cast<std::int64_t>(record.contention) - 1);
  line.call("call", record.call);
  line.call("wakerCall", record.waker_call);
  line.address("stackPointer", record.stack_pointer);
  line.userStack("ownStack", record.own_stack);
  line.userStack("wakerStack", record.waker_stack);
  line.stack(record.frames, record.frames_n);
  line.write();
}

// Of a thread that reads or writes a file with the lock in hand, as /proc/PID/smaps: which. Empty where it makes
// another call, or has closed the file since.
std::string fileOf(const hold_record& record) {
  const int number = record.call.number;
  if (number != SYS_read && number != SYS_pread64 && number != SYS_write && number != SYS_readv) return "";
  const std::string link = "/proc/" + std::to_string(record.thread.tgid) + "/fd/" +
                           std::to_string(static_cast<int>(record.call.arguments[0]));
  char target[256];
  const ssize_t length = readlink(link.c_str(), target, sizeof(target));
  return length > 0 ? std::string(target, static_cast<std::size_t>(length)) : "";
}

// `isSure`: the kernel named the thread when it gave the lock back, or the lock names its writer.
void writeHold(const hold_record& record, bool hasEnded, bool isSure) {
  Line line("hold");
  line.who("thread", record.thread);
  line.number("lockPid", record.lock_tgid);
  line.boolean("isWrite", record.is_write != 0);
  line.boolean("hasIt", record.has_it != 0);
  line.boolean("isSure", isSure);
  line.boolean("isKernelThread", record.is_kernel_thread != 0);
  line.time("slept_ns", record.slept_ns);
  line.time("acquired_ns", record.acquired_ns);
  line.time("released_ns", record.released_ns);
  line.boolean("hasEnded", hasEnded);
  line.call("call", record.call);
  line.string("file", hasEnded ? fileOf(record) : "");
  line.userStack("userStack", record.user_stack);
  line.stack(record.frames, record.frames_n);
  line.write();
}

int onRecord(void*, void* data, std::size_t) {
  switch (*static_cast<const unsigned char*>(data)) {
    case kOff:
      writeOff(*static_cast<const off_record*>(data), true);
      break;
    case kHold:
      writeHold(*static_cast<const hold_record*>(data), true, true);
      break;
    case kRan: {
      const auto& record = *static_cast<const ran_record*>(data);
      Line line("ran");
      line.who("thread", record.thread);
      line.number("cpu", record.cpu);
      line.time("start_ns", record.start_ns);
      line.time("end_ns", record.end_ns);
      line.write();
      break;
    }
    case kExit: {
      const auto& record = *static_cast<const exit_record*>(data);
      Line line("exit");
      line.who("thread", record.thread);
      line.time("at_ns", record.at_ns);
      line.write();
      break;
    }
  }
  return 0;
}

[[noreturn]] void refuse(const char* what, int error) {
  const char* why = error == EPERM || error == EACCES
                        ? "it needs root, or CAP_BPF and CAP_PERFMON, and a kernel that is not locked down"
                        : strerror(error);
  // What libbpf says of a missing permission adds nothing.
  const bool isRefused = error == EPERM || error == EACCES;
  fail(Exit::unfit, "%s: %s%s%s", what, why, isRefused || whyNot.empty() ? "" : "; ", isRefused ? "" : whyNot.c_str());
}

// How many arguments the event has, without the one that all have first. 0: this kernel does not have the event.
unsigned argumentsOf(const btf* types, const char* event) {
  const std::string name = std::string("btf_trace_") + event;
  const int id = btf__find_by_name_kind(types, name.c_str(), BTF_KIND_TYPEDEF);
  if (id < 0) return 0;
  const btf_type* type = btf__type_by_id(types, static_cast<std::uint32_t>(id));
  while (type != nullptr && (btf_is_typedef(type) || btf_is_ptr(type))) type = btf__type_by_id(types, type->type);
  return type != nullptr && btf_is_func_proto(type) && btf_vlen(type) > 0 ? btf_vlen(type) - 1u : 0;
}

// Refuses an unknown layout: the programs would read one argument as another.
void checkEvents(const btf* types) {
  const unsigned switched = argumentsOf(types, "sched_switch");
  const unsigned contended = argumentsOf(types, "contention_begin");
  const unsigned decided = argumentsOf(types, "contention_end");
  const unsigned migrated = argumentsOf(types, "sched_migrate_task");
  if (switched == 4 && contended == 2 && decided == 2 && migrated == 2) return;
  fail(Exit::unfit,
       "this kernel has no such events as pauselab needs, or in a layout that it does not know: sched_switch has %u "
       "arguments, contention_begin %u, contention_end %u, sched_migrate_task %u; observe needs Linux 6.1 or newer",
       switched, contended, decided, migrated);
}

// With PREEMPT_RT a rwsem is another lock. Whether it is held for read or for write would be a guess there.
void checkLock(const btf* types) {
  const int id = btf__find_by_name_kind(types, "rw_semaphore", BTF_KIND_STRUCT);
  const btf_type* lock = id < 0 ? nullptr : btf__type_by_id(types, static_cast<std::uint32_t>(id));
  const btf_member* members = lock == nullptr ? nullptr : btf_members(lock);
  for (unsigned i = 0; lock != nullptr && i < btf_vlen(lock); ++i) {
    if (std::strcmp(btf__name_by_offset(types, members[i].name_off), "owner") == 0) return;
  }
  fail(Exit::unfit, "mmap_lock of this kernel does not name who has it, as with PREEMPT_RT; use --tier tracefs");
}

bpf_map* mapOf(bpf_object* object, const char* name) {
  bpf_map* map = bpf_object__find_map_by_name(object, name);
  if (map == nullptr) fail(Exit::internal, "the program has no map %s; build it again", name);
  return map;
}

struct Constant {
  bpf_map* map;
  std::span<const char> section;
  std::size_t offset;
};

std::optional<Constant> constantOf(bpf_object* object, const char* section, const char* name, std::size_t size) {
  // Constants stand in .rodata, at the offset that the program's own BTF has for them.
  bpf_map* map = bpf_object__find_map_by_name(object, section);
  std::size_t bytes = 0;
  const void* initial = map == nullptr ? nullptr : bpf_map__initial_value(map, &bytes);
  const btf* types = bpf_object__btf(object);
  const int id = btf__find_by_name_kind(types, section, BTF_KIND_DATASEC);
  const btf_type* datasec = id < 0 ? nullptr : btf__type_by_id(types, static_cast<std::uint32_t>(id));
  if (initial == nullptr || datasec == nullptr) return std::nullopt;
  const btf_var_secinfo* variables = btf_var_secinfos(datasec);
  for (unsigned i = 0; i < btf_vlen(datasec); ++i) {
    const btf_type* variable = btf__type_by_id(types, variables[i].type);
    if (std::strcmp(btf__name_by_offset(types, variable->name_off), name) != 0) continue;
    if (variables[i].size < size || variables[i].offset + size > bytes) break;
    return Constant{map, {static_cast<const char*>(initial), bytes}, variables[i].offset};
  }
  return std::nullopt;
}

template <typename Value>
void setConstant(bpf_object* object, const char* section, const char* name, const Value& value) {
  const auto constant = constantOf(object, section, name, sizeof(value));
  if (!constant)
    fail(Exit::internal, "the program has no constant %s of %zu bytes; build it again", name, sizeof(value));
  std::vector<char> data(constant->section.begin(), constant->section.end());
  std::memcpy(data.data() + constant->offset, &value, sizeof(value));
  if (const int error = bpf_map__set_initial_value(constant->map, data.data(), data.size()); error != 0)
    refuse(name, -error);
}

// The program is a file of its own, which may be older or newer than this one.
void checkRecords(bpf_object* object, const char* path) {
  const auto shape = constantOf(object, ".rodata", "records_shape", sizeof(std::uint64_t));
  std::uint64_t found = 0;
  if (shape) std::memcpy(&found, shape->section.data() + shape->offset, sizeof(found));
  if (found != RECORDS_SHAPE)
    fail(
        Exit::unfit,
        "%s is of another version than pauselab-observer: its records differ; take both from one copy of pauselab, and "
        "run `npm run setup` there",
        path);
}

std::uint32_t powerOfTwoAbove(std::uint32_t n) {
  std::uint32_t power = 1024;
  while (power < n && power < kMostSlots) power *= 2;
  return power;
}

std::uint32_t mostThreadIds() {
  std::ifstream file("/proc/sys/kernel/pid_max");
  std::uint32_t most = 0;
  return file >> most ? most : 65536;
}

// Threads of other namespaces are seen by their ids in the first one, which is what this kernel's programs see. So
// this process has to be there too.
struct Attached {
  bpf_object* object;
  std::vector<bpf_link*> links;
  std::uint32_t slots_n;
};

struct Lengths {
  std::uint64_t detail_ns;
  std::uint64_t threshold_ns;
};

Attached attach(const char* path, Lengths lengths, const std::vector<std::uint32_t>& pids) {
  btf* kernel = btf__load_vmlinux_btf();
  if (kernel == nullptr) refuse("this kernel has no type information (/sys/kernel/btf/vmlinux)", errno);
  checkEvents(kernel);
  checkLock(kernel);
  bpf_object* object = bpf_object__open_file(path, nullptr);
  if (object == nullptr) refuse("the program could not be opened", errno);
  checkRecords(object, path);
  Attached attached{object, {}, powerOfTwoAbove(mostThreadIds())};
  setConstant(object, ".rodata", "targets_n", static_cast<std::uint32_t>(pids.size()));
  setConstant(object, ".rodata", "slot_mask", attached.slots_n - 1);
  setConstant(object, ".rodata", "detail_ns", lengths.detail_ns);
  setConstant(object, ".rodata", "threshold_ns", lengths.threshold_ns);
  target targets[kMostTargets] = {};
  for (std::size_t i = 0; i < pids.size(); ++i) targets[i].tgid = pids[i];
  setConstant(object, ".bss", "targets", targets);
  bpf_map__set_max_entries(mapOf(object, "slots"), attached.slots_n);
  bpf_map__set_max_entries(mapOf(object, "cpus"), static_cast<std::uint32_t>(libbpf_num_possible_cpus()));
  if (const int error = bpf_object__load(object); error != 0) refuse("the program could not be loaded", -error);
  bpf_link* seed = nullptr;
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, object) {
    bpf_link* link = bpf_program__attach(program);
    if (link == nullptr) refuse(bpf_program__name(program), errno);
    if (std::strcmp(bpf_program__name(program), "seed") == 0)
      seed = link;
    else
      attached.links.push_back(link);
  }
  const int walk = seed == nullptr ? -1 : bpf_iter_create(bpf_link__fd(seed));
  if (walk < 0) refuse("the threads of the target could not be listed", errno);
  for (char piece[256]; read(walk, piece, sizeof(piece)) > 0;) {
  }
  close(walk);
  bpf_link__destroy(seed);
  btf__free(kernel);
  return attached;
}

struct who identityOf(const thread_slot& slot) {
  struct who thread {
    slot.tid, slot.tgid, slot.nice, {}
  };
  std::memcpy(thread.comm, slot.comm, kComm);
  return thread;
}

// In which a thread sleeps, by /proc: the programs read calls when a thread runs again. Left out where it may not be
// read, or where the thread has gone on since.
void readOpenCall(off_record& record) {
  std::ifstream file("/proc/" + std::to_string(record.thread.tgid) + "/task/" + std::to_string(record.thread.tid) +
                     "/syscall");
  system_call call{};
  if (!(file >> call.number) || call.number < 0) return;
  file >> std::hex;
  for (unsigned long long& argument : call.arguments) {
    if (!(file >> argument)) return;
  }
  if (!(file >> record.stack_pointer)) return;
  record.call = call;
}

// The programs go on until they are detached: what came after the end is left out.
void writeOpenOff(const thread_slot& slot, std::uint64_t end_ns) {
  const bool isWoken = slot.woken_ns != 0 && slot.woken_ns <= end_ns;
  off_record record{};
  record.state = slot.state;
  record.phase = slot.phase == kWaits ? kWaits : kNoLock;
  record.is_write = slot.is_write;
  record.thread = identityOf(slot);
  record.cpu_out = record.cpu_in = slot.cpu_out;
  record.waker = slot.waker;
  record.taker = slot.taker;
  record.off_ns = slot.off_ns;
  record.woken_ns = isWoken ? slot.woken_ns : 0;
  record.on_ns = end_ns;
  record.lock_tgid = slot.phase == kWaits ? slot.lock_tgid : 0;
  record.contention = slot.contention;
  record.gave_write = slot.gave_write;
  record.gave_from_ns = slot.gave_from_ns;
  record.gave_to_ns = slot.gave_to_ns;
  record.call.number = -1;
  record.waker_call = slot.waker_call;
  record.own_stack = slot.own_stack;
  if (isWoken) record.waker_stack = slot.waker_stack;
  if (!isWoken) record.waker_call.number = -1;
  if (!isWoken && slot.state == kAsleep && slot.is_target != 0) readOpenCall(record);
  writeOff(record, false);
}

// A thread that still waits for the lock, and who has it: by its name in the lock, as nobody has given it back yet.
void writeOpenWait(const thread_slot& slot, const thread_slot* slots, std::uint32_t slots_n, std::uint64_t end_ns) {
  hold_record record{};
  record.lock_tgid = slot.lock_tgid;
  record.released_ns = end_ns;
  record.call.number = -1;
  // A reader that was woken has the lock, also while it has no CPU yet.
  const bool hasIt = slot.is_write == 0 && slot.woken_ns > slot.slept_ns;
  record.is_write = slot.is_write;
  record.has_it = hasIt;
  record.thread = identityOf(slot);
  record.slept_ns = slot.slept_ns;
  record.acquired_ns = hasIt ? slot.woken_ns : end_ns;
  writeHold(record, false, true);
  if (slot.woken_ns != 0 || slot.owner_mode == kUnknownMode || slot.owner.tid == 0) return;
  // Readers leave their names in the lock when they give it back. So the last that took it may have it no longer, and
  // then another reader has it. Only who is off its CPU, and not asleep, may have it still.
  const thread_slot& holder = slots[slot.owner.tid & (slots_n - 1)];
  const bool mayHold = holder.tid == slot.owner.tid && holder.off_ns != 0 && holder.phase != kWaits &&
                       (holder.state == 0 || holder.state == 2);
  if (slot.owner_mode == kForRead && !mayHold) return;
  record.is_write = slot.owner_mode == kForWrite;
  record.has_it = 1;
  record.thread = slot.owner;
  if (mayHold) record.user_stack = holder.own_stack;
  record.slept_ns = 0;
  record.acquired_ns = slot.off_ns;
  writeHold(record, false, slot.owner_mode == kForWrite);
}

// What had not ended when the observation did.
void writeOpen(const thread_slot* slots, std::uint32_t slots_n, std::uint64_t detail_ns, std::uint64_t end_ns) {
  for (const thread_slot* slot = slots; slot < slots + slots_n; ++slot) {
    if (slot->tid == 0) continue;
    if (slot->off_ns != 0 && slot->off_ns + detail_ns <= end_ns) writeOpenOff(*slot, end_ns);
    if (slot->phase == kWaits && slot->slept_ns != 0 && slot->slept_ns + detail_ns <= end_ns)
      writeOpenWait(*slot, slots, slots_n, end_ns);
  }
}

losses lossesOf(bpf_object* object) {
  const auto cpus = static_cast<std::size_t>(libbpf_num_possible_cpus());
  std::vector<losses> each(cpus);
  const std::uint32_t zero = 0;
  losses all{};
  if (bpf_map_lookup_elem(bpf_map__fd(mapOf(object, "losses")), &zero, each.data()) != 0) return all;
  for (const losses& one : each) {
    all.ring_full_n += one.ring_full_n;
    all.threads_n += one.threads_n;
    all.lock_users_n += one.lock_users_n;
    all.user_stacks_n += one.user_stacks_n;
  }
  return all;
}

// Times at which a program was not run because it ran on that CPU already.
std::uint64_t recursionMisses(bpf_object* object) {
  std::uint64_t misses = 0;
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, object) {
    bpf_prog_info info{};
    std::uint32_t bytes = sizeof(info);
    if (bpf_program__fd(program) >= 0 && bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &bytes) == 0)
      misses += info.recursion_misses;
  }
  return misses;
}

template <typename Number>
Number argument(const char* text, const char* name) {
  const auto number = wholeNumber<Number>(text);
  if (!number) fail(Exit::usage, "expected a number for %s, got %s", name, text);
  return *number;
}

// Whether this kernel takes the programs from this process. They are gone when it ends.
int check(const char* program) {
  const rlimit all{RLIM_INFINITY, RLIM_INFINITY};
  setrlimit(RLIMIT_MEMLOCK, &all);
  libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
  libbpf_set_print(keepWarning);
  attach(program, {1'000'000, 20'000'000}, {});
  return 0;
}

// They come from files of strangers.
constexpr std::size_t kLongestName = 512;

// A file of /proc as this process sees it: it may have capabilities that pauselab has not.
int show(const char* path) {
  std::ifstream file(path);
  if (!file) fail(Exit::unfit, "%s cannot be read: %s", path, strerror(errno));
  std::cout << file.rdbuf();
  return std::cout.flush() ? 0 : static_cast<int>(Exit::workload);
}

// C++ names as the linker has them, a line each; as in the source, in the same order.
int demangle() {
  for (std::string name; std::getline(std::cin, name);) {
    int status = 0;
    char* text = name.size() > kLongestName ? nullptr : abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status);
    std::cout << (text == nullptr ? name.c_str() : text) << '\n';
    std::free(text);
  }
  return std::cout.flush() ? 0 : static_cast<int>(Exit::workload);
}

int run(int argc, char** argv) {
  if (argc == 2 && std::strcmp(argv[1], "--demangle") == 0) return demangle();
  if (argc == 2 && std::strcmp(argv[1], "--symbols") == 0) return show("/proc/kallsyms");
  if (argc == 2 && std::strcmp(argv[1], "--status") == 0) return show("/proc/self/status");
  if (argc == 3 && std::strcmp(argv[1], "--maps") == 0)
    return show(("/proc/" + std::to_string(argument<std::uint32_t>(argv[2], "TGID")) + "/maps").c_str());
  if (argc == 3 && std::strcmp(argv[1], "--check") == 0) return check(argv[2]);
  if (argc < 5)
    fail(Exit::usage,
         "usage: pauselab-observer PROGRAM DETAIL_NS THRESHOLD_NS TGID...\n"
         "       pauselab-observer --check PROGRAM\n"
         "       pauselab-observer --symbols | --status | --maps TGID | --demangle");
  const auto detail_ns = argument<std::uint64_t>(argv[2], "DETAIL_NS");
  const auto threshold_ns = argument<std::uint64_t>(argv[3], "THRESHOLD_NS");
  std::vector<std::uint32_t> pids;
  for (int i = 4; i < argc; ++i) pids.push_back(argument<std::uint32_t>(argv[i], "TGID"));
  if (pids.size() > kMostTargets) fail(Exit::usage, "at most %d processes, got %zu", kMostTargets, pids.size());
  // Blocked from here on, so that one that comes while the programs are loaded is not lost. Ctrl-C is for pauselab,
  // which ends this process when it has what it needs.
  sigset_t endings;
  sigemptyset(&endings);
  sigaddset(&endings, SIGTERM);
  sigprocmask(SIG_BLOCK, &endings, nullptr);
  std::signal(SIGINT, SIG_IGN);
  std::signal(SIGPIPE, SIG_IGN);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  // Before Linux 5.11 maps count as locked memory.
  const rlimit all{RLIM_INFINITY, RLIM_INFINITY};
  setrlimit(RLIMIT_MEMLOCK, &all);
  libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
  libbpf_set_print(keepWarning);
  Attached attached = attach(argv[1], {detail_ns, threshold_ns}, pids);
  const std::size_t slotBytes = attached.slots_n * sizeof(thread_slot);
  void* slots = mmap(nullptr, slotBytes, PROT_READ, MAP_SHARED, bpf_map__fd(mapOf(attached.object, "slots")), 0);
  if (slots == MAP_FAILED) refuse("the state of the threads could not be read", errno);
  ring_buffer* ring = ring_buffer__new(bpf_map__fd(mapOf(attached.object, "ring")), onRecord, nullptr, nullptr);
  if (ring == nullptr) refuse("the ring buffer could not be read", errno);
  userStacks.readFrom(bpf_map__fd(mapOf(attached.object, "user_stacks")));
  start_ns = monotonic_ns();
  Line ready("ready");
  ready.number("start_ns", static_cast<std::int64_t>(start_ns));
  ready.number("detail_ns", static_cast<std::int64_t>(detail_ns));
  ready.write();
  std::fflush(stdout);
  const int signals = signalfd(-1, &endings, SFD_CLOEXEC);
  const int events = epoll_create1(EPOLL_CLOEXEC);
  epoll_event ofRing{EPOLLIN, {.fd = ring_buffer__epoll_fd(ring)}};
  epoll_event ofSignals{EPOLLIN, {.fd = signals}};
  if (signals < 0 || events < 0 || epoll_ctl(events, EPOLL_CTL_ADD, ofRing.data.fd, &ofRing) != 0 ||
      epoll_ctl(events, EPOLL_CTL_ADD, signals, &ofSignals) != 0)
    fail(Exit::unfit, "the kernel refuses what waiting needs: %s", strerror(errno));
  for (bool isAsked = true; isAsked;) {
    epoll_event come[2];
    const int n = epoll_wait(events, come, 2, -1);
    if (n < 0 && errno != EINTR) fail(Exit::internal, "epoll_wait: %s", strerror(errno));
    for (int i = 0; i < n; ++i) {
      if (come[i].data.fd == signals) isAsked = false;
    }
    ring_buffer__consume(ring);
    if (std::fflush(stdout) != 0) fail(Exit::workload, "nobody reads what was observed: %s", strerror(errno));
  }
  const auto end_ns = monotonic_ns();
  for (bpf_link* link : attached.links) bpf_link__destroy(link);
  ring_buffer__consume(ring);
  writeOpen(static_cast<const thread_slot*>(slots), attached.slots_n, detail_ns, end_ns);
  const losses lost = lossesOf(attached.object);
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  Line end("end");
  end.time("end_ns", end_ns);
  end.number("ringFull_n", static_cast<std::int64_t>(lost.ring_full_n));
  end.number("threadsMissed_n", static_cast<std::int64_t>(lost.threads_n));
  end.number("lockUsersMissed_n", static_cast<std::int64_t>(lost.lock_users_n));
  end.number("userStacksLost_n", static_cast<std::int64_t>(lost.user_stacks_n));
  end.number("recursion_n", static_cast<std::int64_t>(recursionMisses(attached.object)));
  end.number("cpu_us",
             (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1'000'000 + used.ru_utime.tv_usec + used.ru_stime.tv_usec);
  end.number("memoryKib", used.ru_maxrss);
  end.write();
  if (std::fflush(stdout) != 0) fail(Exit::workload, "nobody reads what was observed: %s", strerror(errno));
  return 0;
}

}  // namespace
}  // namespace pauselab

int main(int argc, char** argv) { return pauselab::run(argc, argv); }
