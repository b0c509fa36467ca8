#include "ring_memory.hpp"

#include <sys/mman.h>

namespace zevi::shim {

RingMemory::RingMemory(std::size_t bytes) noexcept : bytes_(bytes) {
  void* const at =
      mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  if (at == MAP_FAILED) return;
  begin_ = static_cast<std::uint8_t*>(at);
  // Saves the parent copying each page after a fork. Kernels before 4.14 refuse, and nothing depends on it.
  static_cast<void>(madvise(at, bytes, MADV_WIPEONFORK));
}

RingMemory::~RingMemory() {
  if (begin_ != nullptr) munmap(begin_, bytes_);
}

}  // namespace zevi::shim
