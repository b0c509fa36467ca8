#include "mqtt_place.hpp"

#include <charconv>
#include <string_view>

#include "program.hpp"

namespace zevi::bridges {

namespace {

constexpr int standard_port = 1883;
constexpr int standard_port_of_tls = 8883;
constexpr int port_max = 65535;

}  // namespace

MqttPlace mqtt_place_of(const BusOptions& options) {
  const BusUrl& url = options.url;
  const auto refuse = [&url](const std::string& why) {
    throw program::UsageError("MQTT is given as " + url.scheme + "://HOST[:PORT], " + why);
  };
  MqttPlace place{.host = {}, .port = options.tls.is_on ? standard_port_of_tls : standard_port};
  std::string_view rest = url.hosts;
  if (rest.find(',') != std::string_view::npos) refuse("with one host");
  if (!url.path.empty() && url.path != "/") refuse("with nothing behind it; --subject says where to");
  const std::size_t bracket = rest.starts_with('[') ? rest.find(']') : std::string_view::npos;
  if (bracket != std::string_view::npos) {
    place.host = rest.substr(1, bracket - 1);
    rest.remove_prefix(bracket + 1);
  } else {
    place.host = rest.substr(0, rest.find(':'));
    rest.remove_prefix(place.host.size());
  }
  if (place.host.empty()) refuse("with a host");
  if (rest.empty()) return place;
  const char* const end = rest.data() + rest.size();
  const auto [last, error] = std::from_chars(rest.data() + 1, end, place.port);
  const bool is_port = error == std::errc{} && last == end && place.port > 0 && place.port <= port_max;
  if (rest.front() != ':' || !is_port) refuse("with a number as the port");
  return place;
}

}  // namespace zevi::bridges
