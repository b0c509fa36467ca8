#include "mqtt_message.hpp"

#include <mqtt_protocol.h>

namespace zevi::bridges {

std::string as_mqtt_text(const std::string& text) {
  if (mosquitto_validate_utf8(text.data(), static_cast<int>(text.size())) == MOSQ_ERR_SUCCESS) return text;
  std::string plain = text;
  for (char& c : plain) {
    if (c < ' ' || c > '~') c = '_';
  }
  return plain;
}

MqttProperties::MqttProperties(const Outgoing& message) {
  add("Zevi-Id", message.id);
  for (const Header& header : message.headers) add(header.name.data(), header.value);
}

MqttProperties::~MqttProperties() {
  mosquitto_property_free_all(&list_);
}

void MqttProperties::add(const char* name, const std::string& value) {
  if (code_ != MOSQ_ERR_SUCCESS) return;
  code_ =
      mosquitto_property_add_string_pair(&list_, MQTT_PROP_USER_PROPERTY, name, as_mqtt_text(value).c_str());
}

}  // namespace zevi::bridges
