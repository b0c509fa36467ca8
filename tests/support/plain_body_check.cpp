#include "plain_body_check.hpp"

#include "zevi/limits.hpp"

namespace zevi::test {

namespace {

using wire::BodyCheck;
using wire::BodyError;

/// Thrown at the first fault.
struct Fault {
  BodyError error;
  std::size_t offset;
};

enum class Type { number, integer, str, bin, array, map, extension };

struct Head {
  std::size_t at = 0;
  Type type = Type::number;
  std::uint64_t size = 0;
};

/// Byte by byte: what follows a lead byte, and that no shorter form would do.
bool is_plain_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto lead = static_cast<unsigned char>(text[at]);
    const std::size_t length = lead < 0x80 ? 1 : lead < 0xC0 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (length == 0 || lead > 0xF7 || text.size() - at < length) return false;
    std::uint32_t code = length == 1 ? lead : lead & (0x7FU >> length);
    for (std::size_t i = 1; i < length; ++i) {
      const auto next = static_cast<unsigned char>(text[at + i]);
      if ((next & 0xC0U) != 0x80) return false;
      code = code << 6 | (next & 0x3FU);
    }
    constexpr std::uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (code < least[length] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return false;
    at += length;
  }
  return true;
}

class PlainChecker {
 public:
  explicit PlainChecker(std::string_view bytes, std::size_t at) : bytes_(bytes), at_(at) {}

  void check_entry() {
    const Head pair = read_head();
    if (pair.type != Type::array || pair.size != 2) throw Fault{BodyError::not_a_pair, pair.at};
    const Head time = read_head();
    const bool is_too_large = bytes_[time.at] == '\xCF' && (bytes_[at_] & 0x80) != 0;
    if (time.type != Type::integer || is_too_large) throw Fault{BodyError::time, time.at};
    at_ += time.size;
    const std::size_t params = at_;
    check_params();
    if (at_ - params > limits::event_bytes_max) throw Fault{BodyError::event_too_large, params};
  }

  void check_params() {
    const Head params = read_head();
    if (params.type != Type::map) throw Fault{BodyError::params, params.at};
    check_elements(params, 1);
  }

  void check_end() const {
    if (at_ != bytes_.size()) throw Fault{BodyError::trailing, at_};
  }

 private:
  void check_elements(const Head& around, std::size_t depth) {
    for (std::uint64_t i = 0; i < around.size; ++i) {
      if (around.type == Type::map) check_key();
      check_value(depth);
    }
  }

  void check_key() {
    const Head key = read_head();
    if (key.type != Type::str && key.type != Type::bin) throw Fault{BodyError::key, key.at};
    check_scalar(key);
  }

  void check_value(std::size_t depth) {
    const Head value = read_head();
    if (value.type != Type::array && value.type != Type::map) return check_scalar(value);
    if (depth == limits::nesting_max) throw Fault{BodyError::nesting, value.at};
    check_elements(value, depth + 1);
  }

  void check_scalar(const Head& value) {
    if (value.type == Type::extension) throw Fault{BodyError::extension, value.at};
    const std::string_view content = bytes_.substr(at_, value.size);
    if (value.type == Type::str && !is_plain_utf8(content)) throw Fault{BodyError::text, value.at};
    at_ += value.size;
  }

  /// The head of the next value, of which the bytes that are left hold as many as it announces.
  Head read_head() {
    Head head;
    head.at = at_;
    const std::uint64_t tag = take(1, head.at);
    read_rest(tag, head);
    const std::uint64_t least = head.type == Type::map ? 2 * head.size : head.size;
    if (least > bytes_.size() - at_) throw Fault{BodyError::truncated, head.at};
    return head;
  }

  void read_rest(std::uint64_t tag, Head& head) {
    const auto set = [&](Type type, std::uint64_t size) {
      head.type = type;
      head.size = size;
    };
    if (tag < 0x80 || tag >= 0xE0) return set(Type::integer, 0);
    if (tag < 0x90) return set(Type::map, tag & 0xFU);
    if (tag < 0xA0) return set(Type::array, tag & 0xFU);
    if (tag < 0xC0) return set(Type::str, tag & 0x1FU);
    if (tag == 0xC1) throw Fault{BodyError::reserved_byte, head.at};
    if (tag <= 0xC3) return set(Type::number, 0);
    if (tag <= 0xC6) return set(Type::bin, take(std::size_t{1} << (tag - 0xC4), head.at));
    if (tag <= 0xC9) return set(Type::extension, 0);
    if (tag <= 0xCB) return set(Type::number, tag == 0xCA ? 4 : 8);
    if (tag <= 0xD3) return set(Type::integer, std::uint64_t{1} << ((tag - 0xCC) & 3U));
    if (tag <= 0xD8) return set(Type::extension, 0);
    if (tag <= 0xDB) return set(Type::str, take(std::size_t{1} << (tag - 0xD9), head.at));
    if (tag <= 0xDD) return set(Type::array, take(tag == 0xDC ? 2 : 4, head.at));
    set(Type::map, take(tag == 0xDE ? 2 : 4, head.at));
  }

  std::uint64_t take(std::size_t count, std::size_t value_at) {
    if (bytes_.size() - at_ < count) throw Fault{BodyError::truncated, value_at};
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < count; ++i) number = number << 8 | static_cast<unsigned char>(bytes_[at_++]);
    return number;
  }

  std::string_view bytes_;
  std::size_t at_;
};

void check_all(std::string_view body, std::uint32_t n) {
  if (n == 0) throw Fault{BodyError::empty, 0};
  if (body.size() > limits::batch_bytes_max) throw Fault{BodyError::too_large, 0};
  if (body.size() < wire::body_head_bytes || body[0] != '\xDD') throw Fault{BodyError::head, 0};
  std::uint32_t count = 0;
  for (std::size_t i = 1; i < wire::body_head_bytes; ++i)
    count = count << 8 | static_cast<unsigned char>(body[i]);
  if (count != n) throw Fault{BodyError::count, 0};
  PlainChecker checker(body, wire::body_head_bytes);
  for (std::uint32_t i = 0; i < n; ++i) checker.check_entry();
  checker.check_end();
}

}  // namespace

wire::BodyCheck plain_check_body(std::string_view body, std::uint32_t n) {
  try {
    check_all(body, n);
  } catch (const Fault& fault) {
    return {fault.error, fault.offset};
  }
  return {};
}

wire::BodyCheck plain_check_params(std::string_view params) {
  if (params.size() > limits::event_bytes_max) return {BodyError::event_too_large, 0};
  PlainChecker checker(params, 0);
  try {
    checker.check_params();
    checker.check_end();
  } catch (const Fault& fault) {
    return {fault.error, fault.offset};
  }
  return {};
}

}  // namespace zevi::test
