# Runs one server for as long as our parent lives. See lib.rs.
#
# stdin: a pipe that closes when the parent goes. stdout: the lock of the state directory, which is ours as long as
# we or the server have it open. $1: the server's log. $2: what to remove when it has ended (may be empty).
# $3: a directory to remove if it is empty then (may be empty). The rest is the server's command.
log=$1 leftover=$2 emptied=$3
shift 3
exec 3<&0 9>&1 >>"$log" 2>&1
trap '' INT HUP

"$@" </dev/null 3<&- &
server=$!

# Waits for the pipe to close, asks the server to end, and insists after 20 seconds.
(
  while read -r _; do :; done <&3
  kill -TERM "$server" 2>/dev/null
  tries=0
  while kill -0 "$server" 2>/dev/null && [ "$tries" -lt 200 ]; do
    sleep 0.1
    tries=$((tries + 1))
  done
  kill -KILL "$server" 2>/dev/null
) 9>&- &
watcher=$!

wait "$server"
status=$?
kill "$watcher" 2>/dev/null
[ -n "$leftover" ] && rm -rf "$leftover"
[ -n "$emptied" ] && rmdir "$emptied" 2>/dev/null
exit "$status"
