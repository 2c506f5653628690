#include "board/board.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <cstring>

#include "board/fail.h"

namespace pauselab::board {
namespace {

// Offsets of a board with these threads, in file order: header, threads, series, histograms, rings.
struct Map {
  std::uint64_t threads, series, histograms, rings, total;
  std::uint64_t seriesCount, histogramCount;
};

Map mapOf(std::span<const ThreadSpec> threads) {
  Map map{};
  std::uint64_t records = 0;
  for (const ThreadSpec& thread : threads) {
    if (!thread.series.empty()) {
      ++map.seriesCount;
      map.histogramCount += thread.response ? 2 : 1;
    }
    records += thread.ring_capacity;
  }
  map.threads = sizeof(Header);
  map.series = map.threads + threads.size() * sizeof(Thread);
  map.histograms = map.series + map.seriesCount * sizeof(Series);
  map.rings = map.histograms + map.histogramCount * sizeof(Histogram);
  map.total = map.rings + records * sizeof(Record);
  return map;
}

void copyName(char (&destination)[kNameBytes], const std::string& name) {
  refuseLongName(name);
  std::memcpy(destination, name.c_str(), name.size() + 1);
}

}  // namespace

void refuseLongName(const std::string& name) {
  if (name.size() >= kNameBytes)
    fail(Exit::usage, "the name \"%s\" is longer than %zu characters; shorten it in the plan", name.c_str(),
         kNameBytes - 1);
}

Board Board::create(const std::string& path, std::span<const ThreadSpec> threads, std::uint64_t stallThreshold_ns) {
  const Map map = mapOf(threads);
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0)
    fail(Exit::unfit, "the board %s could not be created (%s); free some of its file system, inodes too", path.c_str(),
         strerror(errno));
  if (const int error = posix_fallocate(fd, 0, static_cast<off_t>(map.total)); error != 0) {
    if (error == EFBIG)
      fail(Exit::unfit, "the board needs %.1f MiB, and no file may be so large (%s); raise the limit (ulimit -f)",
           static_cast<double>(map.total) / 1048576.0, strerror(error));
    fail(Exit::unfit,
         "the board needs %.1f MiB in the file system of %s, which has no room for it (%s); enlarge it, for example "
         "with: mount -o remount,size=256m /dev/shm",
         static_cast<double>(map.total) / 1048576.0, path.c_str(), strerror(error));
  }
  void* memory = mmap(nullptr, map.total, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
  if (memory == MAP_FAILED) fail(Exit::unfit, "the board %s could not be mapped: %s", path.c_str(), strerror(errno));
  close(fd);

  Board board(static_cast<std::byte*>(memory), map.total);
  Header& header = board.header();
  header.version = kVersion;
  header.total_bytes = map.total;
  header.thread_count = threads.size();
  header.series_count = map.seriesCount;
  header.threads_offset = map.threads;
  header.series_offset = map.series;
  header.stall_threshold_ns = stallThreshold_ns;

  std::uint64_t nextSeries = 0, nextHistogram = map.histograms, nextRing = map.rings;
  const auto takeHistogram = [&] {
    const std::uint64_t offset = nextHistogram;
    board.at<Histogram>(offset)->min_ns.store(UINT64_MAX, std::memory_order_relaxed);
    nextHistogram += sizeof(Histogram);
    return offset;
  };
  for (std::size_t i = 0; i < threads.size(); ++i) {
    const ThreadSpec& spec = threads[i];
    Thread& thread = board.thread(i);
    copyName(thread.name, spec.name);
    thread.role = static_cast<std::uint64_t>(spec.role);
    thread.interval_ns = spec.interval_ns;
    thread.offset_ns = spec.offset_ns;
    thread.series = kNoSeries;
    if (!spec.series.empty()) {
      thread.series = nextSeries++;
      Series& series = board.at<Series>(header.series_offset)[thread.series];
      copyName(series.name, spec.series);
      series.thread = i;
      series.service_offset = takeHistogram();
      series.response_offset = spec.response ? takeHistogram() : 0;
    }
    if (spec.ring_capacity != 0) {
      if (!std::has_single_bit(spec.ring_capacity)) fail(Exit::internal, "a ring's capacity must be a power of two");
      thread.ring_offset = nextRing;
      thread.ring_capacity = spec.ring_capacity;
      nextRing += spec.ring_capacity * sizeof(Record);
    }
  }
  header.memory_locked.store(board.lockMemory() ? 1 : 0, std::memory_order_relaxed);
  header.magic.store(kMagic, std::memory_order_release);
  return board;
}

Board Board::open(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  struct stat status {};
  if (fd < 0 || fstat(fd, &status) != 0)
    fail(Exit::workload, "the board %s could not be opened: %s", path.c_str(), strerror(errno));
  const auto bytes = static_cast<std::size_t>(status.st_size);
  if (bytes < sizeof(Header)) fail(Exit::workload, "the file %s is too short for a board", path.c_str());
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
  if (memory == MAP_FAILED) fail(Exit::workload, "the board %s could not be mapped: %s", path.c_str(), strerror(errno));
  close(fd);
  Board board(static_cast<std::byte*>(memory), bytes);
  const Header& header = board.header();
  if (header.magic.load(std::memory_order_acquire) != kMagic || header.version != kVersion ||
      header.total_bytes != bytes)
    fail(Exit::workload,
         "%s is no board of version %lu; run `npm run setup` so that all parts are built from the same sources",
         path.c_str(), kVersion);
  return board;
}

std::optional<std::size_t> Board::find(const std::string& name) noexcept {
  for (std::size_t i = 0; i < threadCount(); ++i)
    if (name == thread(i).name) return i;
  return std::nullopt;
}

bool Board::lockMemory() noexcept { return mlock(base_, bytes_) == 0; }

Recorder Board::recorder(std::size_t index) noexcept {
  Series& series = at<Series>(header().series_offset)[thread(index).series];
  Histogram* response = series.response_offset == 0 ? nullptr : at<Histogram>(series.response_offset);
  return Recorder(series, *at<Histogram>(series.service_offset), response, header().stall_threshold_ns);
}

Ring Board::ring(std::size_t index) noexcept {
  Thread& owner = thread(index);
  return Ring(owner, at<Record>(owner.ring_offset));
}

}  // namespace pauselab::board
