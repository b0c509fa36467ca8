#include <iostream>
#include <zevi/events.hpp>
#include <zevi/subscriber.hpp>

// Reads two kinds of events into the structs that the catalogue describes, and counts what was lost.
int main() {
  zevi::Subscriber subscriber({.topics = {"E_CORE_LOG", "E_CORE_SHM_THRESHOLD"}});
  for (const zevi::Message& message : subscriber) {
    const zevi::Event* event = message.event();
    if (event == nullptr) {
      std::cerr << zevi::describe(message) << std::endl;
    } else if (const auto log = event->as<zevi::E_CORE_LOG>()) {
      std::cout << "log, level " << log->level << ": " << log->message << std::endl;
    } else if (const auto memory = event->as<zevi::E_CORE_SHM_THRESHOLD>()) {
      std::cout << "shared memory used: " << memory->usage << " %" << std::endl;
    }
  }
}
