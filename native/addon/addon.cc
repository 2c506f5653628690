// The control plane's system calls, and nothing else: scheduling of threads by tid, a shared mapping of the board
// whose words are loaded and stored atomically, and two calls on files that Node does not have. TypeScript checks the
// arguments (src/base/native.ts), and this file trusts them. A failed call throws an Error with `code` (such as
// "EPERM") and `syscall`.
#include <fcntl.h>
#include <napi.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef __x86_64__
#include <x86intrin.h>
#endif

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <limits>
#include <map>
#include <string>

#include "board/interface.h"
#include "board/slice.h"

namespace {

Napi::Value throwErrno(Napi::Env env, const char* syscall, int error) {
  const char* code = strerrorname_np(error);
  Napi::Error failure = Napi::Error::New(env, std::string(syscall) + ": " + strerror(error));
  failure.Set("code", Napi::String::New(env, code != nullptr ? code : "EUNKNOWN"));
  failure.Set("syscall", Napi::String::New(env, syscall));
  failure.ThrowAsJavaScriptException();
  return env.Undefined();
}

// setNice(tid, nice)
Napi::Value SetNice(const Napi::CallbackInfo& info) {
  const auto tid = info[0].As<Napi::Number>().Uint32Value();
  if (setpriority(PRIO_PROCESS, tid, info[1].As<Napi::Number>().Int32Value()) != 0)
    return throwErrno(info.Env(), "setpriority", errno);
  return info.Env().Undefined();
}

// setPolicy(tid, SCHED_* number, static priority)
Napi::Value SetPolicy(const Napi::CallbackInfo& info) {
  const sched_param parameter{.sched_priority = info[2].As<Napi::Number>().Int32Value()};
  if (sched_setscheduler(info[0].As<Napi::Number>().Int32Value(), info[1].As<Napi::Number>().Int32Value(),
                         &parameter) != 0)
    return throwErrno(info.Env(), "sched_setscheduler", errno);
  return info.Env().Undefined();
}

// setSlice(tid, ns)
Napi::Value SetSlice(const Napi::CallbackInfo& info) {
  const auto slice_ns = static_cast<uint64_t>(info[1].As<Napi::Number>().Int64Value());
  if (!pauselab::setSlice(info[0].As<Napi::Number>().Int32Value(), slice_ns))
    return throwErrno(info.Env(), "sched_setattr", errno);
  return info.Env().Undefined();
}

// threadSlice(tid) -> ns; 0 on kernels before 6.12
Napi::Value ThreadSlice(const Napi::CallbackInfo& info) {
  const auto slice_ns = pauselab::sliceOf(info[0].As<Napi::Number>().Int32Value());
  if (!slice_ns) return throwErrno(info.Env(), "sched_getattr", errno);
  return Napi::Number::New(info.Env(), static_cast<double>(*slice_ns));
}

// setAffinity(tid, [cpu, …])
Napi::Value SetAffinity(const Napi::CallbackInfo& info) {
  const auto cpus = info[1].As<Napi::Array>();
  cpu_set_t set;
  CPU_ZERO(&set);
  for (uint32_t i = 0; i < cpus.Length(); ++i) CPU_SET(Napi::Value(cpus[i]).As<Napi::Number>().Uint32Value(), &set);
  if (sched_setaffinity(info[0].As<Napi::Number>().Int32Value(), sizeof set, &set) != 0)
    return throwErrno(info.Env(), "sched_setaffinity", errno);
  return info.Env().Undefined();
}

// threadScheduling(tid) -> {nice, policy, cpus}
Napi::Value ThreadScheduling(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto tid = info[0].As<Napi::Number>().Int32Value();
  errno = 0;
  const int nice = getpriority(PRIO_PROCESS, static_cast<id_t>(tid));
  if (nice == -1 && errno != 0) return throwErrno(env, "getpriority", errno);
  const int policy = sched_getscheduler(tid);
  if (policy < 0) return throwErrno(env, "sched_getscheduler", errno);
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(tid, sizeof set, &set) != 0) return throwErrno(env, "sched_getaffinity", errno);

  Napi::Array cpus = Napi::Array::New(env);
  for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(cpu, &set)) cpus.Set(cpus.Length(), Napi::Number::New(env, cpu));
  Napi::Object result = Napi::Object::New(env);
  result.Set("nice", Napi::Number::New(env, nice));
  result.Set("policy", Napi::Number::New(env, policy));
  result.Set("cpus", cpus);
  return result;
}

struct Mapping {
  void* data;
  size_t bytes;
  bool mapped;
};

// By the memory of their ArrayBuffer. Node runs an ArrayBuffer's finalizer some time after it was detached, when
// another mapping may have the same address. So each mapping records whether it is still mapped.
std::map<void*, Mapping*>& mappings() {
  static std::map<void*, Mapping*> all;
  return all;
}

void unmap(Mapping& mapping) {
  if (!mapping.mapped) return;
  mapping.mapped = false;
  mappings().erase(mapping.data);
  munmap(mapping.data, mapping.bytes);
}

// mapShared(path) -> ArrayBuffer over the whole file, shared and writable, until unmapShared or the garbage collector.
Napi::Value MapShared(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::string path = info[0].As<Napi::String>();
  const int fd = open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) return throwErrno(env, "open", errno);
  struct stat status;
  if (fstat(fd, &status) != 0) {
    const int error = errno;
    close(fd);
    return throwErrno(env, "fstat", error);
  }
  const auto bytes = static_cast<size_t>(status.st_size);
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  const int error = errno;
  close(fd);
  if (memory == MAP_FAILED) return throwErrno(env, "mmap", error);
  auto* const mapping = new Mapping{.data = memory, .bytes = bytes, .mapped = true};
  mappings().emplace(memory, mapping);
  return Napi::ArrayBuffer::New(
      env, memory, bytes,
      [](Napi::Env, void*, Mapping* own) {
        unmap(*own);
        delete own;
      },
      mapping);
}

// unmapShared(buffer): unmaps at once. It detaches the buffer first, so that JavaScript cannot reach the memory. A
// second call does nothing.
Napi::Value UnmapShared(const Napi::CallbackInfo& info) {
  auto buffer = info[0].As<Napi::ArrayBuffer>();
  if (buffer.IsDetached()) return info.Env().Undefined();
  const auto found = mappings().find(buffer.Data());
  buffer.Detach();
  if (found != mappings().end()) unmap(*found->second);
  return info.Env().Undefined();
}

// Null for a buffer that was unmapped.
std::atomic<uint64_t>* wordAt(const Napi::Value& buffer, const Napi::Value& byteOffset) {
  if (buffer.As<Napi::ArrayBuffer>().IsDetached()) return nullptr;
  auto* base = static_cast<unsigned char*>(buffer.As<Napi::ArrayBuffer>().Data());
  return reinterpret_cast<std::atomic<uint64_t>*>(base + byteOffset.As<Napi::Number>().Int64Value());
}

// copyWords(source ArrayBuffer, byteOffset, destination BigUint64Array): each word is one atomic load, in order
Napi::Value CopyWords(const Napi::CallbackInfo& info) {
  const std::atomic<uint64_t>* source = wordAt(info[0], info[1]);
  if (source == nullptr) return throwErrno(info.Env(), "copyWords", EFAULT);
  auto destination = info[2].As<Napi::BigUint64Array>();
  uint64_t* out = destination.Data();
  for (size_t i = 0; i < destination.ElementLength(); ++i) out[i] = source[i].load(std::memory_order_acquire);
  return info.Env().Undefined();
}

// storeWord(destination ArrayBuffer, byteOffset, bigint)
Napi::Value StoreWord(const Napi::CallbackInfo& info) {
  bool lossless = true;
  std::atomic<uint64_t>* const word = wordAt(info[0], info[1]);
  if (word == nullptr) return throwErrno(info.Env(), "storeWord", EFAULT);
  word->store(info[2].As<Napi::BigInt>().Uint64Value(&lossless), std::memory_order_release);
  return info.Env().Undefined();
}

uint64_t monotonic_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

// readTimestampCounter() -> {ticks, clock_ns}, read together: the least interrupted of several readings. ticks is 0 if
// the CPU has no such counter.
Napi::Value ReadTimestampCounter(const Napi::CallbackInfo& info) {
  uint64_t ticks = 0;
  uint64_t clock_ns = 0;
#ifdef __x86_64__
  uint64_t least_ns = std::numeric_limits<uint64_t>::max();
  for (int tries = 0; tries < 32; ++tries) {
    const uint64_t before_ns = monotonic_ns();
    const uint64_t now = __rdtsc();
    const uint64_t took_ns = monotonic_ns() - before_ns;
    if (took_ns >= least_ns) continue;
    least_ns = took_ns;
    ticks = now;
    clock_ns = before_ns + took_ns / 2;
  }
#endif
  Napi::Object result = Napi::Object::New(info.Env());
  result.Set("ticks", Napi::BigInt::New(info.Env(), ticks));
  result.Set("clock_ns", Napi::BigInt::New(info.Env(), clock_ns));
  return result;
}

// tryLock(fd) -> true: this process now holds the exclusive flock of the file; false: another process has it. Closing
// fd releases it.
Napi::Value TryLock(const Napi::CallbackInfo& info) {
  const bool isOurs = flock(info[0].As<Napi::Number>().Int32Value(), LOCK_EX | LOCK_NB) == 0;
  if (!isOurs && errno != EWOULDBLOCK) return throwErrno(info.Env(), "flock", errno);
  return Napi::Boolean::New(info.Env(), isOurs);
}

// exchange(path, path): exchanges the two names in one step.
Napi::Value Exchange(const Napi::CallbackInfo& info) {
  const std::string one = info[0].As<Napi::String>(), other = info[1].As<Napi::String>();
  if (renameat2(AT_FDCWD, one.c_str(), AT_FDCWD, other.c_str(), RENAME_EXCHANGE) != 0)
    return throwErrno(info.Env(), "renameat2", errno);
  return info.Env().Undefined();
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports.Set("setNice", Napi::Function::New(env, SetNice));
  exports.Set("setPolicy", Napi::Function::New(env, SetPolicy));
  exports.Set("setAffinity", Napi::Function::New(env, SetAffinity));
  exports.Set("setSlice", Napi::Function::New(env, SetSlice));
  exports.Set("threadSlice", Napi::Function::New(env, ThreadSlice));
  exports.Set("threadScheduling", Napi::Function::New(env, ThreadScheduling));
  exports.Set("mapShared", Napi::Function::New(env, MapShared));
  exports.Set("unmapShared", Napi::Function::New(env, UnmapShared));
  exports.Set("copyWords", Napi::Function::New(env, CopyWords));
  exports.Set("readTimestampCounter", Napi::Function::New(env, ReadTimestampCounter));
  exports.Set("storeWord", Napi::Function::New(env, StoreWord));
  exports.Set("tryLock", Napi::Function::New(env, TryLock));
  exports.Set("exchange", Napi::Function::New(env, Exchange));
  return exports;
}

}  // namespace

NODE_API_MODULE(pauselab, Init)
