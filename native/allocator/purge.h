// Asks the allocator that serves malloc to give free memory back to the system, by the call that services make.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

namespace pauselab::allocator {

class Purge {
 public:
  virtual ~Purge() = default;
  // 0, or the errno of a call that the allocator refused.
  virtual int operator()() noexcept = 0;
  // Bytes that the process has given back so far, by the allocator's own count, or the negative of its resident memory
  // where the allocator has none. Only differences have a meaning. Other threads change both at the same time.
  virtual std::int64_t given_bytes() noexcept = 0;
};

// Each ends the program with a sentence if the allocator that serves malloc lacks the call.
std::unique_ptr<Purge> glibcTrim();
// `arena`: the only arena; empty: all.
std::unique_ptr<Purge> jemallocPurge(std::optional<std::uint64_t> arena);
std::unique_ptr<Purge> tcmallocRelease();
std::unique_ptr<Purge> mimallocCollect();

}  // namespace pauselab::allocator
