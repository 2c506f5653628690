#include "engine/victims.h"

#include <cstring>
#include <utility>

#include "board/fail.h"
#include "engine/memory.h"
#include "engine/needs.h"

namespace pauselab::engine {

void tryVictim(const VictimPlan& plan, VictimAction& action) {
  int gaveUp = 0;
  for (int i = 0; i < 2; ++i) {
    const int outcome = action.perform();
    if (outcome == kGaveUp) {
      ++gaveUp;
    } else if (outcome != 0) {
      fail(Exit::unfit, "this kernel refused %s of %s before the window: %s; leave the operation out",
           plan.operation.c_str(), plan.name.c_str(),
           outcome == kExhausted ? "its pool of pages is too small" : strerrorname_np(outcome));
    }
  }
  if (gaveUp == 2)
    fail(Exit::unfit,
         "this kernel gave up both trials of %s of %s before the window: it found no free huge page, or pages in use; "
         "free memory, or leave the operation out",
         plan.operation.c_str(), plan.name.c_str());
}

VictimParts prepareVictims(const Plan& plan, HolderParts& holder) {
  std::vector<VictimPage> pages;
  std::vector<std::pair<std::string, VictimPage>> placed;
  for (const VictimPlan& victim : plan.victims) {
    VictimPage page{};
    const VictimOperation& operation = victimOperation(victim);
    if (operation.placements.any()) {
      page = besideHolder(victim.placement) ? holder.region->placeVictim(victim) : ownPage(operation, victim.placement);
      placed.emplace_back(victim.name, page);
    }
    pages.push_back(page);
  }
  VictimParts parts;
  const auto note = [&parts](const std::string& text) {
    if (!text.empty()) parts.notes.append(parts.notes.empty() ? "\"" : ",\"").append(text).append("\"");
  };
  if (holder.action) note(holder.action->note());
  parts.layout = verifiedLayout(holder.region.get(), placed);
  for (std::size_t i = 0; i < plan.victims.size(); ++i) {
    if (isOutside(plan.victims[i])) {
      parts.actions.push_back(nullptr);
      continue;
    }
    parts.actions.push_back(victimOperation(plan.victims[i]).make(plan.victims[i], pages[i]));
    tryVictim(plan.victims[i], *parts.actions.back());
    note(parts.actions.back()->note());
  }
  return parts;
}

}  // namespace pauselab::engine
