#include "template.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "zevi/error.hpp"

namespace zevi::bridges {

namespace {

constexpr std::array<std::pair<std::string_view, Template::Place>, 5> places{{
    {"topic", Template::Place::topic},
    {"host", Template::Place::host},
    {"src", Template::Place::src},
    {"name", Template::Place::name},
    {"subject", Template::Place::subject},
}};

Template::Place place_of(std::string_view name, std::string_view text, bool has_subject) {
  for (const auto& [known, place] : places) {
    if (known == name && (has_subject || place != Template::Place::subject)) return place;
  }
  throw Error("there is no {" + std::string(name) + "} to fill into '" + std::string(text) +
              "': there are {topic}, {host}, {src} and {name}" + (has_subject ? ", and {subject}" : ""));
}

std::string_view value_at(Template::Place place, const Template::Values& values) {
  switch (place) {
    case Template::Place::topic:
      return values.topic;
    case Template::Place::host:
      return values.host;
    case Template::Place::src:
      return values.src;
    case Template::Place::name:
      return values.name;
    case Template::Place::subject:
      return values.subject;
  }
  return {};
}

}  // namespace

Template::Template(std::string_view text, std::string_view special, bool has_subject) : special_(special) {
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t open = rest.find_first_of("{}");
    Piece& piece = pieces_.emplace_back();
    piece.text = rest.substr(0, open);
    if (open == std::string_view::npos) break;
    const std::size_t close = rest.find('}', open);
    if (rest[open] == '}' || close == std::string_view::npos) {
      throw Error("a brace stands alone in '" + std::string(text) + "'");
    }
    piece.place = place_of(rest.substr(open + 1, close - open - 1), text, has_subject);
    piece.has_place = true;
    rest.remove_prefix(close + 1);
  }
}

void Template::append(std::string& out, Place place, const Values& values) const {
  const bool is_topic = place == Place::topic;
  const std::string_view value = value_at(place, values);
  for (const char c : value) {
    const bool is_control = static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
    const bool is_special = special_.find(c) != std::string::npos && !(is_topic && c == '.');
    out += is_control || is_special ? '_' : c;
  }
  // A place that stays empty would make another subject of it.
  if (value.empty()) out += '_';
}

bool Template::has(Place place) const noexcept {
  return std::any_of(pieces_.begin(), pieces_.end(),
                     [place](const Piece& piece) { return piece.has_place && piece.place == place; });
}

void Template::fill(std::string& out, const Values& values) const {
  for (const Piece& piece : pieces_) {
    out += piece.text;
    if (piece.has_place) append(out, piece.place, values);
  }
}

}  // namespace zevi::bridges
