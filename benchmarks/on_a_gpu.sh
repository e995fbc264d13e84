#!/usr/bin/env bash
# Everything that only a CUDA card can show: the tests marked gpu, compute-sanitizer on every kernel, and the benchmark.
# For a machine with a card, Python, numba, numba-cuda, numpy and pytest, and no network; PyTorch, matplotlib and
# compute-sanitizer are used where they are installed. LOOPNET_DATA may name a folder with MNIST.
#
#     benchmarks/on_a_gpu.sh [--dry-run] [--limit SECONDS] [FOLDER [PART...]]
#
# What is wanted most comes first, and each part leaves what it has found when it is cut off:
#
#     device         whether there is a card, and which
#     training       LeNet-5 and the digits on every CUDA rung: losses, accuracy, the same bits twice, the graph
#     steps          loopnet bench cuda: training steps beside PyTorch's
#     convolutions   the same: network b's convolutions beside cuDNN's
#     memcheck       compute-sanitizer on every kernel: memory,
#     racecheck      and threads that do not wait for each other
#     tests          all other tests marked gpu
#     operations     loopnet bench cuda: every operation on CPU and CUDA rungs
#
# All of it ends within the limit, 580 seconds unless told otherwise; what has not begun by then is named, and can be
# run later, by its name, into the same folder. Results go to FOLDER, or $OUT, or runs/gpu: one log a part, summary.txt,
# and what the benchmark writes. The exit status is 0 if every part passed or had a reason to be skipped. --dry-run only
# says what would be run.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 2

dry='' limit=580
while [[ ${1:-} == --* ]]; do
    case $1 in
    --dry-run) dry=yes ;;
    --limit) limit=${2:?--limit: expected a number of seconds} && shift ;;
    *) echo "unknown option $1; expected --dry-run or --limit SECONDS" >&2 && exit 2 ;;
    esac
    shift
done
everything='device training steps convolutions memcheck racecheck tests operations'
folder=${1:-${OUT:-runs/gpu}}
shift
wanted=" ${*:-$everything} "
for part in $wanted; do
    [[ " $everything " == *" $part "* ]] || { echo "unknown part $part; expected some of: $everything" >&2 && exit 2; }
done
mkdir -p "$folder" || exit 2
folder=$(cd "$folder" && pwd)
summary=$folder/summary.txt
: >"$summary"

python=${PYTHON:-python3}
export PYTHONPATH="$PWD${PYTHONPATH:+:$PYTHONPATH}" PYTHONUNBUFFERED=1
export NUMBA_CUDA_LOW_OCCUPANCY_WARNINGS=0

say() { echo "$*" | tee -a "$summary"; }

failed=0
part() { # name, seconds at most, command...
    local name=$1 seconds=$2 began=$SECONDS status=0
    shift 2
    [[ $wanted == *" $name "* ]] || return 0
    if [ -n "$dry" ]; then
        say "$name: would run for at most $seconds s: $*"
        return
    fi
    local left=$((limit - SECONDS))
    if [ $left -lt $((limit < 40 ? limit / 2 : 20)) ]; then # too little to come to anything
        say "$name: not begun, the $limit s are over"
        failed=1
        return
    fi
    [ "$seconds" -lt $left ] || seconds=$left
    # an interrupt first, so that pytest still says what has passed
    timeout --signal=INT --kill-after=10 "$seconds" "$@" >"$folder/$name.log" 2>&1 || status=$?
    if [ $status -eq 0 ]; then
        say "$name: passed in $((SECONDS - began)) s"
    else
        failed=1
        say "$name: FAILED with status $status after $((SECONDS - began)) s (124, 137: out of time); end of $name.log:"
        tail -n 5 "$folder/$name.log" | cut -c 1-300 | sed 's/^/    /' | tee -a "$summary"
    fi
}

has() { "$python" -c "import $1" 2>/dev/null; }

sanitizer() { # where compute-sanitizer is, if anywhere
    command -v compute-sanitizer || ls /usr/local/cuda*/bin/compute-sanitizer 2>/dev/null | head -n 1
}

has xdist && together=(-n 8) || together=()
tests=("$python" -m pytest -v -m gpu -p no:cacheprovider --tb=short "${together[@]}" tests/test_gpu.py)
most='launch or digits or lenet5 or trainings or mnist or travel'
bench=("$python" -m loopnet bench cuda --out "$folder" --part)

part device 60 "$python" -c 'from loopnet.doctor import cuda; from loopnet.cuda.device import require; require(); print(cuda())'
if [ $failed -ne 0 ]; then
    exit 1
fi
part training 150 "${tests[@]}" -k "$most"
part steps 200 "${bench[@]}" steps
part convolutions 120 "${bench[@]}" convolutions

tool=$(sanitizer)
for check in memcheck racecheck; do
    if [[ -z $tool && $wanted == *" $check "* ]]; then
        say "$check: skipped, compute-sanitizer is not installed"
        continue
    fi
    part $check 150 "$tool" --tool $check --error-exitcode 9 "$python" -m benchmarks.cuda_every_kernel
done

part tests 400 "${tests[@]}" -k "not ($most)"
part operations 400 "${bench[@]}" operations
say "results are in $folder"
exit $failed
