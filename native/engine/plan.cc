#include "engine/plan.h"

#include <map>
#include <string_view>

#include "board/fail.h"
#include "board/lines.h"

namespace pauselab::engine {
namespace {

// The `key=value` pairs of a line. Each pair that is read is removed, so the pairs that remain are unknown.
class Line : public LinePlace {
 public:
  Line(std::string_view text, std::string place) : LinePlace(std::move(place)) {
    std::size_t start = 0;
    while (start < text.size()) {
      const std::size_t end = std::min(text.find(' ', start), text.size());
      const std::string_view word = text.substr(start, end - start);
      start = end + 1;
      if (word.empty()) continue;
      if (kind_.empty()) {
        kind_ = word;
        continue;
      }
      const auto [key, value] = keyAndValue(word);
      if (!values_.emplace(key, value).second) reject("the key " + std::string(key) + " came twice");
    }
  }

  const std::string& kind() const { return kind_; }

  std::string text(const std::string& key) {
    const auto found = values_.find(key);
    if (found == values_.end()) reject(kind_ + " needs " + key + "=…");
    std::string value = std::move(found->second);
    values_.erase(found);
    return value;
  }

  bool has(const std::string& key) const { return values_.contains(key); }

  std::uint64_t number(const std::string& key) {
    const std::string value = text(key);
    const auto result = wholeNumber<std::uint64_t>(value);
    if (!result) reject("expected a whole number for " + key + ", got \"" + value + "\"");
    return *result;
  }

  std::uint64_t numberUpTo(const std::string& key, std::uint64_t most) {
    const std::uint64_t value = number(key);
    if (value > most)
      reject("expected at most " + std::to_string(most) + " for " + key + ", got " + std::to_string(value));
    return value;
  }

  std::uint64_t numberBetween(const std::string& key, std::uint64_t least, std::uint64_t most) {
    const std::uint64_t value = numberUpTo(key, most);
    if (value < least)
      reject("expected at least " + std::to_string(least) + " for " + key + ", got " + std::to_string(value));
    return value;
  }

  // The index of the value in `allowed`.
  std::size_t choice(const std::string& key, std::initializer_list<std::string_view> allowed) {
    return LinePlace::choice(key, text(key), allowed);
  }

  bool flag(const std::string& key) { return choice(key, {"0", "1"}) == 1; }

  void expectEmpty() const {
    if (!values_.empty()) reject(kind_ + " does not know the key " + values_.begin()->first);
  }

 private:
  std::string kind_;
  std::map<std::string, std::string> values_;
};

// A day. Longer intervals, pauses and bursts are mistakes, and below it sums with clock readings cannot overflow.
constexpr std::uint64_t kLongest_ns = 86'400'000'000'000;
constexpr std::uint64_t kMostVmas = 1'000'000;
constexpr std::uint64_t kLargestRegionBytes = std::uint64_t{1} << 46;

void readHolder(Line& line, Plan& plan) {
  if (plan.holder) line.reject("expected one holder, got a second");
  plan.holder = HolderPlan{
      .operation = line.text("operation"),
      .bytes = line.numberUpTo("bytes", kLargestRegionBytes),
      .vmas = line.numberBetween("vmas", 1, kMostVmas),
      .hugePages = line.choice("pages", {"small", "huge"}) == 1,
      .pause_ns = line.numberUpTo("pause_ns", kLongest_ns),
      .active = line.flag("active"),
      .toucher = line.flag("toucher"),
      .arena = line.has("arena") ? std::optional(line.numberUpTo("arena", 4095)) : std::nullopt,
  };
  if (plan.holder->bytes == 0) line.reject("expected at least one byte for bytes, got 0");
}

void readVictim(Line& line, Plan& plan) {
  constexpr Placement placements[] = {Placement::isolated, Placement::same, Placement::mergeable, Placement::adjacent,
                                      Placement::crossing};
  plan.victims.push_back({
      .name = line.text("name"),
      .operation = line.text("operation"),
      .placement = placements[line.choice("placement", {"isolated", "same", "mergeable", "adjacent", "crossing"})],
      .interval_ns = line.numberUpTo("interval_ns", kLongest_ns),
      .offset_ns = line.numberUpTo("offset_ns", kLongest_ns),
      .pool = line.numberUpTo("pool", 1'000'000),
  });
}

void readJoined(Line& line, Plan& plan) {
  using board::Role;
  constexpr Role roles[] = {Role::victim, Role::load, Role::holder, Role::toucher};
  const Role role = roles[line.choice("role", {"victim", "load", "holder", "toucher"})];
  const bool paced = role == Role::victim || role == Role::load;
  plan.joined.push_back({
      .role = role,
      .name = line.text("name"),
      .operation = role == Role::holder ? line.text("operation") : "",
      .interval_ns = paced ? line.numberUpTo("interval_ns", kLongest_ns) : 0,
      .offset_ns = paced ? line.numberUpTo("offset_ns", kLongest_ns) : 0,
  });
}

// The bounds of MallocChurn.java, because the two loads take the same settings.
void readChurn(Line& line, Plan& plan) {
  constexpr std::uint64_t kMost_bytes = (std::uint64_t{1} << 31) - 1;
  plan.churns.push_back({
      .name = line.text("name"),
      .seed = line.number("seed"),
      .threads = line.numberBetween("threads", 1, 256),
      .per_s = line.numberBetween("per_s", 1, 10'000'000),
      .min_bytes = line.numberBetween("min_bytes", 1, kMost_bytes),
      .max_bytes = line.numberBetween("max_bytes", 1, kMost_bytes),
      .live = line.numberBetween("live", 1, 10'000'000),
      .burst_percent = line.numberBetween("burst_percent", 1, 100),
  });
  const ChurnPlan& churn = plan.churns.back();
  if (churn.max_bytes < churn.min_bytes)
    line.reject("expected at least min_bytes=" + std::to_string(churn.min_bytes) + " for max_bytes, got " +
                std::to_string(churn.max_bytes));
}

void readLine(Line& line, Plan& plan) {
  if (line.kind() == "board") {
    plan.boardPath = line.text("path");
    plan.threshold_ns = line.numberUpTo("threshold_ns", kLongest_ns);
  } else if (line.kind() == "parent") {
    plan.parentPid = line.number("pid");
  } else if (line.kind() == "process") {
    plan.foreignHolder = line.choice("holder", {"same", "foreign"}) == 1;
  } else if (line.kind() == "holder") {
    readHolder(line, plan);
  } else if (line.kind() == "hog") {
    plan.hogs.push_back(
        {.run_ns = line.numberUpTo("run_ns", kLongest_ns), .sleep_ns = line.numberUpTo("sleep_ns", kLongest_ns)});
  } else if (line.kind() == "io_hog") {
    plan.ioHogs.push_back({.file_bytes = line.numberBetween("file_bytes", 1, kLargestRegionBytes),
                           .most_bytes = line.numberUpTo("most_bytes", kLargestRegionBytes)});
  } else if (line.kind() == "victim") {
    readVictim(line, plan);
  } else if (line.kind() == "joined") {
    readJoined(line, plan);
  } else if (line.kind() == "churn") {
    readChurn(line, plan);
  } else if (line.kind() == "join") {
    plan.boardPath = line.text("path");
    plan.joins = true;
  } else {
    line.reject("expected board, parent, process, holder, hog, io_hog, victim, joined, churn or join, got \"" +
                line.kind() + "\"");
  }
  line.expectEmpty();
}

}  // namespace

const char* nameOf(Placement placement) {
  switch (placement) {
    case Placement::isolated:
      return "isolated";
    case Placement::same:
      return "same";
    case Placement::mergeable:
      return "mergeable";
    case Placement::adjacent:
      return "adjacent";
    case Placement::crossing:
      return "crossing";
  }
  return "unknown";
}

Plan parsePlan(const std::string& text, const std::string& nameForErrors) {
  Plan plan{};
  forEachLine(text, nameForErrors, [&](std::string_view content, std::string place) {
    Line line(content, std::move(place));
    readLine(line, plan);
  });
  if (plan.boardPath.empty())
    fail(Exit::usage, "%s: expected a line `board path=… threshold_ns=…`, found none", nameForErrors.c_str());
  if (plan.joins && (!plan.hogs.empty() || !plan.ioHogs.empty() || !plan.victims.empty() || !plan.joined.empty() ||
                     plan.churns.empty()))
    fail(Exit::usage, "%s: expected churn lines and at most a purge beside `join`", nameForErrors.c_str());
  for (const VictimPlan& victim : plan.victims) {
    if (besideHolder(victim.placement) && (!plan.holder || plan.foreignHolder))
      fail(Exit::usage, "%s: %s is placed \"%s\", which needs a holder in its own process", nameForErrors.c_str(),
           victim.name.c_str(), nameOf(victim.placement));
  }
  return plan;
}

Plan readPlan(const std::string& path) { return parsePlan(readText("the plan", path), path); }

}  // namespace pauselab::engine
