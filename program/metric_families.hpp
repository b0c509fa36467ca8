#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace zevi::program {

/// What Prometheus calls a family: the values of one name, told apart by their labels.
struct MetricFamily {
  enum class Kind : std::uint8_t {
    counter,  ///< only ever grows, from 0 at the start; its name ends in `_total`
    gauge,
  };
  struct Label {
    std::string name;
    std::string value;
  };
  struct Value {
    double value = 0;
    std::vector<Label> labels = {};
  };

  std::string name;
  std::string help;
  Kind kind = Kind::gauge;
  std::vector<Value> values = {};

  void add(double value, std::vector<Label> labels = {}) { values.push_back({value, std::move(labels)}); }
};

[[nodiscard]] inline MetricFamily single_metric(std::string name, std::string_view help,
                                                MetricFamily::Kind kind, double value) {
  return {std::move(name), std::string(help), kind, {{value}}};
}

}  // namespace zevi::program
