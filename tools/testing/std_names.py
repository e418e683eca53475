# SPDX-License-Identifier: BSD-3-Clause
"""Whether a header includes, itself or through other headers of ours, where the names of the C++ library that it uses come
from. headers.py compiles our headers behind the library's, which is fast but would not notice that one is missing."""
import os
import re

# Which names each header gives (ISO C++20, the synopsis of each header). Any of the headers that give a name will do.
GIVEN_BY = {
    "algorithm": "all_of any_of clamp copy copy_n copy_if equal equal_range erase_if fill fill_n find find_if find_if_not for_each "
                 "lexicographical_compare lower_bound make_heap max max_element min min_element minmax none_of nth_element "
                 "partial_sort pop_heap push_heap remove_if replace reverse rotate search shuffle sort stable_sort swap_ranges "
                 "transform unique upper_bound ranges",
    "array": "array to_array",
    "atomic": "atomic atomic_ref atomic_flag atomic_thread_fence atomic_signal_fence memory_order memory_order_acq_rel "
              "memory_order_acquire memory_order_relaxed memory_order_release memory_order_seq_cst",
    "bit": "bit_cast bit_ceil bit_floor bit_width countl_zero countr_zero endian has_single_bit popcount rotl rotr",
    "bitset": "bitset",
    "charconv": "from_chars from_chars_result to_chars to_chars_result chars_format",
    "chrono": "chrono chrono_literals",
    "compare": "strong_ordering weak_ordering partial_ordering",
    "concepts": "convertible_to constructible_from derived_from floating_point integral invocable predicate regular same_as "
                "signed_integral unsigned_integral",
    "condition_variable": "condition_variable condition_variable_any",
    "cstddef": "byte max_align_t nullptr_t ptrdiff_t to_integer",
    "cstdint": "int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t intptr_t uintptr_t",
    "cstdio": "FILE fclose fflush fopen fprintf fread fwrite printf rename snprintf",
    "cstdlib": "abort aligned_alloc calloc exit free getenv malloc strtol strtoul strtoull",
    "cstring": "memchr memcmp memcpy memmove memset strchr strcmp strerror strlen strncmp",
    "cmath": "ceil exp floor isfinite isnan log log2 lround pow round sqrt",
    "ctime": "time_t tm gmtime localtime mktime strftime",
    "deque": "deque erase_if",
    "exception": "current_exception exception exception_ptr rethrow_exception set_terminate terminate uncaught_exceptions",
    "filesystem": "filesystem",
    "fstream": "fstream ifstream ofstream filebuf",
    "functional": "bind_front cref equal_to function greater hash invoke less move_only_function not_fn plus ref reference_wrapper",
    "future": "async future launch promise",
    "initializer_list": "initializer_list",
    "iomanip": "setfill setprecision setw",
    "ios": "ios ios_base streamsize hex dec fixed",
    "iostream": "cerr cin clog cout",
    "istream": "istream",
    "iterator": "ranges back_inserter distance forward_iterator_tag input_iterator istream_iterator istreambuf_iterator next prev "
                "random_access_iterator_tag reverse_iterator size data begin end",
    "limits": "numeric_limits",
    "list": "list",
    "map": "map multimap erase_if",
    "memory": "ranges addressof allocator allocator_traits construct_at default_delete destroy_at enable_shared_from_this make_shared "
              "make_unique make_unique_for_overwrite shared_ptr static_pointer_cast unique_ptr weak_ptr",
    "memory_resource": "pmr",
    "mutex": "call_once lock_guard mutex once_flag recursive_mutex scoped_lock unique_lock",
    "new": "align_val_t bad_alloc bad_array_new_length hardware_destructive_interference_size launder nothrow",
    "numeric": "accumulate gcd iota lcm midpoint partial_sum reduce",
    "optional": "nullopt nullopt_t optional",
    "ostream": "endl flush ostream",
    "queue": "priority_queue queue",
    "random": "mt19937 mt19937_64 random_device uniform_int_distribution uniform_real_distribution",
    "ranges": "ranges views",
    "set": "multiset set erase_if",
    "shared_mutex": "shared_lock shared_mutex",
    "source_location": "source_location",
    "span": "as_bytes as_writable_bytes dynamic_extent span",
    "sstream": "istringstream ostringstream stringstream",
    "stdexcept": "invalid_argument length_error logic_error out_of_range range_error runtime_error",
    "stop_token": "stop_callback stop_source stop_token",
    "string": "char_traits getline stod stoi stol stoul stoull string string_literals to_string u16string wstring erase_if",
    "string_view": "string_view string_view_literals",
    "system_error": "errc error_category error_code generic_category make_error_code system_category system_error",
    "thread": "jthread this_thread thread",
    "tuple": "apply make_tuple tie tuple tuple_element_t tuple_size_v",
    "type_traits": "bool_constant common_type_t conditional_t decay_t enable_if_t false_type has_unique_object_representations_v "
                   "integral_constant invoke_result_t is_arithmetic_v is_base_of_v is_const_v is_constant_evaluated is_convertible_v "
                   "is_enum_v is_floating_point_v is_integral_v is_invocable_v is_nothrow_move_constructible_v is_same_v is_signed_v "
                   "is_standard_layout_v is_trivial_v is_trivially_copyable_v is_unsigned_v is_void_v make_signed_t make_unsigned_t "
                   "remove_cv_t remove_cvref_t remove_reference_t true_type type_identity_t underlying_type_t void_t",
    "typeindex": "type_index",
    "unordered_map": "unordered_map unordered_multimap erase_if",
    "unordered_set": "unordered_multiset unordered_set erase_if",
    "utility": "as_const declval exchange forward in_place index_sequence make_index_sequence make_pair move pair swap unreachable cmp_less",
    "variant": "get_if holds_alternative monostate variant visit",
    "vector": "vector erase_if",
}
# Given by so many headers that whichever one a header includes, it has these.
ANYWHERE = frozenset("begin data end get move pair forward size size_t swap declval".split())
HEADERS = tuple(sorted(GIVEN_BY))

_HEADERS_OF = {}
for _header, _given in GIVEN_BY.items():
    for _name in _given.split():
        _HEADERS_OF.setdefault(_name, set()).add(_header)
# What headers of the library are said to include (same synopses), and libstdc++ and libc++ both do.
_ALSO = {"iostream": {"istream", "ostream", "ios"}, "fstream": {"istream", "ostream", "ios"}, "sstream": {"istream", "ostream", "ios"},
         "istream": {"ios"}, "ostream": {"ios"}, "string": {"compare", "initializer_list"}, "vector": {"compare", "initializer_list"},
         "thread": {"compare", "stop_token"}, "ranges": {"compare", "initializer_list", "iterator"},
         "system_error": {"compare"}, "chrono": {"compare"}, "utility": {"compare", "initializer_list"}}
_C_NAMES = {name + ".h": "c" + name for name in ("stddef", "stdint", "stdio", "stdlib", "string", "math", "time")}

_INCLUDE = re.compile(r'^\s*#\s*include\s*["<]([^">]+)[">]', re.MULTILINE)
_USED = re.compile(r"\bstd::([A-Za-z_]\w*)|(?<![\w:])(u?int(?:8|16|32|64|ptr)_t)\b")
_NOT_CODE = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"', re.DOTALL)


class Reach:
    """What the headers of a checkout reach by their includes; each file is read once."""

    def __init__(self, root):
        self._root = root
        self._read = {}
        self._ours = {}

    def text(self, name):
        return self._look(name)[0]

    def _look(self, name):
        if name not in self._read:
            with open(os.path.join(self._root, name), encoding="utf-8") as file:
                text = file.read()
            self._read[name] = text, _INCLUDE.findall(text)
        return self._read[name]

    def ours(self, name):
        """What `name` includes of this checkout, at whatever distance."""
        if name not in self._ours:
            direct = [other for other in self._look(name)[1] if os.path.isfile(os.path.join(self._root, other))]
            self._ours[name] = set(direct)              # where headers include each other in a circle, this is what ends it
            for other in direct:
                self._ours[name] |= self.ours(other)
        return self._ours[name]

    def library_headers(self, name):
        """Headers that are not ours, of `name` and everything of ours that it includes."""
        ours = self.ours(name)
        named = {included for one in {name, *ours} for included in self._look(one)[1]} - ours
        found = {_C_NAMES.get(header, header) for header in named}
        return found.union(*(_ALSO.get(header, ()) for header in found))


def complaints(reach, name):
    """A line for each name of the library that `name` uses without reaching a header that gives it."""
    has = reach.library_headers(name)
    code = _NOT_CODE.sub(" ", reach.text(name))
    for used in sorted({qualified or plain for qualified, plain in _USED.findall(code)} - ANYWHERE):
        givers = _HEADERS_OF.get(used)
        if givers is None:
            yield f"{name}: std::{used} has no row in GIVEN_BY of tools/testing/std_names.py"
        elif not givers & has:
            yield f"{name}: uses std::{used} and includes none of {', '.join(f'<{giver}>' for giver in sorted(givers))}"
