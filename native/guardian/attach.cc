#include "guardian/attach.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>

#include "board/clock.h"
#include "board/fail.h"

namespace pauselab::guardian {
namespace {

constexpr std::uint64_t kPoll_ns = 20'000'000;
// Thread.print of 5,000 threads takes some 5 MB.
constexpr std::size_t kMostAnswerBytes = std::size_t{64} << 20;

int leftMs(std::uint64_t deadline_ns) {
  const std::uint64_t now_ns = monotonic_ns();
  if (now_ns >= deadline_ns) return 0;
  return static_cast<int>(std::min<std::uint64_t>((deadline_ns - now_ns) / 1'000'000 + 1, 1'000'000));
}

// Waits until the socket is ready, the process has ended or the deadline has passed.
Failed waitFor(int fd, short events, int pidfd, std::uint64_t deadline_ns) {
  for (;;) {
    pollfd fds[] = {{.fd = fd, .events = events, .revents = 0}, {.fd = pidfd, .events = POLLIN, .revents = 0}};
    const int found = poll(fds, 2, leftMs(deadline_ns));
    if (found < 0 && errno == EINTR) continue;
    if (fds[0].revents != 0) return Failed::none;
    if (fds[1].revents != 0) return Failed::ended;
    if (monotonic_ns() >= deadline_ns) return Failed::late;
  }
}

}  // namespace

Jvm::Jvm(pid_t pid, pid_t id)
    : pid_(pid),
      socket_(".java_pid" + std::to_string(id)),
      trigger_(".attach_pid" + std::to_string(id)),
      pidfd_(static_cast<int>(syscall(SYS_pidfd_open, pid, 0))) {
  if (pidfd_ < 0) fail(Exit::unfit, "the process %d cannot be followed (pidfd_open: %s)", pid, std::strerror(errno));
}

bool Jvm::readable(int timeout_ms) const {
  pollfd one{.fd = pidfd_, .events = POLLIN, .revents = 0};
  return poll(&one, 1, timeout_ms) > 0;
}

int Jvm::tryConnect() const {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -1;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::snprintf(address.sun_path, sizeof address.sun_path, "%s", socket_.c_str());
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
  const int error = errno;
  close(fd);
  errno = error;
  return -1;
}

Jvm::State Jvm::state() const {
  std::ifstream status("/proc/" + std::to_string(pid_) + "/status");
  State found;
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("State:")) found.isStopped = line.find_first_of("Tt", 6) == line.find_first_not_of(" \t", 6);
    if (line.starts_with("SigCgt:"))
      found.catchesSigquit = (std::strtoull(line.c_str() + 7, nullptr, 16) >> (SIGQUIT - 1) & 1) != 0;
  }
  return found;
}

int Jvm::afterSigquit(std::uint64_t deadline_ns, Answer& why) const {
  if (!state().catchesSigquit) {
    why.failed = hasEnded() ? Failed::ended : Failed::uncaught;
    return -1;
  }
  // A file that is there already belongs to another tool, which removes it.
  const int file = open(trigger_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (file < 0 && errno != EEXIST) {
    why = {Failed::refused, errno, ""};
    return -1;
  }
  if (file >= 0) close(file);
  int fd = -1;
  why.failed = Failed::late;
  if (syscall(SYS_pidfd_send_signal, pidfd_, SIGQUIT, nullptr, 0) != 0) why = {Failed::refused, errno, ""};
  while (why.failed == Failed::late && (fd = tryConnect()) < 0) {
    if (errno != ENOENT && errno != ECONNREFUSED) why = {Failed::refused, errno, ""};
    if (monotonic_ns() >= deadline_ns) break;
    if (readable(static_cast<int>(kPoll_ns / 1'000'000))) why.failed = Failed::ended;
  }
  if (file >= 0) unlink(trigger_.c_str());
  if (fd >= 0) why.failed = Failed::none;
  return fd;
}

int Jvm::connected(std::uint64_t deadline_ns, Answer& why) const {
  // A stopped JVM would carry the request out later, or get the signal when the file is gone, and print its stacks.
  const bool isStopped = state().isStopped;
  if (isStopped || hasEnded()) {
    why.failed = isStopped ? Failed::stopped : Failed::ended;
    return -1;
  }
  const int fd = tryConnect();
  if (fd >= 0) return fd;
  // Nobody listens at a socket that an earlier process with this id has left.
  if (errno == ENOENT || errno == ECONNREFUSED) return afterSigquit(deadline_ns, why);
  // EAGAIN: the JVM does not accept its connections, and others wait too.
  why = errno == EAGAIN ? Answer{Failed::late, 0, ""} : Answer{Failed::refused, errno, ""};
  return -1;
}

Answer Jvm::ask(const std::string& command, std::uint64_t deadline_ns, const std::function<void()>& sent) const {
  Answer answer;
  const int fd = connected(deadline_ns, answer);
  if (fd < 0) return answer;
  // Version, name of the operation, and its three arguments.
  std::string request{"1\0jcmd\0", 7};
  request += command + std::string(3, '\0');
  sent();
  std::size_t done = 0;
  while (answer.failed == Failed::none && done < request.size()) {
    const ssize_t put = send(fd, request.data() + done, request.size() - done, MSG_NOSIGNAL);
    if (put > 0)
      done += static_cast<std::size_t>(put);
    else if (errno == EAGAIN)
      answer.failed = waitFor(fd, POLLOUT, pidfd_, deadline_ns);
    else if (errno != EINTR)
      answer = {Failed::refused, errno, ""};
  }
  while (answer.failed == Failed::none) {
    char part[65536];
    const ssize_t got = recv(fd, part, sizeof part, 0);
    if (got > 0) answer.text.append(part, static_cast<std::size_t>(got));
    if (got == 0) break;
    if (answer.text.size() > kMostAnswerBytes) answer.failed = Failed::late;
    if (got < 0 && errno == EAGAIN)
      answer.failed = waitFor(fd, POLLIN, pidfd_, deadline_ns);
    else if (got < 0 && errno != EINTR)
      answer = {Failed::refused, errno, ""};
  }
  close(fd);
  // The JVM closes the connection of a user whom it refuses, without a word.
  if (answer.failed == Failed::none && answer.text.empty()) answer = {Failed::refused, EACCES, ""};
  return answer;
}

}  // namespace pauselab::guardian
