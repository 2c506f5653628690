// pauselab-guardian: asks a JVM on behalf of `observe --jvm`, and undoes what it changed there, whatever happens to
// pauselab.
//
//   pauselab-guardian PID ID UID GID TMP LOGS NAME
//
// ID is the pid as the process sees itself. UID and GID are its effective ones: HotSpot answers to nobody else. TMP and
// LOGS are its /tmp and the folder of its log, reached through /proc/PID/root; LOGS stays open as descriptor 3, so that
// the log can be read after the process has ended. NAME is the log's file.
//
// Lines on standard input, each with one answer:
//   * `ask MS COMMAND`: a diagnostic command, with a deadline
//   * `switch MS COMMAND<TAB>UNDO`: the same; UNDO is owed from the moment at which the JVM may run COMMAND
//   * `restore MS`: what is owed
// Answers: `answer BYTES`, a line break and so many bytes, or `failed WHY [ERRNO]`.
//
// When standard input ends, which it does however pauselab ends, or on SIGTERM, the guardian runs what is owed, removes
// the log and its rotated part, and ends. As long as the JVM does not answer it tries again, until the JVM ends.
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "board/clock.h"
#include "board/fail.h"
#include "guardian/attach.h"

namespace pauselab::guardian {
namespace {

constexpr int kLogs = 3;
constexpr std::uint64_t kRestoreDeadline_ns = 10 * kSecond_ns;
constexpr unsigned kFirstPause_ms = 200;
constexpr unsigned kLongestPause_ms = 30'000;

volatile std::sig_atomic_t isTold = 0;

// SIGTERM arrives here alone, so a request is never cut short. False: it arrived.
bool waitForInput() {
  sigset_t none;
  sigemptyset(&none);
  pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
  while (ppoll(&input, 1, nullptr, &none) < 0 && isTold == 0) {
  }
  return isTold == 0;
}

const char* wordOf(Failed why) {
  switch (why) {
    case Failed::none:
      break;
    case Failed::ended:
      return "ended";
    case Failed::late:
      return "late";
    case Failed::stopped:
      return "stopped";
    case Failed::uncaught:
      return "uncaught";
    case Failed::refused:
      return "refused";
  }
  return "";
}

// If pauselab has died, nobody reads it.
void put(std::string_view text) {
  while (!text.empty()) {
    const ssize_t done = write(STDOUT_FILENO, text.data(), text.size());
    if (done < 0 && errno != EINTR) return;
    if (done > 0) text.remove_prefix(static_cast<std::size_t>(done));
  }
}

void reply(const Answer& answer) {
  char head[64];
  if (answer.failed == Failed::none)
    std::snprintf(head, sizeof head, "answer %zu\n", answer.text.size());
  else if (answer.failed == Failed::refused)
    std::snprintf(head, sizeof head, "failed %s %d\n", wordOf(answer.failed), answer.error);
  else
    std::snprintf(head, sizeof head, "failed %s\n", wordOf(answer.failed));
  put(head);
  if (answer.failed == Failed::none) put(answer.text);
}

class Guardian {
 public:
  Guardian(const Jvm& jvm, std::string log) : jvm_(jvm), log_(std::move(log)) {}

  void handle(const std::string& line) {
    const std::size_t first = line.find(' ');
    char* rest = nullptr;
    const std::uint64_t ms = first == std::string::npos ? 0 : std::strtoull(line.c_str() + first, &rest, 10);
    if (rest == nullptr) fail(Exit::usage, "not a request: %s", line.c_str());
    const std::uint64_t deadline_ns = monotonic_ns() + ms * 1'000'000;
    const std::string command = *rest == ' ' ? rest + 1 : rest;
    if (line.starts_with("ask "))
      reply(jvm_.ask(command, deadline_ns, [] {}));
    else if (line.starts_with("switch ")) {
      const std::size_t tab = command.find('\t');
      if (tab == std::string::npos) fail(Exit::usage, "not a request: %s", line.c_str());
      reply(jvm_.ask(command.substr(0, tab), deadline_ns, [&] { owed_ = command.substr(tab + 1); }));
    } else if (line.starts_with("restore "))
      reply(restore(deadline_ns));
    else
      fail(Exit::usage, "not a request: %s", line.c_str());
  }

  void end() {
    unsigned pause_ms = kFirstPause_ms;
    while (!owed_.empty() && restore(monotonic_ns() + kRestoreDeadline_ns).failed != Failed::ended && !owed_.empty()) {
      pollfd ended{.fd = jvm_.pidfd(), .events = POLLIN, .revents = 0};
      poll(&ended, 1, static_cast<int>(pause_ms));
      pause_ms = std::min(2 * pause_ms, kLongestPause_ms);
    }
    unlinkat(kLogs, log_.c_str(), 0);
    unlinkat(kLogs, (log_ + ".0").c_str(), 0);
  }

 private:
  Answer restore(std::uint64_t deadline_ns) {
    if (owed_.empty()) return {Failed::none, 0, "0\n"};
    Answer answer = jvm_.ask(owed_, deadline_ns, [] {});
    if (answer.failed == Failed::none) owed_.clear();
    return answer;
  }

  const Jvm& jvm_;
  const std::string log_;
  std::string owed_;  // empty: nothing
};

long numberOf(const char* text) {
  char* end = nullptr;
  const long value = std::strtol(text, &end, 10);
  if (*text == '\0' || *end != '\0' || value < 0) fail(Exit::usage, "expected a number from 0, got %s", text);
  return value;
}

// The log's folder is opened with the rights of pauselab, which may enter other namespaces; then only those of the JVM
// are left.
void enter(uid_t uid, gid_t gid, const char* tmp, const char* logs) {
  const int folder = open(logs, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) fail(Exit::unfit, "%s cannot be opened (%s)", logs, std::strerror(errno));
  if (folder != kLogs && (dup3(folder, kLogs, O_CLOEXEC) < 0 || close(folder) != 0))
    fail(Exit::internal, "dup3: %s", std::strerror(errno));
  if (chdir(tmp) != 0) fail(Exit::unfit, "%s cannot be entered (%s)", tmp, std::strerror(errno));
  if ((getegid() != gid && setegid(gid) != 0) || (geteuid() != uid && seteuid(uid) != 0))
    fail(Exit::unfit,
         "a JVM answers to its own user (uid %u, gid %u) alone, and this is user %u; run pauselab as that user or as "
         "root",
         uid, gid, geteuid());
}

[[noreturn]] void serve(Guardian& guardian) {
  std::string input;
  for (bool isOpen = true; isOpen && waitForInput();) {
    char part[4096];
    const ssize_t got = read(STDIN_FILENO, part, sizeof part);
    if (got < 0 && errno == EINTR) continue;
    isOpen = got > 0;
    if (isOpen) input.append(part, static_cast<std::size_t>(got));
    for (std::size_t end; (end = input.find('\n')) != std::string::npos; input.erase(0, end + 1))
      guardian.handle(input.substr(0, end));
  }
  guardian.end();
  _exit(static_cast<int>(Exit::ok));
}

}  // namespace
}  // namespace pauselab::guardian

int main(int count, char** words) {
  using namespace pauselab;
  using namespace pauselab::guardian;
  if (count != 8) fail(Exit::usage, "expected PID ID UID GID TMP LOGS NAME");
  for (const int ignored : {SIGINT, SIGHUP, SIGPIPE}) std::signal(ignored, SIG_IGN);
  struct sigaction told {};
  told.sa_handler = [](int) { isTold = 1; };
  sigaction(SIGTERM, &told, nullptr);
  sigset_t terminated;
  sigemptyset(&terminated);
  sigaddset(&terminated, SIGTERM);
  sigprocmask(SIG_BLOCK, &terminated, nullptr);
  enter(static_cast<uid_t>(numberOf(words[3])), static_cast<gid_t>(numberOf(words[4])), words[5], words[6]);
  const Jvm jvm(static_cast<pid_t>(numberOf(words[1])), static_cast<pid_t>(numberOf(words[2])));
  put("ready\n");
  Guardian guardian(jvm, words[7]);
  serve(guardian);
}
