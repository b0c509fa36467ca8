#include "replay/question.hpp"

#include <cstdlib>

#include "topics/topic_registry.hpp"
#include "zevi/wire/control_messages.hpp"

using namespace zevi::broker;

/// A question to the history, with what is looked up in it, and one to `control`.
extern "C" int LLVMFuzzerTestOneInput(const char* data, std::size_t size) {
  static TopicRegistry topics;
  for (const char* name : {"E_A", "E_AB", "E_B"}) static_cast<void>(topics.find_or_add(name));
  const std::string_view frame(data, size);
  zevi::wire::DecodeError error{};
  if (const auto question = Question::read(frame, error)) {
    if (error != zevi::wire::DecodeError::none || question->bytes() < size) std::abort();
    for (const Topic* const topic : topics.matching(question->request().t)) {
      const std::uint64_t* const from = question->from(topic->name);
      if (from != nullptr && !question->request().from) std::abort();
      static_cast<void>(question->to(topic->name));
    }
  }
  zevi::wire::ControlRequest request;
  static_cast<void>(zevi::wire::decode(frame, request));
  return 0;
}
