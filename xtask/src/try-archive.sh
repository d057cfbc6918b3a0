# Runs in a container that holds an archive of a release, busybox and nothing else: no shell but busybox's, no C library, no /etc.
# `glyphfall healthcheck` asks for pages, as busybox's own client needs files of a system that is not there.
# shellcheck shell=dash disable=SC2016 # what stands in quotes is for awk
b=/bin/busybox
now() { $b awk '{ print $1 }' /proc/uptime; }
since() { $b awk -v from="$1" '{ printf "%5.1f s  ", $1 - from }' /proc/uptime; }
served() { "$glyphfall" healthcheck "http://127.0.0.1:$1" > /said 2>&1; }
fails() {
    echo "FAILED: $1" >&2
    $b cat /said /up /room >&2 2> /nothing
    exit 1
}
until_served() {
    tries=0
    until served "$1"; do
        tries=$((tries + 1))
        [ $tries -lt 600 ] || fails "$1 is not served"
        $b usleep 50000
    done
}

start=$(now)
$b tar xzf /glyphfall.tar.gz -C / || fails "the archive cannot be unpacked"
glyphfall="/$1/bin/glyphfall"
"$glyphfall" --version > /said || fails "the program does not start"
echo "$(since "$start")unpacked; $($b cat /said)"

"$glyphfall" up > /up 2>&1 &
up=$!
until_served 8080/
echo "$(since "$start")the first page of the shop"
"$glyphfall" inject > /said 2>&1 || fails "the special character cannot be published"
echo "$(since "$start")the special character is published"
tries=0
while served 8080/; do
    tries=$((tries + 1))
    [ $tries -lt 600 ] || fails "the home page does not fail"
    $b usleep 50000
done
echo "$(since "$start")the first page that fails, after a customer's two seconds"
$b kill -INT $up
wait $up || fails "the shop does not close"

start=$(now)
"$glyphfall" demo > /said 2>&1 || fails "the demonstration does not end well"
echo "$(since "$start")the demonstration, from start to end"

# The example is unpacked where temporary files are, and that folder any system has.
$b mkdir /tmp
start=$(now)
"$glyphfall" room --example > /room 2>&1 &
room=$!
until_served 9000/api/open
echo "$(since "$start")the room, with its example"
$b kill -INT $room
wait $room || fails "the room does not close"
