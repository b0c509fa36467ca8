#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "zevi/subscriber/message.hpp"

namespace zevi::cli {

/// What arrived of each topic, what was lost, and where.
class LossTable {
 public:
  void count(const Message& message);

  /// For people: a line a topic, and one for the sum.
  void append_text(std::string& out) const;
  /// One line: `{"ledger":[{"topic":...,"arrived":...,"lost_before_broker":...,"lost_after_broker":...,
  /// "lost_with_broker":...}, ...]}`.
  void append_json(std::string& out) const;

 private:
  struct Row {
    std::uint64_t arrived = 0;
    std::uint64_t before = 0;
    std::uint64_t after = 0;
    std::uint64_t with = 0;
  };
  Row& row(std::string_view topic);

  std::map<std::string, Row, std::less<>> rows_;
};

}  // namespace zevi::cli
