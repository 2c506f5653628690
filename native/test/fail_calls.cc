// libpauselab-fail-calls.so: preloaded (LD_PRELOAD), it makes a system call of a program and its children fail.
//
//   PAUSELAB_FAIL_CALLS='call=write nth=3 answer=ENOSPC under=/tmp/x:/dev/shm counts=/tmp/counts log=/tmp/log'
//
//   call      a name of kCalls below; other calls are not counted. `all` counts every call and makes none fail
//   nth       which call fails, from 1 on, counted over all processes together
//   repeat    1: the calls after it fail too, as on a disk that stays full
//   answer    an errno, or SIGKILL: the process is killed in place of the call
//   under     only calls on files below one of these folders; `fork` has no file
//   programs  only in these programs, by the name of their file; without it in all
//   counts    a file of 8 bytes per kind of call, mapped by all processes: the number of calls
//   log       a line for each call that failed: what failed, in which program, on which file
//
// It replaces functions of libc, not system calls, so it does not see calls that libc makes itself (fopen's write).

// It replaces both names of a function, `pread` and `pread64`, so they must be two functions here.
#undef _FILE_OFFSET_BITS
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

enum Call : unsigned {
  kOpen,
  kWrite,
  kRead,
  kFsync,
  kRename,
  kMkdir,
  kRemove,
  kClose,
  kAllocate,
  kMap,
  kList,
  kFork,
  kCallCount
};
constexpr const char* kCalls[] = {"open",   "write", "read",     "fsync", "rename", "mkdir",
                                  "remove", "close", "allocate", "map",   "list",   "fork"};
static_assert(sizeof kCalls / sizeof kCalls[0] == kCallCount);

struct Answer {
  const char* name;
  int error;
};
constexpr int kKill = -1;
constexpr Answer kAnswers[] = {{"ENOSPC", ENOSPC}, {"EIO", EIO},       {"EMFILE", EMFILE}, {"EACCES", EACCES},
                               {"EDQUOT", EDQUOT}, {"EAGAIN", EAGAIN}, {"ENOMEM", ENOMEM}, {"SIGKILL", kKill}};

struct Plan {
  bool active = false;
  bool repeat = false;
  bool countsOnly = false;
  unsigned call = kCallCount;
  std::uint64_t nth = 0;
  int answer = 0;
  const char* answerName = "";
  char program[PATH_MAX] = "";
  char under[2 * PATH_MAX] = "";
  char log[PATH_MAX] = "";
  std::atomic<std::uint64_t>* counts = nullptr;
};

[[noreturn]] void refuse(const char* what) {
  dprintf(STDERR_FILENO, "PAUSELAB_FAIL_CALLS: %s\n", what);
  _exit(99);
}

// The value of a key in blank-separated pairs `key=value`.
bool valueOf(const char* text, const char* key, char* out, std::size_t bytes) {
  const std::size_t length = std::strlen(key);
  for (const char* at = text; *at != '\0';) {
    const char* const end = std::strchr(at, ' ') == nullptr ? at + std::strlen(at) : std::strchr(at, ' ');
    if (std::strncmp(at, key, length) == 0 && at[length] == '=') {
      const auto size = static_cast<std::size_t>(end - at) - length - 1;
      if (size >= bytes) refuse("a value is too long");
      std::memcpy(out, at + length + 1, size);
      out[size] = '\0';
      return true;
    }
    at = *end == ' ' ? end + 1 : end;
  }
  return false;
}

// Whether `name` is an item of a list separated by colons.
bool isAmong(const char* list, const char* name) {
  const std::size_t length = std::strlen(name);
  for (const char* at = list; at != nullptr; at = std::strchr(at, ':') == nullptr ? nullptr : std::strchr(at, ':') + 1)
    if (std::strncmp(at, name, length) == 0 && (at[length] == ':' || at[length] == '\0')) return true;
  return false;
}

void mapCounts(Plan& plan, const char* path) {
  const auto fd = static_cast<int>(syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC));
  if (fd < 0) refuse("the file of counts could not be opened");
  void* const memory = reinterpret_cast<void*>(
      syscall(SYS_mmap, nullptr, kCallCount * sizeof(std::uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
  if (memory == MAP_FAILED) refuse("the file of counts could not be mapped");
  syscall(SYS_close, fd);
  plan.counts = static_cast<std::atomic<std::uint64_t>*>(memory);
}

Plan readPlan() {
  Plan plan;
  const char* const text = std::getenv("PAUSELAB_FAIL_CALLS");
  if (text == nullptr) return plan;
  char value[PATH_MAX];
  char executable[PATH_MAX];
  const auto length = readlink("/proc/self/exe", executable, sizeof executable - 1);
  executable[length < 0 ? 0 : length] = '\0';
  const char* const slash = std::strrchr(executable, '/');
  std::snprintf(plan.program, sizeof plan.program, "%s", slash == nullptr ? executable : slash + 1);
  if (valueOf(text, "programs", value, sizeof value) && !isAmong(value, plan.program)) return plan;

  if (!valueOf(text, "call", value, sizeof value)) refuse("expected call=");
  for (unsigned i = 0; i < kCallCount; ++i)
    if (std::strcmp(kCalls[i], value) == 0) plan.call = i;
  plan.countsOnly = std::strcmp(value, "all") == 0;
  if (plan.call == kCallCount && !plan.countsOnly) refuse("call= names none that is known");
  plan.repeat = valueOf(text, "repeat", value, sizeof value) && std::strcmp(value, "1") == 0;
  if (!plan.countsOnly) {
    if (!valueOf(text, "nth", value, sizeof value) || (plan.nth = std::strtoull(value, nullptr, 10)) == 0)
      refuse("expected nth=, from 1 on");
    if (!valueOf(text, "answer", value, sizeof value)) refuse("expected answer=");
    for (const Answer& known : kAnswers)
      if (std::strcmp(known.name, value) == 0) {
        plan.answer = known.error;
        plan.answerName = known.name;
      }
    if (plan.answer == 0) refuse("answer= names none that is known");
  }
  if (!valueOf(text, "under", plan.under, sizeof plan.under)) refuse("expected under=");
  if (!valueOf(text, "counts", value, sizeof value)) refuse("expected counts=");
  mapCounts(plan, value);
  if (!valueOf(text, "log", plan.log, sizeof plan.log)) refuse("expected log=");
  plan.active = true;
  return plan;
}

const Plan& plan() {
  static const Plan only = readPlan();
  return only;
}

// Checks the plan even in a program that makes none of these calls. Otherwise a wrong plan would look like a plan whose
// call never came.
[[gnu::constructor]] void checkPlan() { plan(); }

bool isBelow(const char* path) {
  for (const char* at = plan().under; *at != '\0';) {
    const char* const colon = std::strchr(at, ':');
    const std::size_t length = colon == nullptr ? std::strlen(at) : static_cast<std::size_t>(colon - at);
    if (length > 0 && std::strncmp(at, path, length) == 0 && (path[length] == '/' || path[length] == '\0')) return true;
    at += length + (colon == nullptr ? 0 : 1);
  }
  return false;
}

void log(const char* path) {
  char line[2 * PATH_MAX];
  const int length =
      std::snprintf(line, sizeof line, "%s %s %s %s\n", kCalls[plan().call], plan().answerName, plan().program, path);
  const auto fd =
      static_cast<int>(syscall(SYS_openat, AT_FDCWD, plan().log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (fd < 0) return;
  syscall(SYS_write, fd, line, static_cast<std::size_t>(length));
  syscall(SYS_close, fd);
}

bool concerns(Call call) { return plan().active && (plan().countsOnly || plan().call == call); }

// Counts a call on `path`. If it must fail, sets errno and returns true.
bool failsOn(Call call, const char* path) {
  const Plan& current = plan();
  if (!concerns(call) || path == nullptr) return false;
  if (call != kFork && !isBelow(path)) return false;
  const std::uint64_t number = current.counts[call].fetch_add(1) + 1;
  if (current.countsOnly || number < current.nth || (number > current.nth && !current.repeat)) return false;
  log(path);
  if (current.answer == kKill) {
    syscall(SYS_kill, getpid(), SIGKILL);
    for (;;) pause();
  }
  errno = current.answer;
  return true;
}

// The file behind a descriptor, including renamed files, inherited descriptors and folders.
bool failsOnDescriptor(Call call, int fd) {
  if (!concerns(call)) return false;
  char link[64];
  char path[PATH_MAX];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const int before = errno;
  const auto length = readlink(link, path, sizeof path - 1);
  errno = before;
  if (length < 0) return false;
  path[length] = '\0';
  return failsOn(call, path);
}

bool failsAt(Call call, int folder, const char* name) {
  if (!concerns(call) || name == nullptr) return false;
  if (name[0] == '/') return failsOn(call, name);
  char path[2 * PATH_MAX];
  char link[64];
  const int before = errno;
  if (folder == AT_FDCWD)
    std::snprintf(link, sizeof link, "/proc/self/cwd");
  else
    std::snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
  const auto length = readlink(link, path, PATH_MAX - 1);
  errno = before;
  if (length < 0) return false;
  std::snprintf(path + length, sizeof path - static_cast<std::size_t>(length), "/%s", name);
  return failsOn(call, path);
}

template <typename Function>
Function real(const char* name) {
  void* const found = dlsym(RTLD_NEXT, name);
  if (found == nullptr) refuse(name);
  return reinterpret_cast<Function>(found);
}

// The mode of an open that creates a file. Other opens have no such argument to read.
mode_t modeOf(int flags, va_list arguments) {
  return (flags & (O_CREAT | O_TMPFILE)) == 0 ? 0 : static_cast<mode_t>(va_arg(arguments, int));
}

}  // namespace

// A function that fails by returning `failure`, with errno set.
#define REPLACE(type, name, parameters, arguments, fails, failure) \
  extern "C" type name parameters {                                \
    static const auto next = real<type(*) parameters>(#name);      \
    return (fails) ? (failure) : next arguments;                   \
  }

#define REPLACE_OPEN(name)                                                \
  extern "C" int name(const char* path, int flags, ...) {                 \
    static const auto next = real<int (*)(const char*, int, ...)>(#name); \
    va_list rest;                                                         \
    va_start(rest, flags);                                                \
    const mode_t mode = modeOf(flags, rest);                              \
    va_end(rest);                                                         \
    return failsAt(kOpen, AT_FDCWD, path) ? -1 : next(path, flags, mode); \
  }
#define REPLACE_OPENAT(name)                                                    \
  extern "C" int name(int folder, const char* path, int flags, ...) {           \
    static const auto next = real<int (*)(int, const char*, int, ...)>(#name);  \
    va_list rest;                                                               \
    va_start(rest, flags);                                                      \
    const mode_t mode = modeOf(flags, rest);                                    \
    va_end(rest);                                                               \
    return failsAt(kOpen, folder, path) ? -1 : next(folder, path, flags, mode); \
  }

REPLACE_OPEN(open)
REPLACE_OPEN(open64)
REPLACE_OPENAT(openat)
REPLACE_OPENAT(openat64)
REPLACE(FILE*, fopen, (const char* path, const char* mode), (path, mode), failsAt(kOpen, AT_FDCWD, path), nullptr)
REPLACE(FILE*, fopen64, (const char* path, const char* mode), (path, mode), failsAt(kOpen, AT_FDCWD, path), nullptr)

REPLACE(ssize_t, write, (int fd, const void* data, size_t bytes), (fd, data, bytes), failsOnDescriptor(kWrite, fd), -1)
REPLACE(ssize_t, pwrite, (int fd, const void* data, size_t bytes, off_t at), (fd, data, bytes, at),
        failsOnDescriptor(kWrite, fd), -1)
REPLACE(ssize_t, pwrite64, (int fd, const void* data, size_t bytes, off64_t at), (fd, data, bytes, at),
        failsOnDescriptor(kWrite, fd), -1)
REPLACE(ssize_t, writev, (int fd, const iovec* parts, int count), (fd, parts, count), failsOnDescriptor(kWrite, fd), -1)
REPLACE(ssize_t, pwritev, (int fd, const iovec* parts, int count, off_t at), (fd, parts, count, at),
        failsOnDescriptor(kWrite, fd), -1)
REPLACE(ssize_t, pwritev64, (int fd, const iovec* parts, int count, off64_t at), (fd, parts, count, at),
        failsOnDescriptor(kWrite, fd), -1)
REPLACE(ssize_t, sendfile, (int to, int from, off_t* at, size_t bytes), (to, from, at, bytes),
        failsOnDescriptor(kWrite, to), -1)
REPLACE(ssize_t, sendfile64, (int to, int from, off64_t* at, size_t bytes), (to, from, at, bytes),
        failsOnDescriptor(kWrite, to), -1)
REPLACE(ssize_t, copy_file_range, (int from, off64_t* at, int to, off64_t* toAt, size_t bytes, unsigned flags),
        (from, at, to, toAt, bytes, flags), failsOnDescriptor(kWrite, to), -1)

REPLACE(ssize_t, read, (int fd, void* data, size_t bytes), (fd, data, bytes), failsOnDescriptor(kRead, fd), -1)
REPLACE(ssize_t, pread, (int fd, void* data, size_t bytes, off_t at), (fd, data, bytes, at),
        failsOnDescriptor(kRead, fd), -1)
REPLACE(ssize_t, pread64, (int fd, void* data, size_t bytes, off64_t at), (fd, data, bytes, at),
        failsOnDescriptor(kRead, fd), -1)
REPLACE(ssize_t, readv, (int fd, const iovec* parts, int count), (fd, parts, count), failsOnDescriptor(kRead, fd), -1)

REPLACE(int, fsync, (int fd), (fd), failsOnDescriptor(kFsync, fd), -1)
REPLACE(int, fdatasync, (int fd), (fd), failsOnDescriptor(kFsync, fd), -1)

REPLACE(int, rename, (const char* from, const char* to), (from, to), failsAt(kRename, AT_FDCWD, to), -1)
REPLACE(int, renameat, (int fromFolder, const char* from, int folder, const char* to), (fromFolder, from, folder, to),
        failsAt(kRename, folder, to), -1)
REPLACE(int, renameat2, (int fromFolder, const char* from, int folder, const char* to, unsigned flags),
        (fromFolder, from, folder, to, flags), failsAt(kRename, folder, to), -1)
REPLACE(int, link, (const char* from, const char* to), (from, to), failsAt(kRename, AT_FDCWD, to), -1)

REPLACE(int, mkdir, (const char* path, mode_t mode), (path, mode), failsAt(kMkdir, AT_FDCWD, path), -1)
REPLACE(int, mkdirat, (int folder, const char* path, mode_t mode), (folder, path, mode), failsAt(kMkdir, folder, path),
        -1)
REPLACE(char*, mkdtemp, (char* path), (path), failsAt(kMkdir, AT_FDCWD, path), nullptr)

REPLACE(int, unlink, (const char* path), (path), failsAt(kRemove, AT_FDCWD, path), -1)
REPLACE(int, unlinkat, (int folder, const char* path, int flags), (folder, path, flags), failsAt(kRemove, folder, path),
        -1)
REPLACE(int, rmdir, (const char* path), (path), failsAt(kRemove, AT_FDCWD, path), -1)
REPLACE(int, remove, (const char* path), (path), failsAt(kRemove, AT_FDCWD, path), -1)

// Linux closes the descriptor even if close fails (close(2)).
extern "C" int close(int fd) {
  static const auto next = real<int (*)(int)>("close");
  if (!failsOnDescriptor(kClose, fd)) return next(fd);
  next(fd);
  errno = plan().answer;
  return -1;
}

// These return the error and leave errno unchanged.
REPLACE(int, posix_fallocate, (int fd, off_t at, off_t bytes), (fd, at, bytes), failsOnDescriptor(kAllocate, fd), errno)
REPLACE(int, posix_fallocate64, (int fd, off64_t at, off64_t bytes), (fd, at, bytes), failsOnDescriptor(kAllocate, fd),
        errno)
REPLACE(int, ftruncate, (int fd, off_t bytes), (fd, bytes), failsOnDescriptor(kAllocate, fd), -1)
REPLACE(int, ftruncate64, (int fd, off64_t bytes), (fd, bytes), failsOnDescriptor(kAllocate, fd), -1)

REPLACE(void*, mmap, (void* at, size_t bytes, int protection, int flags, int fd, off_t from),
        (at, bytes, protection, flags, fd, from), fd >= 0 && failsOnDescriptor(kMap, fd), MAP_FAILED)
REPLACE(void*, mmap64, (void* at, size_t bytes, int protection, int flags, int fd, off64_t from),
        (at, bytes, protection, flags, fd, from), fd >= 0 && failsOnDescriptor(kMap, fd), MAP_FAILED)

REPLACE(DIR*, opendir, (const char* path), (path), failsAt(kList, AT_FDCWD, path), nullptr)
REPLACE(int, scandir,
        (const char* path, dirent*** list, int (*filter)(const dirent*),
         int (*compare)(const dirent**, const dirent**)),
        (path, list, filter, compare), failsAt(kList, AT_FDCWD, path), -1)
REPLACE(int, scandir64,
        (const char* path, dirent64*** list, int (*filter)(const dirent64*),
         int (*compare)(const dirent64**, const dirent64**)),
        (path, list, filter, compare), failsAt(kList, AT_FDCWD, path), -1)

REPLACE(pid_t, fork, (), (), failsOn(kFork, "a new process"), -1)
