#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "zevi/pack.hpp"

namespace zevi::broker {

/// Appends a map with text keys to `out`, counting its fields; complete once it is destroyed.
class Row {
 public:
  explicit Row(std::string& out) : out_(out), writer_(out), head_(out.size()) { out_.append("\xDE\0\0", 3); }
  ~Row() {
    out_[head_ + 1] = static_cast<char>(fields_ >> 8U);
    out_[head_ + 2] = static_cast<char>(fields_ & 0xFFU);
  }
  Row(const Row&) = delete;
  Row& operator=(const Row&) = delete;

  Row& text(std::string_view key, std::string_view value) {
    field(key).text(value);
    return *this;
  }
  Row& uint(std::string_view key, std::uint64_t value) {
    field(key).uint(value);
    return *this;
  }
  Row& real(std::string_view key, double value) {
    field(key).real(value);
    return *this;
  }
  Row& boolean(std::string_view key, bool value) {
    field(key).boolean(value);
    return *this;
  }
  /// The key alone; its value is to be written next.
  pack::Writer& field(std::string_view key) {
    ++fields_;
    return writer_.text(key);
  }

 private:
  std::string& out_;
  pack::Writer writer_;
  const std::size_t head_;
  unsigned fields_ = 0;
};

}  // namespace zevi::broker
