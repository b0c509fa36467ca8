#include <cstdlib>

#include "wire_properties.hpp"

namespace {

/// What the body itself says, so that the check goes on behind the head.
std::uint32_t count_in_head(std::string_view body) {
  std::uint32_t count = 0;
  for (std::size_t i = 1; i < 5 && i < body.size(); ++i)
    count = count << 8 | static_cast<unsigned char>(body[i]);
  return count;
}

}  // namespace

/// A batch body, as if its header promised what it holds.
extern "C" int LLVMFuzzerTestOneInput(const char* data, std::size_t size) {
  const std::string_view body{data, size};
  if (zevi::test::broken_by_body(body, count_in_head(body)) != nullptr) std::abort();
  return 0;
}
