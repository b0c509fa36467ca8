/*
 * A worker that does what it reads from standard input, a command a line, and answers each with one line of
 * JSON:
 *
 * - `publish N [PAUSE_US [BYTES]]`: publishes N events {"number": 1}, {"number": 2}, ... with a pause behind
 * each and so many bytes of "padding"; how many were kept, and the time that took without the pauses.
 * - `enabled`: whether anybody wants its topic.
 * - `await 0|1`: waits until `enabled` is that; when it was, by CLOCK_MONOTONIC.
 * - `statistics`: its counters.
 * - `flush MS`: the status, and how many events are unacknowledged.
 * - `fork N`: forks a child that publishes N events and closes; whether it ended well.
 * - `forks N`: forks N children that publish an event {"child": 1}, {"child": 2}, ... each and close, while
 * two threads publish; how many children ended well, and what the threads published.
 * - `close`: closes and ends; the status.
 *
 * driven_worker [-w WAIT_MS] [-l LINGER_MS] [-c FILE]: with -w the policy for a full ring is to wait that
 * long, with -c it keeps its counters in that file.
 */
#define _POSIX_C_SOURCE 200809L

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "zevi/publisher.h"

enum { children_at_once = 8, publishing_threads = 2, thread_pause_us = 200 };

static zevi_publisher* publisher;
static zevi_topic* topic;
static long last_number;

static int64_t monotonic_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void pause_us(long microseconds) {
  const struct timespec time = {microseconds / 1000000, microseconds % 1000000 * 1000};
  if (microseconds > 0) nanosleep(&time, NULL);
}

static zevi_status publish(const char* name, long value, long padding_bytes) {
  static const char padding[4096];
  zevi_event event;
  zevi_event_begin(topic, 0, &event);
  zevi_put_int(&event, name, value);
  if (padding_bytes > 0 && padding_bytes <= (long)sizeof padding) {
    zevi_put_bytes(&event, "padding", padding, (size_t)padding_bytes);
  }
  return zevi_event_commit(&event);
}

static void do_publish(long count, long pause, long padding_bytes) {
  int64_t ns = 0;
  long kept = 0;
  for (long i = 0; i < count; ++i) {
    const int64_t begin = monotonic_ns();
    kept += publish("number", ++last_number, padding_bytes) == ZEVI_OK;
    ns += monotonic_ns() - begin;
    pause_us(pause);
  }
  printf("{\"kept\": %ld, \"ns\": %" PRId64 "}\n", kept, ns);
}

static void do_await(int wanted) {
  while (zevi_enabled(topic) != wanted) pause_us(100);
  printf("{\"at_ns\": %" PRId64 "}\n", monotonic_ns());
}

static void do_statistics(void) {
  zevi_statistics counts = {.size = sizeof counts};
  zevi_publisher_statistics(publisher, &counts);
  printf("{\"published\": %" PRIu64 ", \"sent\": %" PRIu64 ", \"acknowledged\": %" PRIu64
         ", \"invalid\": %" PRIu64 ", \"resent\": %" PRIu64 ", \"dropped\": %" PRIu64
         ", \"suppressed\": %" PRIu64 ", \"forked\": %" PRIu64 ", \"connected\": %" PRIu64 "}\n",
         counts.published, counts.sent, counts.acknowledged, counts.invalid, counts.resent, counts.dropped,
         counts.suppressed, counts.forked, counts.connected);
}

static void do_flush(long milliseconds) {
  uint64_t left = 0;
  const zevi_status status = zevi_publisher_flush(publisher, (uint64_t)milliseconds * 1000000, &left);
  printf("{\"status\": %d, \"unacknowledged\": %" PRIu64 "}\n", status, left);
}

static void end_child(void) {
  _exit(zevi_publisher_close(publisher) == ZEVI_OK ? 0 : 1);
}

static void do_fork(long count) {
  int ended = -1;
  const pid_t child = fork();
  if (child == 0) {
    for (long i = 1; i <= count; ++i) publish("number", i, 0);
    end_child();
  }
  waitpid(child, &ended, 0);
  printf("{\"good\": %d}\n", ended == 0);
}

struct publishing_thread {
  pthread_t handle;
  const char* name;
  long published;
};

static atomic_int stop_threads;

static void* run_thread(void* argument) {
  struct publishing_thread* thread = argument;
  while (!atomic_load(&stop_threads)) {
    if (publish(thread->name, thread->published + 1, 0) == ZEVI_OK) ++thread->published;
    pause_us(thread_pause_us);
  }
  return NULL;
}

static void do_forks(long count) {
  struct publishing_thread threads[publishing_threads] = {{.name = "first"}, {.name = "second"}};
  long good = 0;
  atomic_store(&stop_threads, 0);
  for (int i = 0; i < publishing_threads; ++i)
    pthread_create(&threads[i].handle, NULL, run_thread, &threads[i]);
  for (long i = 1; i <= count + children_at_once; ++i) {
    int ended = -1;
    if (i > children_at_once && wait(&ended) > 0) good += ended == 0;
    if (i <= count && fork() == 0) {
      publish("child", i, 0);
      end_child();
    }
  }
  atomic_store(&stop_threads, 1);
  for (int i = 0; i < publishing_threads; ++i) pthread_join(threads[i].handle, NULL);
  printf("{\"good\": %ld, \"first\": %ld, \"second\": %ld}\n", good, threads[0].published,
         threads[1].published);
}

/* False for the last one. */
static int do_command(const char* line) {
  char command[32] = "";
  long first = 0;
  long second = 0;
  long third = 0;
  sscanf(line, "%31s %ld %ld %ld", command, &first, &second, &third);
  if (strcmp(command, "publish") == 0) {
    do_publish(first, second, third);
  } else if (strcmp(command, "enabled") == 0) {
    printf("{\"enabled\": %d}\n", zevi_enabled(topic));
  } else if (strcmp(command, "await") == 0) {
    do_await((int)first);
  } else if (strcmp(command, "statistics") == 0) {
    do_statistics();
  } else if (strcmp(command, "flush") == 0) {
    do_flush(first);
  } else if (strcmp(command, "fork") == 0) {
    do_fork(first);
  } else if (strcmp(command, "forks") == 0) {
    do_forks(first);
  } else if (strcmp(command, "close") == 0) {
    printf("{\"status\": %d}\n", zevi_publisher_close(publisher));
    return 0;
  } else {
    fprintf(stderr, "driven_worker: no command %s", line);
    exit(2);
  }
  fflush(stdout);
  return 1;
}

static int open_publisher(int argc, char** argv) {
  zevi_publisher_options options;
  char error[256];
  zevi_publisher_options_init(&options);
  for (int option; (option = getopt(argc, argv, "w:l:c:")) != -1;) {
    if (option == '?') return 0;
    if (option == 'c') options.counters_file = optarg;
    if (option == 'c') continue;
    const uint64_t ns = strtoull(optarg, NULL, 10) * 1000000;
    if (option == 'l') options.linger_ns = ns;
    if (option != 'w') continue;
    options.full_policy = ZEVI_WAIT;
    options.wait_max_ns = ns;
  }
  if (zevi_publisher_open(&options, &publisher, error, sizeof error) == ZEVI_OK &&
      zevi_topic_open(publisher, "E_DRIVEN", ZEVI_NUL_TERMINATED, &topic) == ZEVI_OK) {
    return 1;
  }
  fprintf(stderr, "driven_worker: %s\n", error);
  return 0;
}

int main(int argc, char** argv) {
  char line[256];
  if (!open_publisher(argc, argv)) return 2;
  while (fgets(line, sizeof line, stdin) != NULL && do_command(line)) {
  }
  return 0;
}
