/*
 * zevi/publisher.h: publishing events from a worker, in C11.
 *
 * A publisher belongs to a process. A worker opens it once, opens a handle for each topic that it publishes,
 * and from then on publishes from any of its threads. Publishing writes into a ring of the calling thread; a
 * thread of the library takes the events from there, sends them to the broker, and keeps them until the
 * broker has acknowledged them. A worker is never held up by the broker, by its absence or by a slow reader.
 *
 * - Handles: opaque. Whoever opens a publisher closes it; topic handles belong to their publisher and are
 *   not closed.
 * - Threads: every function may be called from any thread at any time, except that nothing may use a
 *   publisher while or after it is closed. A zevi_event belongs to the thread that began it.
 * - Fork: handles stay valid in a child. At its first publish the child gets its own connection, thread,
 *   rings and identity; what the parent had published is the parent's to send. An event that was begun
 *   before the fork is the parent's: committing it in the child gives ZEVI_FORKED. A child may _exit
 *   without closing.
 * - Strings: bytes with a size; ZEVI_NUL_TERMINATED as size means strlen. Text that is not UTF-8 is
 *   sent as msgpack bin, byte for byte. Nothing that is passed in is kept after the call returns.
 * - Null: a null pointer where a handle is expected gives ZEVI_INVALID, and put functions ignore it.
 * - Errors: functions return a zevi_status: 0 is success, a positive one is no error, a negative one is
 *   an error. zevi_status_text() puts it in words. No exception leaves the library, no signal handler is
 *   installed, nothing is printed.
 * - Losses: an event that could not be kept is counted, and subscribers see the count; see
 *   zevi_statistics.
 * - ABI: structs that the caller fills or reads begin with their size, so that fields can be added
 *   behind.
 */
#ifndef ZEVI_PUBLISHER_H
#define ZEVI_PUBLISHER_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define ZEVI_API __attribute__((visibility("default")))
#else
#define ZEVI_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef struct zevi_publisher zevi_publisher;
/* What is behind a topic handle is the library's; the one byte shown here is for zevi_wanted. */
typedef struct zevi_topic {
  unsigned char wanted;
} zevi_topic;

/* An event between begin and commit. Lives on the caller's stack; its content is the library's. */
typedef struct zevi_event {
  uint64_t reserved[8];
} zevi_event;

typedef enum zevi_status {
  ZEVI_OK = 0,
  ZEVI_UNWANTED = 1,   /* nobody subscribes to the topic: counted as suppressed, not encoded */
  ZEVI_RING_FULL = -1, /* no room, at once or within wait_max_ns: counted as dropped */
  ZEVI_TOO_LARGE = -2, /* an event above 64 KiB of msgpack: counted as dropped */
  ZEVI_INVALID = -3,   /* an argument out of range, or a map that is not one event's parameters; an event that
                          was begun is counted as dropped */
  ZEVI_FORKED = -4,    /* begun before a fork, or no endpoint that a child can use: counted as forked */
  ZEVI_TIMEOUT = -5,   /* the time was up before everything was acknowledged */
  ZEVI_NO_MEMORY = -6, /* the thread's ring could not be made: counted as dropped */
  ZEVI_SYSTEM = -7     /* a socket or thread could not be made; the error text says which */
} zevi_status;

/* What happens to an event for which the thread's ring has no room. */
typedef enum zevi_full_policy {
  ZEVI_DROP = 0, /* drop it, the newest, and count it */
  ZEVI_WAIT = 1  /* wait up to wait_max_ns for room, then drop it and count it */
} zevi_full_policy;

#define ZEVI_NUL_TERMINATED ((size_t)-1)

typedef struct zevi_publisher_options {
  size_t size; /* set by zevi_publisher_options_init */

  /* Where the broker listens. Null: the socket `ingress` in runtime_dir. */
  const char* endpoint;
  /* Null: $ZEVI_RUNTIME_DIR, else /run/zevi if it exists, else $XDG_RUNTIME_DIR/zevi; looked up again at each
   * reconnect. Ignored when endpoint is set. */
  const char* runtime_dir;
  /* The endpoint for children when endpoint is inproc://, which does not reach across a fork. Null: their
   * events are counted as forked. */
  const char* fork_endpoint;
  /* Name of the program as subscribers see it (`src`), at most 255 bytes. Null: the executable's name. */
  const char* name;
  /* The caller's own ZeroMQ context (from zmq_ctx_new), which must outlive the publisher; needed for
   * inproc://. Null: a context of the publisher's own. A child always makes its own. */
  void* zmq_context;

  zevi_full_policy full_policy; /* of topics that have none of their own; default ZEVI_DROP */
  uint64_t wait_max_ns;         /* for ZEVI_WAIT; default 1 s, at most 365 days */
  size_t ring_bytes;   /* ring of each publishing thread; default 1 MiB, 256 KiB to 1 GiB, a power of two */
  size_t window_bytes; /* most that is sent and not acknowledged; default 8 MiB, at least 1 MiB */
  /* How long a burst is collected before it is sent; the broker may ask for longer, up to 50 ms, while many
   * publishers are busy. Default 500 us, at most 1 s. A lone event is sent at once. */
  uint64_t flush_interval_ns;
  uint64_t linger_ns; /* how long close waits for acknowledgements; default 100 ms */

  /* Where the publisher keeps its counts, so that they outlive a process that is killed: the path of a file,
   * which is made anew and stays when the publisher is closed; zevi/publisher_counters.h says how to read
   * it. A child writes one of its own, at this path and `.` and its process id. A file that is there already
   * and was not closed is renamed to its path and `.` and the id of its process. Choose a path on a tmpfs,
   * such as /run: a store into a page that is just on its way to a disk can wait for it. It takes 40 KiB and
   * 16 KiB a thread. Null: none. */
  const char* counters_file;

  /* For a tcp:// endpoint of a broker with --curve-key: the file of the own secret key, as zevi keys generate
   * makes it, and the broker's public key or a file that holds it. Read when the publisher is opened. Null:
   * no CURVE. */
  const char* curve_key;
  const char* curve_server_key;

  /* Where the events come from that this publisher passes on from elsewhere, at most 255 bytes: subscribers
   * see it with each event (`origin`), and bridges know by it what they must not send back. Null: they are
   * its own. */
  const char* origin;
} zevi_publisher_options;

/* Sets every option to its default. */
ZEVI_API void zevi_publisher_options_init(zevi_publisher_options* options);

/* Opens a publisher. Succeeds whether or not a broker runs: connecting goes on in the background. `options`
 * may be null for the defaults. On failure *publisher is null and, if error is not null, a line for people,
 * cut to error_bytes including its NUL, is written there. Returns ZEVI_OK, ZEVI_INVALID, ZEVI_NO_MEMORY or
 * ZEVI_SYSTEM. */
ZEVI_API zevi_status zevi_publisher_open(const zevi_publisher_options* options, zevi_publisher** publisher,
                                         char* error, size_t error_bytes);

/* Waits until everything that was committed before the call has been acknowledged by the broker, each event
 * at the level that the broker demands for its topic (in memory, written to the store, synced to the disk),
 * at most timeout_ns. Events in unacknowledged batches and rings are counted in *unacknowledged if that is
 * not null. Returns ZEVI_OK, or ZEVI_TIMEOUT when something is left. */
ZEVI_API zevi_status zevi_publisher_flush(zevi_publisher* publisher, uint64_t timeout_ns,
                                          uint64_t* unacknowledged);

/* Flushes for at most linger_ns, says goodbye to the broker and frees everything, topic handles included.
 * Returns like flush: ZEVI_TIMEOUT means that events were left unacknowledged. Null is ignored. In a child
 * that has published nothing it frees nothing of the parent's and returns at once. */
ZEVI_API zevi_status zevi_publisher_close(zevi_publisher* publisher);

/* The handle of a topic: 1 to 128 bytes of A-Z a-z 0-9 _ . - that do not begin with E_ZEVI_. The same name
 * gives the same handle. At most 1,024 topics. Takes a lock: open topics at start. Returns ZEVI_OK,
 * ZEVI_INVALID or ZEVI_NO_MEMORY. */
ZEVI_API zevi_status zevi_topic_open(zevi_publisher* publisher, const char* name, size_t name_bytes,
                                     zevi_topic** topic);

/* What happens to this topic's events when a ring is full, instead of what the publisher's options say.
 * wait_max_ns is looked at for ZEVI_WAIT alone and is at most 365 days. A ring is full when the broker does
 * not take in what is sent, or not as fast, and the window is full therefore. Holds from the next event on,
 * and in children that are forked. Returns ZEVI_OK or ZEVI_INVALID. */
ZEVI_API zevi_status zevi_topic_set_full_policy(zevi_topic* topic, zevi_full_policy policy,
                                                uint64_t wait_max_ns);

/* 1 if somebody wants this topic's events, or if the broker has not said yet; else 0. Use it to skip work
 * that is done for the event alone; publishing without asking is just as right. */
ZEVI_API int zevi_enabled(const zevi_topic* topic);

#if defined(__GNUC__)
/* The same in one load, without a call; the handle is not null. */
static inline int zevi_wanted(const zevi_topic* topic) {
  return __atomic_load_n(&topic->wanted, __ATOMIC_RELAXED);
}
#else
#define zevi_wanted(topic) zevi_enabled(topic)
#endif

/* Counts an event of a topic that nobody wants as suppressed, for a caller that has asked and made none.
 * Returns ZEVI_UNWANTED. */
ZEVI_API zevi_status zevi_suppress(zevi_topic* topic);

/* Begins an event. time_ns is nanoseconds since 1970, 0 for now. Returns ZEVI_OK, or why the event will not
 * be kept (ZEVI_UNWANTED, ZEVI_RING_FULL, ...); the put functions then do nothing and commit returns the
 * same, so that a caller may ignore it. A thread has at most one event between begin and commit or cancel in
 * each publisher: beginning another gives ZEVI_INVALID, and that one is counted as dropped. Beginning again
 * with the same zevi_event cancels what it held. */
ZEVI_API zevi_status zevi_event_begin(zevi_topic* topic, int64_t time_ns, zevi_event* event);

/* Puts one parameter. A name is put once; it is not checked for repeats. */
ZEVI_API void zevi_put_int(zevi_event* event, const char* name, int64_t value);
ZEVI_API void zevi_put_uint(zevi_event* event, const char* name, uint64_t value);
ZEVI_API void zevi_put_double(zevi_event* event, const char* name, double value);
ZEVI_API void zevi_put_bool(zevi_event* event, const char* name, int value);
ZEVI_API void zevi_put_nil(zevi_event* event, const char* name);
ZEVI_API void zevi_put_string(zevi_event* event, const char* name, const char* text, size_t text_bytes);
ZEVI_API void zevi_put_bytes(zevi_event* event, const char* name, const void* bytes, size_t size);

/* Makes the event visible to the sending thread. Returns ZEVI_OK or why it was not kept. */
ZEVI_API zevi_status zevi_event_commit(zevi_event* event);

/* Forgets the event as if it had never begun; it is not counted. */
ZEVI_API void zevi_event_cancel(zevi_event* event);

/* For code that encodes a whole parameter map itself (the generated types of zevi/events.hpp do): reserves
 * room for map_bytes_max bytes, at most 64 KiB, and gives in *at where the msgpack map is to be written. The
 * caller then commits with the end of what it wrote, or cancels. The map is not checked here: the broker
 * refuses a batch with a bad one. */
ZEVI_API zevi_status zevi_map_begin(zevi_topic* topic, int64_t time_ns, size_t map_bytes_max,
                                    zevi_event* event, uint8_t** at);
ZEVI_API zevi_status zevi_map_commit(zevi_event* event, const uint8_t* end);

/* Publishes a parameter map that is msgpack already. It is checked first: ZEVI_INVALID if it is not one map
 * with text keys, UTF-8 strings, no extension types and nesting up to 16; it then counts as dropped. */
ZEVI_API zevi_status zevi_publish_encoded(zevi_topic* topic, int64_t time_ns, const void* map,
                                          size_t map_bytes);

/* What became of the events of this process (a child counts from its own start), summed over threads and
 * topics:
 * - committed = sent + waiting in rings
 * - sent = acknowledged + invalid + waiting for the broker
 *
 * A snapshot: numbers may be some events apart while others publish. */
typedef struct zevi_statistics {
  size_t size;           /* set by the caller to sizeof(zevi_statistics) */
  uint64_t published;    /* events committed */
  uint64_t sent;         /* events handed to the socket, each counted once */
  uint64_t acknowledged; /* events that the broker has taken in */
  uint64_t invalid;      /* events that the broker refused */
  uint64_t resent;       /* events handed to the socket again after a reconnect */
  uint64_t dropped;      /* events lost for want of room or memory, too large, or invalid */
  uint64_t suppressed;   /* events that nobody wanted */
  uint64_t forked;       /* events lost because a child had no endpoint, or that were begun before the fork */
  uint64_t connected;    /* 1 while the broker knows this publisher, else 0 */
  uint64_t window_batches; /* batches that the broker has not acknowledged at their topic's level */
  uint64_t window_bytes;   /* what they count for, of window_bytes in the options */
} zevi_statistics;

ZEVI_API zevi_status zevi_publisher_statistics(const zevi_publisher* publisher, zevi_statistics* statistics);

/* The words for a status; never null. */
ZEVI_API const char* zevi_status_text(zevi_status status);

/* The library's version, `major.minor.patch`. */
ZEVI_API const char* zevi_publisher_version(void);

#ifdef __cplusplus
}
#endif

#endif
