#include <array>
#include <charconv>
#include <cmath>

#include "event_lines.hpp"

namespace zevi::cli {

namespace {

constexpr std::string_view dim = "\x1b[2m";
constexpr std::string_view bold = "\x1b[1m";
constexpr std::string_view cyan = "\x1b[36m";
constexpr std::string_view plain = "\x1b[0m";

template <typename Number>
void append_number(std::string& out, Number number) {
  std::array<char, 32> digits;
  out.append(digits.begin(), std::to_chars(digits.begin(), digits.end(), number).ptr);
}

}  // namespace

void TextLines::begin(std::string& out, std::string_view color) const {
  if (with_color_) out += color;
}

void TextLines::end(std::string& out) const {
  if (with_color_) out += plain;
}

void TextLines::append_time(std::string& out, std::int64_t time_ns) {
  constexpr std::int64_t second_ns = 1'000'000'000;
  const std::int64_t rest_ns = ((time_ns % second_ns) + second_ns) % second_ns;
  const std::time_t second = (time_ns - rest_ns) / second_ns;
  if (second != last_second_ || last_clock_.empty()) {
    std::tm local{};
    std::array<char, 16> clock{};
    localtime_r(&second, &local);
    last_clock_.assign(clock.data(), std::strftime(clock.data(), clock.size(), "%H:%M:%S.", &local));
    last_second_ = second;
  }
  const std::string milliseconds = std::to_string(1000 + rest_ns / 1'000'000);
  out.append(last_clock_).append(milliseconds, 1);
}

void TextLines::append_params(std::string& out, const Params& params) const {
  bool first = true;
  for (const auto& [name, value] : params) {
    if (!first) out += ' ';
    first = false;
    begin(out, cyan);
    append_word(out, name);
    end(out);
    out += '=';
    append_value(out, value);
  }
}

void TextLines::append_value(std::string& out, const Value& value) const {
  switch (value.type()) {
    case ValueType::absent:
    case ValueType::nil:
      out += "null";
      return;
    case ValueType::boolean:
      out += *value.as_bool() ? "true" : "false";
      return;
    case ValueType::integer:
      return value.as_uint() ? append_number(out, *value.as_uint()) : append_number(out, *value.as_int());
    case ValueType::real:
      return append_number(out, *value.as_double());
    case ValueType::text:
    case ValueType::binary:
      return append_word(out, *value.as_text());
    case ValueType::array: {
      out += '[';
      bool first = true;
      for (const Value& item : value.items()) {
        if (!first) out += ' ';
        first = false;
        append_value(out, item);
      }
      out += ']';
      return;
    }
    case ValueType::map:
      out += '{';
      append_params(out, value.entries());
      out += '}';
      return;
  }
}

void TextLines::append(std::string& out, const Event& event) {
  begin(out, dim);
  append_time(out, event.time_ns);
  end(out);
  out += ' ';
  begin(out, bold);
  out += event.topic;
  end(out);
  out += ' ';
  begin(out, dim);
  append_word(out, event.src);
  out += '[';
  append_number(out, event.pid);
  out += ']';
  end(out);
  const Params params = event.params();
  if (!params.empty()) out += ' ';
  append_params(out, params);
  out += '\n';
}

}  // namespace zevi::cli
