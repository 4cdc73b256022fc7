# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# amqps to a real RabbitMQ: a private CA, the broker's name or address, a client
# certificate. A certificate that is expired, of another CA or for another name is
# refused before the password is sent, and it is said what is wrong.
# shellcheck source=netns-tests/broker.sh
. "${BASH_SOURCE[0]%/*}/broker.sh"
ip link set lo up
{ cat /etc/hosts && echo '127.0.0.1 broker.test'; } >"$DIR/hosts"
mount --bind "$DIR/hosts" /etc/hosts
tls=$DIR/tls
tls_files "$tls" DNS:localhost IP:127.0.0.2
mapfile -t lines < <(tls_lines "$tls" 127.0.0.1:5671 verify)
rabbit "${lines[@]}" 'listeners.ssl.other = 127.0.0.2:5671'
ours=(certificate="$tls/client.pem" key="$tls/client.key")

# put STATUS KEY=VALUE...
put() {
	sink_put "$1" queue=q tls=yes host=localhost port=5671 \
		"ca=$tls/ca.pem" "${@:2}"
}

# refused REGEX KEY=VALUE...
refused() {
	put 1 "${@:2}"
	expect_match "what is said of ${*:2}" "$(head -n 1 <<<"$said")" \
		"failed [0-9]+ $1"
}

put 0 "${ours[@]}" events=2000
expect_match "report" "$(tail -n 1 <<<"$said")" 'confirmed=2000 returned=0 .*'
put 0 "${ours[@]}" host=127.0.0.2
wait_for 10 queue_holds q 2001
for name in broker.test 127.0.0.1; do
	refused "the broker's certificate is not for the name $name" \
		"${ours[@]}" host=$name
done
refused "the broker's certificate is of an unknown CA" \
	"${ours[@]}" "ca=$tls/other-ca.pem"
refused "the broker's certificate is of an unknown CA" "${ours[@]}" ca= # Debian's
# the alert, or the end, whichever is seen first
refused '.*certificate.*'
refused '(TLS: .*certificate.*|.*does it ask for a certificate\?)' \
	certificate="$tls/other-ca.pem" key="$tls/other-ca.key"
refused "CA file /nowhere: No such file or directory" "${ours[@]}" ca=/nowhere
refused "key /nowhere: No such file or directory" "${ours[@]}" key=/nowhere
refused "key $tls/server.key: key values mismatch" "${ours[@]}" \
	"key=$tls/server.key"
openssl ec -in "$tls/client.key" -aes128 -passout pass:phrase \
	-out "$tls/locked.key" 2>>"$DIR/openssl.log"
refused "key $tls/locked.key: .*" "${ours[@]}" "key=$tls/locked.key"
# a port that speaks no TLS, and no TLS to one that does
refused 'TLS: wrong version number' "${ours[@]}" port=5672
refused 'log in: .*' tls=no
queue_holds q 2001 || fail "something got through: $(rabbit_ctl list_queues)"

# The same broker with a certificate of yesterday, then with old TLS only.
rabbit_down
sed -i 's/server\.pem/expired.pem/; s/server\.key/expired.key/' \
	"$RABBIT/rabbitmq.conf"
rabbit_up
refused "the broker's certificate has expired" "${ours[@]}"
rabbit_down
sed -i 's/expired\.pem/server.pem/; s/expired\.key/server.key/' \
	"$RABBIT/rabbitmq.conf"
echo 'ssl_options.versions.1 = tlsv1.1' >>"$RABBIT/rabbitmq.conf"
rabbit_up
refused 'TLS: .*(version|handshake).*' "${ours[@]}"
