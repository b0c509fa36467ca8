#include <cstdlib>

#include "wire_properties.hpp"

/// One frame, given to every decoder.
extern "C" int LLVMFuzzerTestOneInput(const char* data, std::size_t size) {
  if (zevi::test::broken_by_frame({data, size}) != nullptr) std::abort();
  return 0;
}
