#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace zevi::subscriber {

/// Reads the little JSON that a cursor is made of, value by value, in the order of the text. Everything
/// throws `zevi::Error` if something else stands there.
class JsonReader {
 public:
  explicit JsonReader(std::string_view text) : text_(text) {}

  /// A whole number from 0 to 2^64 - 1.
  [[nodiscard]] std::uint64_t number();
  [[nodiscard]] std::string text();
  [[nodiscard]] bool boolean();
  /// Calls `take(key)` for each member, which has to read the value.
  template <typename Take>
  void object(Take&& take) {
    members('{', '}', [&] {
      std::string key = text();
      expect(':');
      take(std::move(key));
    });
  }
  /// Calls `take()` for each element, which has to read it.
  template <typename Take>
  void array(Take&& take) {
    members('[', ']', take);
  }
  /// Passes over a value of any kind.
  void skip() { skip(0); }
  /// Nothing may stand behind.
  void end();

 private:
  template <typename Take>
  void members(char open, char close, Take&& take) {
    expect(open);
    if (consume(close)) return;
    do {
      take();
    } while (consume(','));
    expect(close);
  }

  void skip(int depth);
  void skip_space() noexcept;
  [[nodiscard]] bool consume(char character) noexcept;
  void expect(char character);
  [[noreturn]] void fail(const char* wanted) const;

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace zevi::subscriber
