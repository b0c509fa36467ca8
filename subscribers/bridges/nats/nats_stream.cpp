#include "nats_stream.hpp"

#include <array>

#include "program.hpp"

namespace zevi::bridges {

namespace {

constexpr std::int64_t patience_ms = 2000;

}  // namespace

std::string subjects_of(const std::string& subject) {
  const std::size_t place = subject.find('{');
  if (place == std::string::npos) return subject;
  if (place == 0 || subject[place - 1] != '.') {
    throw program::UsageError("say with --set stream-subjects=... which subjects '" + subject +
                              "' can make, for the stream that is to be made");
  }
  return subject.substr(0, place) + ">";
}

void make_stream(natsConnection* connection, const NatsStream& stream) {
  jsOptions options;
  must(jsOptions_Init(&options), "JetStream");
  options.Wait = patience_ms;
  jsCtx* context = nullptr;
  must(natsConnection_JetStream(&context, connection, &options), "JetStream");
  const JetStream jetstream(context);
  jsStreamInfo* info = nullptr;
  auto code = static_cast<jsErrCode>(0);
  const natsStatus found = js_GetStreamInfo(&info, context, stream.name.c_str(), &options, &code);
  JetStreamInfo known(info);
  if (found == NATS_OK) return;
  if (found != NATS_NOT_FOUND) must(found, "cannot ask for the stream " + stream.name);
  jsStreamConfig config;
  must(jsStreamConfig_Init(&config), "JetStream");
  std::array<const char*, 1> subjects{stream.subject.c_str()};
  config.Name = stream.name.c_str();
  config.Subjects = subjects.data();
  config.SubjectsLen = 1;
  config.MaxBytes = stream.bytes == 0 ? -1 : static_cast<std::int64_t>(stream.bytes);
  config.MaxAge = stream.age.count();
  config.Duplicates = stream.duplicates.count();
  const natsStatus made = js_AddStream(&info, context, &config, &options, &code);
  known.reset(info);
  if (made != NATS_OK) throw Error("cannot make the stream " + stream.name + ": " + nats_reason(made));
}

}  // namespace zevi::bridges
