#pragma once

#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>

#include "zevi/subscriber/event.hpp"

/// How `zevi sub` prints an event: one line each.
namespace zevi::cli {

/// `{"topic":...,"q":...,"time_ns":...,"src":...,"pid":...,"params":{...}}`, in this order.
void append_json_line(std::string& out, const Event& event);

/// `14:03:12.123 E_CORE_LOG opensips[312] level=3 message="..."`, local time. Whatever an event holds, the
/// line stays one line and moves no cursor: control characters, C1 controls, invisible marks that reverse
/// the direction of text, and bytes that are no UTF-8 are written as escapes.
class TextLines {
 public:
  explicit TextLines(bool with_color) : with_color_(with_color) {}
  void append(std::string& out, const Event& event);

 private:
  void append_time(std::string& out, std::int64_t time_ns);
  void begin(std::string& out, std::string_view color) const;
  void end(std::string& out) const;
  void append_params(std::string& out, const Params& params) const;
  void append_value(std::string& out, const Value& value) const;

  const bool with_color_;
  std::time_t last_second_ = -1;
  std::string last_clock_;
};

/// Text as it stands in a line: bare if it reads as one word, else quoted. Text that would read as a number
/// or as `true`, `false`, `null` is quoted, so that `42` and `"42"` stay apart.
void append_word(std::string& out, std::string_view text);

}  // namespace zevi::cli
