#include <string_view>

#include "catalogue_file.hpp"
#include "zevi/error.hpp"

/// A catalogue file.
extern "C" int LLVMFuzzerTestOneInput(const char* data, std::size_t size) {
  try {
    static_cast<void>(zevi::catalogue_file::parse({data, size}, "site.json"));
  } catch (const zevi::Error&) {
  }
  return 0;
}
