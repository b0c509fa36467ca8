#include "curve_options.hpp"

namespace zevi::program {

void add_curve_options(OptionTable& table) {
  table.visible.add_options()("curve-key", po::value<std::string>()->default_value("")->value_name("FILE"),
                              "the own secret key, for a tcp:// endpoint of a broker that asks for one");
  table.visible.add_options()("curve-server-key",
                              po::value<std::string>()->default_value("")->value_name("KEY"),
                              "that broker's public key, or a file that holds it");
}

CurveOptions curve_options(const po::variables_map& values) {
  CurveOptions options{values["curve-key"].as<std::string>(), values["curve-server-key"].as<std::string>()};
  if (options.key_file.empty() != options.server_key.empty()) {
    throw UsageError("--curve-key and --curve-server-key go together");
  }
  return options;
}

}  // namespace zevi::program
