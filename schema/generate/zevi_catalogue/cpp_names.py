"""C++ names for topics and parameters, whose alphabets are wider than that of C++.

What is no letter, digit or underscore becomes an underscore, several of them in a row one; a name that begins
with a digit, or with an underscore and a capital, gets an `n` before it; one that is taken gets an underscore
behind it, or `_2`, `_3` and so on. Names that need no change go first and never give way to one that does."""

import re

KEYWORDS = frozenset("""
    alignas alignof and and_eq asm atomic_cancel atomic_commit atomic_noexcept auto bitand bitor bool break case
    catch char char16_t char32_t char8_t class co_await co_return co_yield compl concept const const_cast
    consteval constexpr constinit continue decltype default delete do double dynamic_cast else enum explicit
    export extern false float for friend goto if inline int long mutable namespace new noexcept not not_eq
    nullptr operator or or_eq private protected public reflexpr register reinterpret_cast requires return short
    signed sizeof static static_assert static_cast struct switch synchronized template this thread_local throw
    true try typedef typeid typename union unsigned using virtual void volatile wchar_t while xor xor_eq
    """.split())
# Macros of headers that a program is likely to include before.
MACROS = frozenset("""
    assert errno stdin stdout stderr unix linux i386 major minor makedev signals slots emit foreach
    EOF NULL NAN INFINITY BUFSIZ TRUE FALSE DOMAIN OVERFLOW UNDERFLOW
    """.split())
# What a generated struct uses itself.
MEMBERS = frozenset("topic param_names encode decode encoded_bytes_max at out params reader which std zevi".split())


def plain(name):
    text = re.sub(r"[^A-Za-z0-9]+", "_", name)
    return "n" + text if re.match(r"[0-9]|_[A-Z]|\Z", text) else text


def assign(names, taken):
    """A C++ name for each of `names`, none of them in `taken` and no two alike."""
    used = set(KEYWORDS | MACROS | taken)
    assigned = {}
    for name in sorted(names, key=lambda name: plain(name) != name or name in used):
        wanted = plain(name)
        candidate, number = wanted, 1
        while candidate in used:
            candidate = wanted.rstrip("_") + "_" + (str(number) if number > 1 else "")
            number += 1
        used.add(candidate)
        assigned[name] = candidate
    return [assigned[name] for name in names]
