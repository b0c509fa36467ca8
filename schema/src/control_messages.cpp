#include "zevi/wire/control_messages.hpp"

#include "frame_reader.hpp"
#include "zevi/wire/body.hpp"

namespace zevi::wire {

namespace {

DecodeError read_word(pack::Reader& reader, std::string_view& value) {
  const DecodeError error = read_str(reader, value);
  if (error != DecodeError::none) return error;
  return is_topic(value) ? DecodeError::none : DecodeError::out_of_range;
}

DecodeError error_of(const BodyCheck& check) {
  switch (check.error) {
    case BodyError::none:
      return DecodeError::none;
    case BodyError::params:
      return DecodeError::wrong_type;
    case BodyError::truncated:
    case BodyError::reserved_byte:
      return DecodeError::malformed;
    default:
      return DecodeError::out_of_range;
  }
}

DecodeError read_rows(pack::Reader& reader, std::vector<std::string_view>& rows) {
  rows.clear();
  std::uint32_t count = 0;
  return read_array(reader, count, [&](pack::Reader& element, std::uint32_t) {
    const std::string_view rest = element.rest();
    const std::size_t begin = element.offset();
    const DecodeError error = skip_value(element);
    if (error != DecodeError::none) return error;
    rows.push_back(rest.substr(0, element.offset() - begin));
    return error_of(check_params(rows.back()));
  });
}

DecodeError read_field(std::string_view key, pack::Reader& value, ControlRequest& message) {
  if (key == "cmd") return read_word(value, message.cmd);
  if (key == "i") return read_uint(value, message.i);
  if (key == "from") return read_topic_prefix(value, message.from);
  if (key == "rows_max") return read_uint(value, message.rows_max);
  if (key == "t") return read_word(value, message.t);
  if (key == "q") return read_uint(value, message.q);
  if (key == "n") return read_uint(value, message.n);
  if (key == "src") return read_text(value, message.src);
  if (key == "pid") return read_uint(value, message.pid);
  return skip_value(value);
}

DecodeError read_field(std::string_view key, pack::Reader& value, ControlAnswer& message) {
  if (key == "cmd") return read_word(value, message.cmd);
  if (key == "i") return read_uint(value, message.i);
  if (key == "b") return read_uint(value, message.b);
  if (key == "at") return read_clock_ns(value, message.at);
  if (key == "rows") return read_rows(value, message.rows);
  if (key == "more") return read_bool(value, message.more);
  if (key == "next") return read_topic_prefix(value, message.next);
  if (key == "reason") return read_text(value, message.reason);
  return skip_value(value);
}

}  // namespace

void encode(const ControlRequest& message, std::string& out) {
  pack::Writer writer(out);
  const std::size_t optional_fields = (message.from.empty() ? 0U : 1U) + (message.t.empty() ? 0U : 1U) +
                                      (message.q == 0 ? 0U : 1U) + (message.n == 0 ? 0U : 1U) +
                                      (message.src.empty() ? 0U : 1U) + (message.pid == 0 ? 0U : 1U);
  writer.map(3 + optional_fields).text("cmd").text(message.cmd).text("i").uint(message.i);
  if (!message.from.empty()) writer.text("from").text(message.from);
  writer.text("rows_max").uint(message.rows_max);
  if (!message.t.empty()) writer.text("t").text(message.t);
  if (message.q != 0) writer.text("q").uint(message.q);
  if (message.n != 0) writer.text("n").uint(message.n);
  if (!message.src.empty()) writer.text("src").text(message.src);
  if (message.pid != 0) writer.text("pid").uint(message.pid);
}

void encode(const ControlAnswer& message, std::size_t rows_count, std::string_view rows, std::string& out) {
  pack::Writer writer(out);
  const std::size_t optional_fields = message.reason.empty() ? 0U : 1U;
  writer.map(7 + optional_fields).text("cmd").text(message.cmd).text("i").uint(message.i);
  writer.text("b").uint(message.b).text("at").uint(message.at);
  writer.text("rows").array(rows_count).raw(rows);
  writer.text("more").boolean(message.more).text("next").text(message.next);
  if (!message.reason.empty()) writer.text("reason").text(message.reason);
}

void encode(const ControlAnswer& message, std::string& out) {
  std::string rows;
  for (const std::string_view row : message.rows) rows += row;
  encode(message, message.rows.size(), rows, out);
}

DecodeError decode(std::string_view frame, ControlRequest& message) noexcept {
  message = ControlRequest{};
  const DecodeError error =
      read_frame(frame, limits::control_frame_bytes_max,
                 [&](std::string_view key, pack::Reader& value) { return read_field(key, value, message); });
  if (error != DecodeError::none) return error;
  if (message.cmd.empty()) return DecodeError::missing_field;
  const bool in_range = message.rows_max != 0 && message.rows_max <= limits::control_rows_max;
  return in_range ? DecodeError::none : DecodeError::out_of_range;
}

DecodeError decode(std::string_view frame, ControlAnswer& message) {
  message = ControlAnswer{};
  const DecodeError error =
      read_frame(frame, limits::control_answer_bytes_max,
                 [&](std::string_view key, pack::Reader& value) { return read_field(key, value, message); });
  if (error != DecodeError::none) return error;
  return message.cmd.empty() || message.b == 0 ? DecodeError::missing_field : DecodeError::none;
}

}  // namespace zevi::wire
