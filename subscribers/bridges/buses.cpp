#include "buses.hpp"

#include "exec/exec_bus.hpp"
#include "file/file_bus.hpp"
#include "program.hpp"
#include "suggestion.hpp"

#ifdef ZEVI_WITH_KAFKA
#include "kafka/kafka_bus.hpp"
#endif
#ifdef ZEVI_WITH_MQTT
#include "mqtt/mqtt_bus.hpp"
#endif
#ifdef ZEVI_WITH_NATS
#include "nats/nats_bus.hpp"
#endif
#ifdef ZEVI_WITH_RABBITMQ
#include "rabbitmq/rabbitmq_bus.hpp"
#endif
#ifdef ZEVI_WITH_REDIS
#include "redis/redis_bus.hpp"
#endif

namespace zevi::bridges {

const std::vector<const BusKind*>& bus_kinds() {
  static const std::vector<const BusKind*> kinds{
      &file_bus,     &exec_bus,
#ifdef ZEVI_WITH_NATS
      &nats_bus,
#endif
#ifdef ZEVI_WITH_REDIS
      &redis_bus,    &rediss_bus,
#endif
#ifdef ZEVI_WITH_MQTT
      &mqtt_bus,     &mqtts_bus,
#endif
#ifdef ZEVI_WITH_RABBITMQ
      &rabbitmq_bus, &rabbitmqs_bus,
#endif
#ifdef ZEVI_WITH_KAFKA
      &kafka_bus,
#endif
  };
  return kinds;
}

const BusKind& find_bus_kind(std::string_view scheme) {
  std::string schemes;
  for (const BusKind* const kind : bus_kinds()) {
    if (kind->scheme == scheme) return *kind;
    schemes += (schemes.empty() ? "" : ", ") + std::string(kind->scheme);
  }
  throw program::UsageError("this build has no bus '" + std::string(scheme) + "'; it has " + schemes);
}

std::map<std::string, std::string, std::less<>> settings_of(const BusKind& kind,
                                                            const std::vector<std::string>& assignments) {
  std::map<std::string, std::string, std::less<>> settings;
  std::vector<std::string_view> names;
  for (const Setting& setting : kind.settings) {
    settings.emplace(setting.name, setting.standard);
    names.push_back(setting.name);
  }
  for (const std::string& assignment : assignments) {
    const std::size_t equals = assignment.find('=');
    const std::string name = assignment.substr(0, equals);
    if (equals == std::string::npos) throw program::UsageError("--set is NAME=VALUE, not '" + name + "'");
    const auto found = settings.find(name);
    if (found == settings.end()) {
      const std::string_view meant = program::nearest(name, names);
      throw program::UsageError(std::string(kind.scheme) + " has no setting '" + name + "'" +
                                (meant.empty() ? "" : "; did you mean '" + std::string(meant) + "'?"));
    }
    found->second = assignment.substr(equals + 1);
  }
  return settings;
}

std::string describe_buses() {
  std::string text = "Buses, and what --set says to them:\n";
  for (const BusKind* const kind : bus_kinds()) {
    text += "  " + std::string(kind->url) + "\n      " + std::string(kind->purpose) + "\n";
    for (const Setting& setting : kind->settings) {
      const std::string head = std::string(setting.name) + "=" + std::string(setting.standard);
      text += "      " + head + std::string(head.size() < 26 ? 26 - head.size() : 1, ' ') +
              std::string(setting.meaning) + "\n";
    }
  }
  return text;
}

}  // namespace zevi::bridges
