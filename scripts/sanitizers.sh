# Sourced: options of the sanitizers. CAF keeps its registries for the life of the process, so leaks
# are judged in the tests that count; everything else ends the program.
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=0:strict_string_checks=1:detect_stack_use_after_return=1:check_initialization_order=1}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1:halt_on_error=1}
