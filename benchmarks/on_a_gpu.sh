#!/usr/bin/env bash
# Everything that only a CUDA card can show, in under ten minutes: the tests marked gpu, compute-sanitizer on every
# kernel, and the benchmark. For a machine with a card, Python, numba, numba-cuda, numpy, matplotlib, pytest and torch,
# and no network.
#
#     benchmarks/on_a_gpu.sh [--dry-run] [FOLDER]
#
# Results go to FOLDER, or $OUT, or runs/gpu: one log a step, summary.txt, and what the benchmark writes. The exit status
# is 0 if every step passed or had a reason to be skipped. --dry-run only says what would be run.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 2

dry=
if [ "${1:-}" = --dry-run ]; then
    dry=yes
    shift
fi
folder=${1:-${OUT:-runs/gpu}}
mkdir -p "$folder" || exit 2
folder=$(cd "$folder" && pwd)
summary=$folder/summary.txt
: >"$summary"

python=${PYTHON:-python3}
stand_ins=$(mktemp -d)
trap 'rm -rf "$stand_ins"' EXIT
export PYTHONPATH="$PWD:$stand_ins${PYTHONPATH:+:$PYTHONPATH}" PYTHONUNBUFFERED=1
export NUMBA_CUDA_LOW_OCCUPANCY_WARNINGS=0

# Two small packages for progress bars and for files are imported, but nothing here shows or writes any.
"$python" -c 'import tqdm' 2>/dev/null || cat >"$stand_ins/tqdm.py" <<'STAND_IN'
class tqdm:
    write = staticmethod(print)
    def __init__(self, iterable=(), **_): self.iterable = iterable
    def __iter__(self): return iter(self.iterable)
    def __getattr__(self, name): return lambda *_, **__: None
STAND_IN
"$python" -c 'import safetensors' 2>/dev/null || {
    mkdir "$stand_ins/safetensors"
    echo 'SafetensorError, safe_open = ValueError, open' >"$stand_ins/safetensors/__init__.py"
    echo 'def save_file(*_): raise OSError("safetensors is not installed")' >"$stand_ins/safetensors/numpy.py"
}

say() { echo "$*" | tee -a "$summary"; }

failed=0
step() { # name, seconds, command...
    local name=$1 seconds=$2 began=$SECONDS status=0
    shift 2
    if [ -n "$dry" ]; then
        say "would run for at most $seconds s: $*"
        return
    fi
    timeout "$seconds" "$@" >"$folder/$name.log" 2>&1 || status=$?
    if [ $status -eq 0 ]; then
        say "$name: passed in $((SECONDS - began)) s"
    else
        failed=1
        say "$name: FAILED with status $status after $((SECONDS - began)) s (124: out of time); last lines of $name.log:"
        tail -n 5 "$folder/$name.log" | sed 's/^/    /' | tee -a "$summary"
    fi
}

sanitizer() { # where compute-sanitizer is, if anywhere
    command -v compute-sanitizer || ls /usr/local/cuda*/bin/compute-sanitizer 2>/dev/null | head -n 1
}

step device 30 "$python" -c 'from loopnet.cuda.device import cuda, require; require(); print(cuda.get_current_device().name)'
if [ $failed -ne 0 ]; then
    exit 1
fi
step tests 200 "$python" -m pytest -q -m gpu -p no:cacheprovider tests/test_gpu.py

tool=$(sanitizer)
for check in memcheck racecheck; do
    if [ -z "$tool" ]; then
        say "$check: skipped, compute-sanitizer is not installed"
        continue
    fi
    step $check 70 "$tool" --tool $check --error-exitcode 9 "$python" -m benchmarks.cuda_every_kernel
done

step bench 220 "$python" -m loopnet bench cuda --out "$folder"
say "results are in $folder"
exit $failed
