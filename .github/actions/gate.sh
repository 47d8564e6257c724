#!/usr/bin/env bash
# What action.yml runs: trigger, send, wait, require; then outputs and a summary, whatever came of it.
# Reads GATE_* and PRATIQUE_* of its environment. Ends with the exit code of the command line (docs/cli.md).
set -uo pipefail
shopt -s globstar nullglob

pratique() {
    if [[ -n "${GATE_COMMAND:-}" ]]; then
        "$GATE_COMMAND" "$@"
    else
        PYTHONPATH="$GATE_ACTION" "$RUNNER_TEMP/pratique/bin/python" -P -m pratique.cli.main "$@"
    fi
}

answer="$(mktemp)"
trap 'rm -f "$answer"' EXIT

files() {
    local IFS=$'\n' pattern matched
    # shellcheck disable=SC2086 # each line is a pattern on purpose
    for pattern in $GATE_EVIDENCE; do
        matched=($pattern)
        if [[ ${#matched[@]} -eq 0 ]]; then
            echo "evidence: no file matches $pattern" >&2
            return 1
        fi
        sent+=("${matched[@]}")
    done
}

ask() {
    local code sent=()
    pratique gate trigger "$GATE_SUBJECT" "$GATE_NAME" --occasion "$GATE_OCCASION" --event-id "$GATE_EVENT_ID" \
        --source "$GATE_SOURCE" --json >"$answer"
    code=$?
    # 0 and 3 to 5 tell where the gate stands; anything else is an error.
    [[ $code -eq 0 || ($code -ge 3 && $code -le 5) ]] || return "$code"
    if [[ -n "$GATE_EVIDENCE" ]]; then
        files || return 1
        pratique evidence add "$GATE_SUBJECT" -- "${sent[@]}" || return 1
    fi
    pratique gate wait "$GATE_SUBJECT" "$GATE_NAME" --occasion "$GATE_OCCASION" --timeout "$GATE_TIMEOUT" --json >"$answer" \
        || return $?
    # Waiting may have taken hours: state and weights are asked for once more, right before the job goes on.
    local weights=()
    [[ -n "$GATE_WEIGHTS" ]] && weights=(--weights "$GATE_WEIGHTS")
    pratique gate require "$GATE_SUBJECT" "$GATE_NAME" --occasion "$GATE_OCCASION" "${weights[@]}" --json >"$answer.now"
    code=$?
    [[ -s "$answer.now" ]] && mv "$answer.now" "$answer"
    rm -f "$answer.now"
    return "$code"
}

ask
code=$?
python3 "$GATE_ACTION/.github/actions/outputs.py" "$answer" "$code" || [[ $code -ne 0 ]] || code=1
exit "$code"
