#include "config/route_options.hpp"

#include <charconv>
#include <string_view>

#include "config/prefixed.hpp"
#include "egress/routes.hpp"
#include "zevi/error.hpp"

namespace zevi::broker {

namespace {

constexpr std::string_view form =
    "write PREFIX=ENDPOINT, and behind it, with commas, any of format=stream, format=events, format=json, "
    "also, "
    "queue=N and access=FILE";

/// False if there is no such format.
bool read_format(std::string_view name, EventFormat& format) {
  for (const EventFormat known : {EventFormat::stream, EventFormat::events, EventFormat::json}) {
    if (name != name_of(known)) continue;
    format = known;
    return true;
  }
  return false;
}

/// False if it is no number from 1.
bool read_queue(std::string_view text, int& queue_max) {
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), queue_max);
  return error == std::errc{} && rest == text.data() + text.size() && queue_max > 0;
}

/// False if `text` is nothing that a route can have.
bool add_setting(Route& route, std::string_view text) {
  std::string_view value = text;
  const std::string_view name = cut(value, '=');
  if (name == "also" && name == text) return route.also = true;
  if (name == "format") return read_format(value, route.format);
  if (name == "queue") return read_queue(value, route.queue_max);
  if (name == "access") route.access = value;
  return name == "access" && !value.empty();
}

Route parse_route(std::string_view value) {
  if (value.find('=') == std::string_view::npos) throw wrong("route", value, "no PREFIX= in front", form);
  std::string_view rest = value;
  Route route;
  route.prefix = prefix_of(cut(rest, '='));
  route.endpoint = cut(rest, ',');
  while (!rest.empty()) {
    const std::string_view text = cut(rest, ',');
    if (!add_setting(route, text)) {
      throw wrong("route", value, "'" + std::string(text) + "' is nothing that a route can have", form);
    }
  }
  return route;
}

}  // namespace

std::vector<Route> parse_routes(const std::vector<std::string>& values) {
  std::vector<Route> routes;
  for (const std::string& value : values) routes.push_back(parse_route(value));
  return routes;
}

}  // namespace zevi::broker
