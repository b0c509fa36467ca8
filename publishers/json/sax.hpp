#pragma once

// RapidJSON 1.1 adds to a null pointer before its stack's first allocation, and compares the result, which is
// harmless. Clang's sanitizer would stop every fuzzer there.
#if defined(__clang__)
#pragma clang attribute push(__attribute__((no_sanitize("pointer-overflow"))), apply_to = function)
#endif
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>
#if defined(__clang__)
#pragma clang attribute pop
#endif

#include <string>
#include <string_view>

/// How JSON is read here. RapidJSON's SAX reader is used because it passes bytes that are not UTF-8 through,
/// where other parsers refuse the text; numbers are handed over as they are spelled, so that none loses
/// digits, and nesting costs no stack.
namespace zevi::json {

struct SaxOutcome {
  rapidjson::ParseErrorCode code = rapidjson::kParseErrorNone;
  std::size_t offset = 0;  ///< where the fault was noticed
};

/// The text with each escape of half a surrogate pair (`\ud800` alone) replaced by the three bytes that
/// UTF-8's scheme gives for it. They are not UTF-8, so the string travels as `bin` and nothing of it is lost.
[[nodiscard]] std::string with_lone_surrogates_as_bytes(std::string_view text);

/// Reads one JSON text with nothing but white space behind it. `handler` gets RapidJSON's SAX calls (numbers
/// as RawNumber) and ends the reading by returning false; its `reset()` is called before each attempt.
template <typename Handler>
[[nodiscard]] SaxOutcome read_sax(rapidjson::Reader& reader, std::string_view text, Handler& handler) {
  constexpr unsigned flags = rapidjson::kParseNumbersAsStringsFlag | rapidjson::kParseIterativeFlag;
  const auto attempt = [&](std::string_view bytes) {
    handler.reset();
    rapidjson::MemoryStream stream(bytes.data(), bytes.size());
    const rapidjson::ParseResult result = reader.Parse<flags>(stream, handler);
    return SaxOutcome{result.Code(), result.Offset()};
  };
  const SaxOutcome outcome = attempt(text);
  if (outcome.code != rapidjson::kParseErrorStringUnicodeSurrogateInvalid) return outcome;
  return attempt(with_lone_surrogates_as_bytes(text));
}

/// The calls of RapidJSON's reader, gathered to few: scalars with their kind, and the ends of maps and
/// arrays. `Derived` has `scalar(Scalar, std::string_view)`, `key`, `begin_map`, `end_map`, `begin_array` and
/// `end_array`.
enum class Scalar { nil, no, yes, number, text };

template <typename Derived>
class SaxHandler {
 public:
  bool Null() { return derived().scalar(Scalar::nil, {}); }
  bool Bool(bool value) { return derived().scalar(value ? Scalar::yes : Scalar::no, {}); }
  bool RawNumber(const char* digits, rapidjson::SizeType size, bool) {
    return derived().scalar(Scalar::number, {digits, size});
  }
  bool String(const char* text, rapidjson::SizeType size, bool) {
    return derived().scalar(Scalar::text, {text, size});
  }
  bool Key(const char* name, rapidjson::SizeType size, bool) {
    return derived().key(std::string_view(name, size));
  }
  bool StartObject() { return derived().begin_map(); }
  bool EndObject(rapidjson::SizeType) { return derived().end_map(); }
  bool StartArray() { return derived().begin_array(); }
  bool EndArray(rapidjson::SizeType) { return derived().end_array(); }

  // Never called, since numbers arrive as they are spelled; the reader's template asks for them.
  bool Int(int) { return false; }
  bool Uint(unsigned) { return false; }
  bool Int64(std::int64_t) { return false; }
  bool Uint64(std::uint64_t) { return false; }
  bool Double(double) { return false; }

 private:
  Derived& derived() noexcept { return static_cast<Derived&>(*this); }
};

}  // namespace zevi::json
