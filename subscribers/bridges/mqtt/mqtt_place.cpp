#include "mqtt_place.hpp"

#include "program.hpp"

namespace zevi::bridges {

namespace {

constexpr int standard_port = 1883;
constexpr int standard_port_of_tls = 8883;

}  // namespace

MqttPlace mqtt_place_of(const BusOptions& options) {
  const BusUrl& url = options.url;
  const auto refuse = [&url](const std::string& why) {
    throw program::UsageError("MQTT is given as " + url.scheme + "://HOST[:PORT], " + why);
  };
  MqttPlace place{.host = {}, .port = options.tls.is_on ? standard_port_of_tls : standard_port};
  if (url.hosts.find(',') != std::string::npos) refuse("with one host");
  if (!url.path.empty() && url.path != "/") refuse("with nothing behind it; --subject says where to");
  const auto [host, behind] = split_host(url.hosts);
  place.host = host;
  if (place.host.empty()) refuse("with a host");
  if (behind.empty()) return place;
  place.port = port_in(behind);
  if (place.port == 0) refuse("with a number as the port");
  return place;
}

}  // namespace zevi::bridges
