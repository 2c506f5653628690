#include "test/check.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <utility>
#include <vector>

namespace pauselab::test {
namespace {

std::vector<std::pair<const char*, std::function<void()>>>& cases() {
  static std::vector<std::pair<const char*, std::function<void()>>> all;
  return all;
}
std::string failure;

}  // namespace

Case::Case(const char* name, std::function<void()> body) { cases().emplace_back(name, std::move(body)); }

void expect(bool condition, const char* what, const char* file, int line) {
  if (!condition && failure.empty()) failure = std::string(file) + ":" + std::to_string(line) + ": expected " + what;
}

Ended endOf(const std::function<void()>& body) {
  int ends[2];
  if (pipe(ends) != 0) return {-1, "no pipe"};
  std::fflush(nullptr);
  const pid_t pid = fork();
  if (pid == 0) {
    dup2(ends[1], STDERR_FILENO);
    body();
    _exit(0);
  }
  close(ends[1]);
  Ended ended{};
  char buffer[4096];
  for (ssize_t got; (got = read(ends[0], buffer, sizeof buffer)) > 0;)
    ended.stderrText.append(buffer, static_cast<size_t>(got));
  close(ends[0]);
  int status = 0;
  waitpid(pid, &status, 0);
  ended.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return ended;
}

int runAll(int argc, char** argv) {
  const char* only = argc > 1 ? argv[1] : nullptr;
  if (only != nullptr && std::strcmp(only, "--list") == 0) {
    for (const auto& [name, body] : cases()) std::puts(name);
    return 0;
  }
  bool anyFailed = false, anyRan = false;
  for (const auto& [name, body] : cases()) {
    if (only != nullptr && std::strcmp(only, name) != 0) continue;
    anyRan = true;
    failure.clear();
    body();
    if (failure.empty())
      std::printf("ok %s\n", name);
    else
      std::printf("not ok %s: %s\n", name, failure.c_str());
    anyFailed |= !failure.empty();
  }
  if (!anyRan) std::printf("not ok: no case is named \"%s\"\n", only == nullptr ? "" : only);
  return anyFailed || !anyRan ? 1 : 0;
}

}  // namespace pauselab::test

int main(int argc, char** argv) { return pauselab::test::runAll(argc, argv); }
