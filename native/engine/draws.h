// The numbers that a churn draws: java.util.SplittableRandom, pauselab.load.Sizes and BlockDraws, draw for draw. So a
// JVM's off-heap load and the engine's churn allocate the same blocks for the same seed.
// test/interop/churn-java.test.ts compares them.
#pragma once

#include <cmath>
#include <cstdint>

namespace pauselab::engine {

// As the JDK has documented and implemented it since 8 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number
// Generators, OOPSLA 2014): a counter that grows by the golden ratio, and a mixing function.
class SplittableRandom {
 public:
  explicit SplittableRandom(std::uint64_t seed) noexcept : seed_(seed) {}

  std::uint64_t nextLong() noexcept {
    std::uint64_t z = seed_ += kGoldenGamma;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  std::uint32_t nextInt() noexcept {
    std::uint64_t z = seed_ += kGoldenGamma;
    z = (z ^ (z >> 33)) * 0x62a9d9ed799705f5;
    return static_cast<std::uint32_t>(((z ^ (z >> 28)) * 0xcb24d0a5c88c35b3) >> 32);
  }

  // Uniform in 0 to bound - 1. Draws beyond the last whole multiple of the bound are repeated. A power of two takes the
  // low bits. `bound` is at most 2^31 - 1.
  std::uint32_t nextInt(std::uint32_t bound) noexcept {
    const std::uint32_t most = bound - 1;
    std::uint32_t drawn = nextInt();
    if ((bound & most) == 0) return drawn & most;
    for (drawn >>= 1;; drawn = nextInt() >> 1)
      if (const std::uint32_t within = drawn % bound; drawn - within + most <= INT32_MAX) return within;
  }

  // In [0, 1): 53 bits.
  double nextDouble() noexcept { return static_cast<double>(nextLong() >> 11) * 0x1.0p-53; }

 private:
  static constexpr std::uint64_t kGoldenGamma = 0x9e3779b97f4a7c15;
  std::uint64_t seed_;
};

// Log-uniform, as allocators' size classes are spaced. The last bit of exp may differ between Java and C. A size then
// differs if its product lies within that bit of a whole number: once in some 10^9 draws.
class Sizes {
 public:
  Sizes(std::uint64_t min_bytes, std::uint64_t max_bytes) noexcept
      : min_bytes_(static_cast<double>(min_bytes)),
        ratio_(std::log(static_cast<double>(max_bytes) / static_cast<double>(min_bytes))) {}

  std::uint64_t next(SplittableRandom& random) const noexcept {
    return static_cast<std::uint64_t>(min_bytes_ * std::exp(random.nextDouble() * ratio_));
  }

 private:
  double min_bytes_;
  double ratio_;
};

// Draws in this order: which live block is replaced, then the size of the new block.
class BlockDraws {
 public:
  BlockDraws(std::uint64_t seed, std::uint32_t live, Sizes sizes) noexcept
      : random_(seed), live_(live), sizes_(sizes) {}
  std::uint32_t slot() noexcept { return random_.nextInt(live_); }
  std::uint64_t bytes() noexcept { return sizes_.next(random_); }

 private:
  SplittableRandom random_;
  std::uint32_t live_;
  Sizes sizes_;
};

}  // namespace pauselab::engine
