#include "template.hpp"

#include <array>
#include <utility>

#include "zevi/error.hpp"

namespace zevi::bridges {

namespace {

constexpr std::array<std::pair<std::string_view, Template::Place>, 4> places{{
    {"topic", Template::Place::topic},
    {"host", Template::Place::host},
    {"src", Template::Place::src},
    {"name", Template::Place::name},
}};

Template::Place place_of(std::string_view name, std::string_view text) {
  for (const auto& [known, place] : places) {
    if (known == name) return place;
  }
  throw Error("there is no {" + std::string(name) + "} to fill into '" + std::string(text) +
              "': there are {topic}, {host}, {src} and {name}");
}

}  // namespace

Template::Template(std::string_view text, std::string_view special) : special_(special) {
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
    piece.place = place_of(rest.substr(open + 1, close - open - 1), text);
    piece.has_place = true;
    rest.remove_prefix(close + 1);
  }
}

void Template::append(std::string& out, Place place, const Values& values) const {
  const bool is_topic = place == Place::topic;
  const std::string_view value = is_topic               ? values.topic
                                 : place == Place::host ? values.host
                                 : place == Place::src  ? values.src
                                                        : values.name;
  for (const char c : value) {
    const bool is_control = static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
    const bool is_special = special_.find(c) != std::string::npos && !(is_topic && c == '.');
    out += is_control || is_special ? '_' : c;
  }
  // A place that stays empty would make another subject of it.
  if (value.empty()) out += '_';
}

void Template::fill(std::string& out, const Values& values) const {
  for (const Piece& piece : pieces_) {
    out += piece.text;
    if (piece.has_place) append(out, piece.place, values);
  }
}

}  // namespace zevi::bridges
