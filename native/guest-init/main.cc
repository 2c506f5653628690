// pauselab-guest-init: process 1 of a guest. Mounts what a Linux program expects, finds the channel to the host, starts
// the agent (Node), and powers the machine off when the agent has ended. It is static, because an initramfs has no
// libraries to rely on. Errors are printed to the console, which the host keeps. The host has the deadline.
#include <dirent.h>
#include <fcntl.h>
#include <linux/reboot.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

#include "board/interface.h"

namespace {

constexpr char kPortName[] = "pauselab";
constexpr char kSerialPort[] = "/dev/ttyS1";

void say(const char* what, const char* of) {
  dprintf(STDERR_FILENO, "pauselab-init: %s %s: %s\n", what, of, strerror(errno));
}

struct Mount {
  const char* type;
  const char* target;
  unsigned long flags = 0;
  const char* options = "";
  bool needed = false;
};

// debugfs shows the preemption model in force. tracefs and cgroup2 are for profiles that use them.
constexpr std::array kMounts{
    Mount{.type = "proc", .target = "/proc", .flags = MS_NOSUID | MS_NOEXEC | MS_NODEV, .needed = true},
    Mount{.type = "sysfs", .target = "/sys", .flags = MS_NOSUID | MS_NOEXEC | MS_NODEV, .needed = true},
    Mount{.type = "devtmpfs", .target = "/dev", .flags = MS_NOSUID, .needed = true},
    Mount{.type = "tmpfs", .target = "/dev/shm", .flags = MS_NOSUID | MS_NODEV, .needed = true},
    Mount{.type = "tmpfs", .target = "/tmp", .flags = MS_NOSUID | MS_NODEV, .options = "mode=1777", .needed = true},
    Mount{.type = "cgroup2", .target = "/sys/fs/cgroup", .flags = MS_NOSUID | MS_NOEXEC | MS_NODEV},
    Mount{.type = "debugfs", .target = "/sys/kernel/debug"},
    Mount{.type = "tracefs", .target = "/sys/kernel/tracing"},
};

void mountAll() {
  for (const Mount& one : kMounts) {
    mkdir(one.target, 0755);
    if (mount(one.type, one.target, one.type, one.flags, one.options) != 0 && one.needed)
      say("could not mount", one.target);
  }
}

// Devtmpfs has replaced the archive's /dev, in which the kernel opened the console.
void useConsole() {
  const int console = open("/dev/console", O_RDWR | O_NOCTTY);
  if (console < 0) return;
  for (int fd = 0; fd < 3; ++fd) dup2(console, fd);
  if (console > 2) close(console);
}

void raiseLoopback() {
  const int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (control < 0) return;
  ifreq request{};
  strncpy(request.ifr_name, "lo", IFNAMSIZ - 1);
  if (ioctl(control, SIOCGIFFLAGS, &request) == 0) {
    request.ifr_flags |= IFF_UP | IFF_RUNNING;
    ioctl(control, SIOCSIFFLAGS, &request);
  }
  close(control);
}

std::string firstLine(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return "";
  std::array<char, 64> text{};
  const ssize_t length = read(file, text.data(), text.size() - 1);
  close(file);
  std::string line(text.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
  return line.substr(0, line.find('\n'));
}

// The port with our name. The driver announces it a little after the device.
std::string virtioPort() {
  for (int tries = 0; tries < 100; ++tries) {
    if (DIR* ports = opendir("/sys/class/virtio-ports")) {
      while (const dirent* entry = readdir(ports)) {
        const std::string name = entry->d_name;
        if (firstLine("/sys/class/virtio-ports/" + name + "/name") != kPortName) continue;
        closedir(ports);
        return "/dev/" + name;
      }
      closedir(ports);
    } else {
      return "";  // the kernel has no built-in driver for it
    }
    usleep(10'000);
  }
  return "";
}

// Binary: no echo, no line editing, nothing translated.
std::string serialPort() {
  const int port = open(kSerialPort, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (port < 0) {
    say("has neither a virtio port nor", kSerialPort);
    return "";
  }
  termios settings{};
  tcgetattr(port, &settings);
  cfmakeraw(&settings);
  settings.c_cflag |= CLOCAL | CREAD;  // there is no modem that could hang up
  cfsetspeed(&settings, B115200);
  tcsetattr(port, TCSANOW, &settings);
  // Stays open, because the settings are lost when the last descriptor is closed.
  return kSerialPort;
}

int runAgent(const std::string& channel) {
  const pid_t child = fork();
  if (child < 0) {
    say("could not start", "the agent");
    return -1;
  }
  if (child == 0) {
    // A new session: one autogroup for the agent and everything that it starts.
    setsid();
    const char* const arguments[] = {"/pauselab/node", "/pauselab/dist/guest/main.js", channel.c_str(), nullptr};
    const char* const environment[] = {"PATH=/usr/bin:/bin", "HOME=/tmp", "LANG=C.UTF-8", nullptr};
    execve(arguments[0], const_cast<char* const*>(arguments), const_cast<char* const*>(environment));
    say("could not execute", arguments[0]);
    _exit(127);
  }
  // Process 1 inherits every orphan.
  for (int status = 0;;) {
    const pid_t ended = wait(&status);
    if (ended == child) return status;
    if (ended < 0 && errno != EINTR) return -1;
  }
}

}  // namespace

int main() {
  mountAll();
  useConsole();
  raiseLoopback();
  std::string channel = virtioPort();
  if (channel.empty()) channel = serialPort();
  dprintf(STDERR_FILENO, "pauselab-init: channel %s\n", channel.c_str());
  const int status = channel.empty() ? -1 : runAgent(channel);
  dprintf(STDERR_FILENO, "pauselab-init: the agent ended with status %d\n", status);
  sync();
  reboot(LINUX_REBOOT_CMD_POWER_OFF);
  return 1;
}
