#include "config_file.hpp"

#include <cstdlib>
#include <sstream>

#include "config/zevid_options.hpp"
#include "memory_file.hpp"
#include "zevi/error.hpp"

namespace po = zevi::program::po;

namespace {

std::string printed(const zevi::program::OptionTable& table, const po::variables_map& values) {
  std::ostringstream out;
  zevi::program::print_config(table, values, out);
  return out.str();
}

}  // namespace

/// A configuration file of zevid: what can be read says the same when it is printed and read again.
extern "C" int LLVMFuzzerTestOneInput(const char* data, std::size_t size) {
  static const zevi::program::OptionTable table = zevi::broker::option_table();
  static const zevi::program::Log log("fuzz");
  try {
    po::variables_map values;
    zevi::program::read_config_file(zevi::test::MemoryFile({data, size}).path(), table, values);
    const std::string text = printed(table, values);
    po::variables_map again;
    zevi::program::read_config_file(zevi::test::MemoryFile(text).path(), table, again);
    if (printed(table, again) != text) std::abort();
    static_cast<void>(zevi::broker::broker_options(values, log));
  } catch (const zevi::Error&) {
  }
  return 0;
}
