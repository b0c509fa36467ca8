#include "counters_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <new>

#include "zevi/error.hpp"
#include "zevi/limits.hpp"

namespace zevi::shim {

namespace {

// A multiple of every usual size of a page, since each part that is mapped by itself begins at one.
constexpr std::size_t block = 64 * 1024;
constexpr std::size_t topics_max = limits::publisher_topics_max;
constexpr std::size_t name_bytes = 128;
constexpr std::size_t head_bytes = 4096;
constexpr std::size_t answers_bytes = topics_max * sizeof(zevi_counters_answered);
constexpr std::size_t thread_bytes = topics_max * sizeof(zevi_counters_published);
constexpr std::size_t answers_at = head_bytes;
constexpr std::size_t names_at = answers_at + answers_bytes;
constexpr std::size_t threads_at = (names_at + topics_max * name_bytes + block - 1) / block * block;
static_assert(sizeof(zevi_counters_head) <= head_bytes);

void set(std::uint64_t& field, std::uint64_t value) noexcept {
  std::atomic_ref(field).store(value, std::memory_order_release);
}

std::string reason() {
  return std::strerror(errno);
}

/// The process whose counts are in the file, if it has not closed it; else 0.
std::uint64_t owner_of(const std::string& path) noexcept {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return 0;
  zevi_counters_head head{};
  const bool is_whole = pread(file, &head, sizeof head, 0) == sizeof head;
  close(file);
  if (!is_whole || std::memcmp(head.magic, ZEVI_COUNTERS_MAGIC, sizeof head.magic) != 0) return 0;
  return head.closed != 0 ? 0 : head.pid;
}

}  // namespace

CountersFile::CountersFile(const std::string& path, std::string_view name, std::uint64_t id) {
  const std::string unfinished = path + ".new." + std::to_string(getpid());
  try {
    create(unfinished);
    std::memcpy(head_->name, name.data(), std::min(name.size(), sizeof head_->name - 1));
    head_->id = id;
    if (const std::uint64_t owner = owner_of(path); owner != 0) {
      static_cast<void>(rename(path.c_str(), (path + "." + std::to_string(owner)).c_str()));
    }
    if (rename(unfinished.c_str(), path.c_str()) != 0) throw Error(reason());
  } catch (const Error& error) {
    unlink(unfinished.c_str());
    for (const Mapping& mapping : mappings_) munmap(mapping.begin, mapping.bytes);
    if (file_ >= 0) ::close(file_);
    throw Error("cannot make the counters file " + path + ": " + error.what() +
                ": choose a path in a directory that this process may write to");
  }
}

CountersFile::~CountersFile() {
  for (const Mapping& mapping : mappings_) munmap(mapping.begin, mapping.bytes);
  ::close(file_);
}

void CountersFile::create(const std::string& path) {
  file_ = open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
  if (file_ < 0) throw Error(reason());
  if (ftruncate(file_, threads_at) != 0 || !reserve(0, head_bytes + answers_bytes)) throw Error(reason());
  head_ = static_cast<zevi_counters_head*>(map(0, threads_at));
  if (head_ == nullptr) throw Error(reason());
  head_->version = ZEVI_COUNTERS_VERSION;
  head_->topics_max = topics_max;
  head_->name_bytes = name_bytes;
  head_->names_at = names_at;
  head_->answers_at = answers_at;
  head_->threads_at = threads_at;
  head_->pid = static_cast<std::uint64_t>(getpid());
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  head_->started_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
  std::memcpy(head_->magic, ZEVI_COUNTERS_MAGIC, sizeof head_->magic);
}

bool CountersFile::reserve(std::size_t offset, std::size_t bytes) noexcept {
  const int error = posix_fallocate(file_, static_cast<off_t>(offset), static_cast<off_t>(bytes));
  errno = error;
  return error == 0;
}

void* CountersFile::map(std::size_t offset, std::size_t bytes) {
  mappings_.reserve(mappings_.size() + 1);
  void* const begin =
      mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file_, static_cast<off_t>(offset));
  if (begin == MAP_FAILED) return nullptr;
  mappings_.push_back({begin, bytes});
  return begin;
}

void CountersFile::count_incomplete() noexcept {
  set(head_->incomplete, head_->incomplete + 1);
}

zevi_counters_published* CountersFile::add_thread() noexcept {
  // Blocks are small beside a page of some machines, so that several share what is mapped at once.
  constexpr std::size_t threads_per_mapping = block / thread_bytes;
  static_assert(block % thread_bytes == 0);
  const std::size_t number = head_->threads;
  const std::size_t offset = threads_at + number * thread_bytes;
  try {
    if (!reserve(offset, thread_bytes)) return count_incomplete(), nullptr;
    if (number % threads_per_mapping == 0) {
      if (ftruncate(file_, static_cast<off_t>(offset + block)) != 0 || map(offset, block) == nullptr) {
        return count_incomplete(), nullptr;
      }
    }
  } catch (const std::bad_alloc&) {
    return count_incomplete(), nullptr;
  }
  auto* const begin = static_cast<std::uint8_t*>(mappings_.back().begin);
  set(head_->threads, number + 1);
  return reinterpret_cast<zevi_counters_published*>(begin + number % threads_per_mapping * thread_bytes);
}

void CountersFile::add_topic(std::string_view name) noexcept {
  const std::size_t offset = names_at + head_->topics * name_bytes;
  if (reserve(offset, name_bytes)) {
    std::memcpy(reinterpret_cast<char*>(head_) + offset, name.data(), name.size());
  } else {
    count_incomplete();
  }
  set(head_->topics, head_->topics + 1);
}

zevi_counters_answered* CountersFile::answers() noexcept {
  return reinterpret_cast<zevi_counters_answered*>(reinterpret_cast<std::uint8_t*>(head_) + answers_at);
}

void CountersFile::close() noexcept {
  set(head_->closed, 1);
}

}  // namespace zevi::shim
