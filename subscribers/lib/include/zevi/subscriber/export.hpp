#pragma once

/// Marks what libzevi-subscriber exports; everything else in the library is hidden.
#define ZEVI_SUBSCRIBER_API __attribute__((visibility("default")))
