#include "call_counts.hpp"

#include <dlfcn.h>
#include <pthread.h>
#include <time.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>

namespace {

constinit thread_local bool is_counting = false;
constinit thread_local zevi::test::CallCounts counts;

void count(std::uint64_t& calls) noexcept {
  if (is_counting) ++calls;
}

/// The function of that name that ours stands in front of.
template <typename Function>
Function next(Function, const char* name) noexcept {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

}  // namespace

namespace zevi::test {

void start_counting() noexcept {
  counts = CallCounts{};
  is_counting = true;
}

CallCounts stop_counting() noexcept {
  is_counting = false;
  return counts;
}

}  // namespace zevi::test

extern "C" {

// glibc's own names for what we stand in front of: finding them by dlsym would allocate.
void* __libc_malloc(std::size_t bytes) noexcept;
void* __libc_calloc(std::size_t count, std::size_t bytes) noexcept;
void* __libc_realloc(void* memory, std::size_t bytes) noexcept;
void* __libc_memalign(std::size_t alignment, std::size_t bytes) noexcept;

void* malloc(std::size_t bytes) noexcept {
  count(counts.allocations);
  return __libc_malloc(bytes);
}

void* calloc(std::size_t items, std::size_t bytes) noexcept {
  count(counts.allocations);
  return __libc_calloc(items, bytes);
}

void* realloc(void* memory, std::size_t bytes) noexcept {
  count(counts.allocations);
  return __libc_realloc(memory, bytes);
}

void* aligned_alloc(std::size_t alignment, std::size_t bytes) noexcept {
  count(counts.allocations);
  return __libc_memalign(alignment, bytes);
}

int posix_memalign(void** memory, std::size_t alignment, std::size_t bytes) noexcept {
  count(counts.allocations);
  *memory = __libc_memalign(alignment, bytes);
  return *memory == nullptr ? ENOMEM : 0;
}

int pthread_mutex_lock(pthread_mutex_t* mutex) noexcept {
  count(counts.locks);
  static const auto next_lock = next(&pthread_mutex_lock, "pthread_mutex_lock");
  return next_lock(mutex);
}

int pthread_rwlock_rdlock(pthread_rwlock_t* lock) noexcept {
  count(counts.locks);
  static const auto next_lock = next(&pthread_rwlock_rdlock, "pthread_rwlock_rdlock");
  return next_lock(lock);
}

int pthread_rwlock_wrlock(pthread_rwlock_t* lock) noexcept {
  count(counts.locks);
  static const auto next_lock = next(&pthread_rwlock_wrlock, "pthread_rwlock_wrlock");
  return next_lock(lock);
}

int pthread_cond_wait(pthread_cond_t* condition, pthread_mutex_t* mutex) {
  count(counts.waits);
  static const auto next_wait = next(&pthread_cond_wait, "pthread_cond_wait");
  return next_wait(condition, mutex);
}

int nanosleep(const timespec* time, timespec* left) {
  count(counts.waits);
  static const auto next_sleep = next(&nanosleep, "nanosleep");
  return next_sleep(time, left);
}
}
