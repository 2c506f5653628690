#include "engine/seats.h"

#include <string>
#include <utility>

#include "engine/churn.h"
#include "engine/operation.h"

namespace pauselab::engine {
namespace {

using board::Role;

constexpr std::uint64_t kVictimRing = 4096;
constexpr std::uint64_t kHolderRing = 16384;

// The seat of a victim, whether its thread is the engine's or joins.
template <typename Victim>
board::ThreadSpec victimSeat(const Victim& victim) {
  return {.name = victim.name,
          .role = Role::victim,
          .series = victim.name,
          .response = victim.interval_ns != 0,
          .interval_ns = victim.interval_ns,
          .offset_ns = victim.offset_ns,
          .ring_capacity = kVictimRing};
}

board::ThreadSpec holderSeat(const std::string& name, const std::string& operation) {
  return {.name = name, .role = Role::holder, .series = "holder." + operation, .ring_capacity = kHolderRing};
}

// A seat that only publishes pid and tid.
board::ThreadSpec plainSeat(const std::string& name, Role role) { return {.name = name, .role = role, .series = ""}; }

board::ThreadSpec joinedSeat(const JoinedPlan& joined) {
  if (joined.role == Role::victim) return victimSeat(joined);
  if (joined.role == Role::holder) return holderSeat(joined.name, joined.operation);
  return plainSeat(joined.name, joined.role);
}

}  // namespace

Seats seatsOf(const Plan& plan) {
  Seats seats;
  const auto add = [&seats](board::ThreadSpec spec) {
    seats.specs.push_back(std::move(spec));
    return seats.specs.size() - 1;
  };
  for (const VictimPlan& victim : plan.victims) add(victimSeat(victim));
  if (plan.holder) {
    seats.holder = add(holderSeat(isPurge(plan.holder->operation) ? kPurgeThread : "holder", plan.holder->operation));
    if (plan.holder->toucher) seats.toucher = add(plainSeat("toucher", Role::toucher));
  }
  seats.firstHog = seats.specs.size();
  for (std::size_t i = 0; i < plan.hogs.size(); ++i) add(plainSeat("hog-" + std::to_string(i), Role::hog));
  seats.firstIoHog = seats.specs.size();
  for (std::size_t i = 0; i < plan.ioHogs.size(); ++i) add(plainSeat("io-hog-" + std::to_string(i), Role::hog));
  seats.firstJoined = seats.specs.size();
  for (const JoinedPlan& joined : plan.joined) add(joinedSeat(joined));
  for (const ChurnPlan& churn : plan.churns)
    for (const std::string& name : threadNames(churn)) add(plainSeat(name, Role::load));
  return seats;
}

}  // namespace pauselab::engine
