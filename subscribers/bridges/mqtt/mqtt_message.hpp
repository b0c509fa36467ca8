#pragma once

#include <mosquitto.h>

#include <string>

#include "../bridge.hpp"

namespace zevi::bridges {

/// Text as MQTT takes it: what is no UTF-8, or holds characters that MQTT forbids, is left with its ASCII
/// alone, and `_` for each other byte.
[[nodiscard]] std::string as_mqtt_text(const std::string& text);

/// The id and the headers of a message as the user properties of MQTT 5.
class MqttProperties {
 public:
  explicit MqttProperties(const Outgoing& message);
  ~MqttProperties();
  MqttProperties(const MqttProperties&) = delete;
  MqttProperties& operator=(const MqttProperties&) = delete;

  [[nodiscard]] const mosquitto_property* get() const noexcept { return list_; }
  /// The library's code if they cannot be sent.
  [[nodiscard]] int code() const noexcept { return code_; }

 private:
  void add(const char* name, const std::string& value);

  mosquitto_property* list_ = nullptr;
  int code_ = MOSQ_ERR_SUCCESS;
};

}  // namespace zevi::bridges
