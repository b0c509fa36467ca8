#include <iostream>
#include <zevi/subscriber.hpp>

int main() {
  zevi::Subscriber subscriber("E_CORE_LOG");
  for (const zevi::Message& message : subscriber) {
    if (const zevi::Event* event = message.event()) {
      std::cout << event->src << ": " << (*event)["message"].as_text().value_or("") << std::endl;
    } else {
      std::cerr << zevi::describe(message) << std::endl;
    }
  }
}
