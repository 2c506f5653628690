// Stacks of programs by their numbers, as records of observer.bpf.c have them.
#pragma once

#include <bpf/bpf.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "observer/records.h"

namespace pauselab {

class UserStacks {
 public:
  // Of the kernel's map. Before, all stacks are unknown.
  void readFrom(int map) { map_ = map; }

  // Addresses, innermost first; empty: it was not read.
  const std::vector<std::uint64_t>& framesOf(const user_stack& stack) {
    static const std::vector<std::uint64_t> none;
    if (stack.number == 0 || map_ < 0) return none;
    // The kernel replaces no stack.
    const auto known = frames_.find(stack.number);
    return known != frames_.end() ? known->second : frames_.emplace(stack.number, read(stack.number - 1)).first->second;
  }

 private:
  [[nodiscard]] std::vector<std::uint64_t> read(std::uint32_t key) const {
    std::array<std::uint64_t, kUserFrames> frames{};
    if (bpf_map_lookup_elem(map_, &key, frames.data()) != 0) return {};
    return {frames.begin(), std::find(frames.begin(), frames.end(), 0)};
  }

  int map_ = -1;
  std::unordered_map<std::uint32_t, std::vector<std::uint64_t>> frames_;
};

}  // namespace pauselab
