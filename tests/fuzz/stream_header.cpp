#include <cstdlib>

#include "wire_properties.hpp"

/// The header of a `stream` message alone, so that its runs are reached more often.
extern "C" int LLVMFuzzerTestOneInput(const char* data, std::size_t size) {
  if (zevi::test::broken_by_stream_header({data, size}) != nullptr) std::abort();
  return 0;
}
