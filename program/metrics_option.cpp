#include "metrics_option.hpp"

#include <string>

namespace zevi::program {

void add_metrics_option(OptionTable& table) {
  table.visible.add_options()(
      "metrics", po::value<std::string>()->default_value("")->value_name("ADDRESS"),
      "answer Prometheus at HOST:PORT, or at a PORT of the loopback interface, over HTTP at /metrics; "
      "whoever reaches it may ask");
}

}  // namespace zevi::program
