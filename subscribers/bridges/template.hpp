#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace zevi::bridges {

/// A text with places to fill in: `opensips.{host}.{topic}`.
class Template {
 public:
  enum class Place : unsigned char { topic, host, src, name, subject };
  /// `subject` is where the bus had it, of an event that came from one.
  struct Values {
    std::string_view topic = {};
    std::string_view host = {};
    std::string_view src = {};
    std::string_view name = {};
    std::string_view subject = {};
  };

  /// Throws `zevi::Error` if there is an unknown place or a brace too many. `special` are the bytes that
  /// become `_` in a value, so that no event can name another place than the template means; in a topic a dot
  /// stays, since it separates there what it separates in a subject.
  Template(std::string_view text, std::string_view special, bool has_subject = false);

  void fill(std::string& out, const Values& values) const;
  [[nodiscard]] bool has(Place place) const noexcept;

 private:
  /// Text as it is, then a value.
  struct Piece {
    std::string text;
    bool has_place = false;
    Place place = Place::topic;
  };
  void append(std::string& out, Place place, const Values& values) const;

  std::vector<Piece> pieces_;
  std::string special_;
};

}  // namespace zevi::bridges
