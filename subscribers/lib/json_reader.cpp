#include "json_reader.hpp"

#include <charconv>

#include "zevi/error.hpp"

namespace zevi::subscriber {

namespace {

constexpr int nesting_max = 64;

}  // namespace

void JsonReader::fail(const char* wanted) const {
  throw Error("there is no " + std::string(wanted) + " at byte " + std::to_string(at_));
}

void JsonReader::skip_space() noexcept {
  while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) ++at_;
}

bool JsonReader::consume(char character) noexcept {
  skip_space();
  if (at_ == text_.size() || text_[at_] != character) return false;
  ++at_;
  return true;
}

void JsonReader::expect(char character) {
  const char wanted[] = {'\'', character, '\'', '\0'};
  if (!consume(character)) fail(wanted);
}

std::uint64_t JsonReader::number() {
  skip_space();
  std::uint64_t value = 0;
  const char* const begin = text_.data() + at_;
  const char* const end = text_.data() + text_.size();
  const auto [rest, error] = std::from_chars(begin, end, value);
  const bool goes_on = rest != end && std::string_view(".eE").find(*rest) != std::string_view::npos;
  if (error != std::errc{} || goes_on) fail("whole number");
  at_ += static_cast<std::size_t>(rest - begin);
  return value;
}

bool JsonReader::boolean() {
  skip_space();
  for (const bool value : {false, true}) {
    const std::string_view word = value ? "true" : "false";
    if (!text_.substr(at_).starts_with(word)) continue;
    at_ += word.size();
    return value;
  }
  fail("boolean");
}

std::string JsonReader::text() {
  expect('"');
  std::string out;
  for (; at_ < text_.size(); ++at_) {
    char character = text_[at_];
    if (character == '"') {
      ++at_;
      return out;
    }
    if (character == '\\') {
      // No name that is known here needs an escape; others need only be passed over.
      if (++at_ == text_.size()) break;
      out += '\\';
      character = text_[at_];
    }
    out += character;
  }
  fail("end of a text");
}

void JsonReader::skip(int depth) {
  skip_space();
  if (depth == nesting_max || at_ == text_.size()) fail("value");
  switch (text_[at_]) {
    case '{':
      return object([&](const std::string&) { skip(depth + 1); });
    case '[':
      return array([&] { skip(depth + 1); });
    case '"':
      static_cast<void>(text());
      return;
    default:
      break;
  }
  const std::size_t end = text_.find_first_of(",]} \t\r\n", at_);
  const std::size_t length = (end == std::string_view::npos ? text_.size() : end) - at_;
  if (length == 0) fail("value");
  at_ += length;
}

void JsonReader::end() {
  skip_space();
  if (at_ != text_.size()) fail("end");
}

}  // namespace zevi::subscriber
