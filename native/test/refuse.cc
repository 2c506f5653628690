// pauselab-refuse ANSWER CALL[:ARGUMENT=VALUE]... -- PROGRAM ARGUMENT...
//
// Runs a program under a seccomp filter that refuses some system calls, as a container's may: with the errno ANSWER
// (EPERM, ENOSYS), or with the signal SIGSYS. `madvise:2=20` refuses only the advice 20, `mincore` every call.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

namespace {

constexpr std::pair<std::string_view, std::uint32_t> kCalls[] = {
    {"clone", SYS_clone},
    {"madvise", SYS_madvise},
    {"mincore", SYS_mincore},
    {"process_madvise", SYS_process_madvise},
    {"sched_setaffinity", SYS_sched_setaffinity},
    {"sched_setscheduler", SYS_sched_setscheduler},
};

constexpr std::pair<std::string_view, std::uint32_t> kAnswers[] = {
    {"EINVAL", SECCOMP_RET_ERRNO | EINVAL}, {"ENOMEM", SECCOMP_RET_ERRNO | ENOMEM},
    {"EPERM", SECCOMP_RET_ERRNO | EPERM},   {"ENOSYS", SECCOMP_RET_ERRNO | ENOSYS},
    {"SIGSYS", SECCOMP_RET_KILL_PROCESS},
};

template <typename Table>
std::uint32_t numberOf(const Table& table, std::string_view name) {
  for (const auto& [known, number] : table)
    if (known == name) return number;
  std::fprintf(stderr, "pauselab-refuse: \"%.*s\" is not in its tables\n", static_cast<int>(name.size()), name.data());
  std::exit(2);
}

// Loads the low half of a word of seccomp_data, because the values to refuse are small.
sock_filter load(std::size_t offset) { return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset)); }
sock_filter skipUnless(std::uint32_t value, std::uint8_t count) {
  return BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, count);
}

void refuse(std::vector<sock_filter>& filter, const char* text, std::uint32_t answer) {
  const char* const colon = std::strchr(text, ':');
  const std::uint32_t call =
      numberOf(kCalls, colon == nullptr ? std::string_view(text)
                                        : std::string_view(text, static_cast<std::size_t>(colon - text)));
  filter.push_back(load(offsetof(seccomp_data, nr)));
  filter.push_back(skipUnless(call, colon == nullptr ? 1 : 3));
  if (colon != nullptr) {
    char* equals = nullptr;
    const std::size_t argument = std::strtoul(colon + 1, &equals, 10);
    filter.push_back(load(offsetof(seccomp_data, args) + argument * sizeof(std::uint64_t)));
    filter.push_back(skipUnless(static_cast<std::uint32_t>(std::strtoul(equals + 1, nullptr, 10)), 1));
  }
  filter.push_back(BPF_STMT(BPF_RET | BPF_K, answer));
}

}  // namespace

int main(int argc, char** argv) {
  int i = 2;
  std::vector<sock_filter> filter;
  for (; i < argc && std::strcmp(argv[i], "--") != 0; ++i) refuse(filter, argv[i], numberOf(kAnswers, argv[1]));
  if (i + 1 >= argc) {
    std::fprintf(stderr, "expected: pauselab-refuse ANSWER CALL[:ARGUMENT=VALUE]... -- PROGRAM ARGUMENT...\n");
    return 2;
  }
  filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
    std::perror("pauselab-refuse: no filter could be installed");
    return 2;
  }
  execvp(argv[i + 1], argv + i + 1);
  std::perror(argv[i + 1]);
  return 2;
}
