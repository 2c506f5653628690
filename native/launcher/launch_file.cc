#include "launcher/launch_file.h"

#include <sched.h>

#include <algorithm>

#include "board/fail.h"
#include "board/lines.h"

namespace pauselab::launcher {
namespace {

class Line : public LinePlace {
 public:
  Line(std::string_view text, std::string place) : LinePlace(std::move(place)) {
    const auto [key, value] = keyAndValue(text);
    key_ = key;
    value_ = value;
  }

  const std::string& key() const { return key_; }
  const std::string& value() const { return value_; }

  template <typename Number>
  Number number(std::string_view text, Number least, Number most) const {
    const auto result = wholeNumber<Number>(text);
    if (!result || *result < least || *result > most)
      reject("expected a whole number from " + std::to_string(least) + " to " + std::to_string(most) + " for " + key_ +
             ", got \"" + std::string(text) + "\"");
    return *result;
  }

  std::string path() const {
    if (value_.empty() || value_.front() != '/')
      reject("expected an absolute path for " + key_ + ", got \"" + value_ + "\"");
    return value_;
  }

 private:
  std::string key_;
  std::string value_;
};

constexpr std::pair<std::string_view, int> kResources[] = {
    {"as", RLIMIT_AS},           {"core", RLIMIT_CORE},     {"data", RLIMIT_DATA},   {"fsize", RLIMIT_FSIZE},
    {"memlock", RLIMIT_MEMLOCK}, {"nofile", RLIMIT_NOFILE}, {"nproc", RLIMIT_NPROC}, {"stack", RLIMIT_STACK},
};
constexpr std::pair<std::string_view, int> kPolicies[] = {
    {"other", SCHED_OTHER}, {"batch", SCHED_BATCH}, {"idle", SCHED_IDLE}, {"fifo", SCHED_FIFO}, {"rr", SCHED_RR},
};

// `name rest`
std::pair<std::string_view, std::string_view> firstWord(std::string_view text) {
  const std::size_t blank = text.find(' ');
  return blank == std::string_view::npos ? std::pair{text, std::string_view{}}
                                         : std::pair{text.substr(0, blank), text.substr(blank + 1)};
}

template <std::size_t size>
int numberOf(const Line& line, const std::pair<std::string_view, int> (&table)[size], std::string_view name) {
  return table[line.choice(line.key(), name, table, &std::pair<std::string_view, int>::first)].second;
}

Limit readLimit(const Line& line) {
  const auto [name, value] = firstWord(line.value());
  return {std::string(name), numberOf(line, kResources, name),
          value == "unlimited" ? RLIM_INFINITY : line.number<rlim_t>(value, 0, RLIM_INFINITY - 1)};
}

Policy readPolicy(const Line& line) {
  const auto [name, priority] = firstWord(line.value());
  const int number = numberOf(line, kPolicies, name);
  const bool realTime = number == SCHED_FIFO || number == SCHED_RR;
  if (!realTime && !priority.empty())
    line.reject("expected no number after " + std::string(name) + ", got \"" + line.value() + "\"");
  return {line.value(), number, realTime ? line.number<int>(priority, 1, 99) : 0};
}

std::vector<int> readCpus(const Line& line) {
  std::vector<int> cpus;
  std::string_view rest = line.value();
  while (!rest.empty()) {
    const std::string_view part = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(part.size() + 1, rest.size()));
    const std::size_t dash = part.find('-');
    const int from = line.number<int>(part.substr(0, dash), 0, CPU_SETSIZE - 1);
    const int to =
        dash == std::string_view::npos ? from : line.number<int>(part.substr(dash + 1), from, CPU_SETSIZE - 1);
    for (int cpu = from; cpu <= to; ++cpu) cpus.push_back(cpu);
  }
  if (cpus.empty()) line.reject("expected CPUs such as 0,2-3 for cpus, got none");
  return cpus;
}

std::pair<std::string, std::string> readVariable(const Line& line) {
  const std::size_t equals = line.value().find('=');
  if (equals == std::string::npos || equals == 0)
    line.reject("expected NAME=VALUE for set, got \"" + line.value() + "\"");
  return {line.value().substr(0, equals), line.value().substr(equals + 1)};
}

void once(const Line& line, bool isFirst) {
  if (!isFirst) line.reject("the key " + line.key() + " came twice");
}

void readLine(const Line& line, Launch& launch) {
  const std::string& key = line.key();
  if (key == "java") {
    once(line, launch.java.empty());
    launch.java = line.path();
  } else if (key == "called") {
    launch.called = line.value();
  } else if (key == "remedy") {
    launch.remedy = line.value();
  } else if (key == "parent") {
    once(line, launch.parent == 0);
    launch.parent = line.number<std::uint64_t>(line.value(), 1, std::uint64_t{1} << 30);
  } else if (key == "pid_file") {
    once(line, launch.pidFile.empty());
    launch.pidFile = line.path();
  } else if (key == "stdout") {
    once(line, launch.stdoutPath.empty());
    launch.stdoutPath = line.path();
  } else if (key == "stderr") {
    once(line, launch.stderrPath.empty());
    launch.stderrPath = line.path();
  } else if (key == "cwd") {
    once(line, !launch.directory);
    launch.directory = line.path();
  } else if (key == "nice") {
    once(line, !launch.nice);
    launch.nice = line.number<int>(line.value(), -20, 19);
  } else if (key == "policy") {
    once(line, !launch.policy);
    launch.policy = readPolicy(line);
  } else if (key == "slice_ns") {
    once(line, !launch.slice_ns);
    launch.slice_ns = line.number<std::uint64_t>(line.value(), 100'000, 100'000'000);
  } else if (key == "cpus") {
    once(line, launch.cpus.empty());
    launch.cpus = readCpus(line);
  } else if (key == "timer_slack_ns") {
    once(line, !launch.timerSlack_ns);
    launch.timerSlack_ns = line.number<std::uint64_t>(line.value(), 1, 1'000'000'000);
  } else if (key == "keep_ms") {
    once(line, !launch.keep_ms);
    launch.keep_ms = line.number<std::uint64_t>(line.value(), 0, 3'600'000);
  } else if (key == "end_file") {
    once(line, launch.endFile.empty());
    launch.endFile = line.path();
  } else if (key == "limit") {
    launch.limits.push_back(readLimit(line));
  } else if (key == "unset") {
    if (line.value().empty() || line.value().find('=') != std::string::npos)
      line.reject("expected a variable's name for unset, got \"" + line.value() + "\"");
    launch.unset.push_back(line.value());
  } else if (key == "set") {
    launch.set.push_back(readVariable(line));
  } else if (key == "argument") {
    launch.arguments.push_back(line.value());
  } else {
    line.reject(
        "expected java, called, remedy, parent, pid_file, stdout, stderr, cwd, nice, policy, slice_ns, cpus, "
        "timer_slack_ns, "
        "keep_ms, end_file, limit, unset, set or argument, got \"" +
        key + "\"");
  }
}

bool names(const std::string& pattern, std::string_view name) {
  return pattern.back() == '*' ? name.starts_with(std::string_view(pattern).substr(0, pattern.size() - 1))
                               : name == pattern;
}

std::string_view nameOf(std::string_view variable) { return variable.substr(0, variable.find('=')); }

}  // namespace

Launch parseLaunch(const std::string& text, const std::string& nameForErrors) {
  Launch launch;
  forEachLine(text, nameForErrors,
              [&](std::string_view content, std::string place) { readLine(Line(content, std::move(place)), launch); });
  const std::pair<const char*, bool> required[] = {
      {"java=/…", launch.java.empty()},         {"parent=PID", launch.parent == 0},
      {"pid_file=/…", launch.pidFile.empty()},  {"stdout=/…", launch.stdoutPath.empty()},
      {"stderr=/…", launch.stderrPath.empty()},
  };
  for (const auto& [line, isMissing] : required)
    if (isMissing) fail(Exit::usage, "%s: expected a line `%s`, found none", nameForErrors.c_str(), line);
  return launch;
}

Launch readLaunch(const std::string& path) { return parseLaunch(readText("the launch file", path), path); }

std::vector<std::string> changeEnvironment(const Launch& launch, std::vector<std::string>& environment) {
  std::vector<std::string> removed;
  std::erase_if(environment, [&](const std::string& variable) {
    const std::string_view name = nameOf(variable);
    const bool goes = std::any_of(launch.unset.begin(), launch.unset.end(),
                                  [&](const std::string& pattern) { return names(pattern, name); });
    if (goes) removed.emplace_back(name);
    return goes;
  });
  for (const auto& [name, value] : launch.set) {
    std::erase_if(environment, [&](const std::string& variable) { return nameOf(variable) == name; });
    environment.push_back(name + "=" + value);
  }
  return removed;
}

}  // namespace pauselab::launcher
