#include "counting_allocator.hpp"

#include <cstddef>

/// Stands in front of the C library's allocator, which `new` calls too.
namespace {

thread_local std::uint64_t count = 0;

}  // namespace

namespace zevi::bench {

std::uint64_t allocations() noexcept {
  return count;
}

}  // namespace zevi::bench

extern "C" {

void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);

void* malloc(std::size_t bytes) {
  ++count;
  return __libc_malloc(bytes);
}
void* calloc(std::size_t number, std::size_t bytes) {
  ++count;
  return __libc_calloc(number, bytes);
}
void* realloc(void* old, std::size_t bytes) {
  ++count;
  return __libc_realloc(old, bytes);
}
void* aligned_alloc(std::size_t alignment, std::size_t bytes) {
  ++count;
  return __libc_memalign(alignment, bytes);
}
}
