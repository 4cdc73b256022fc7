/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sink_amqp_tls.c - whom the broker has to be, and who we are
 *
 * librabbitmq speaks TLS through OpenSSL and hands out its SSL_CTX. Chain, name
 * and dates are judged by OpenSSL within the handshake, so a broker that is not
 * the right one never sees the password; and only there the reason can be
 * learned. librabbitmq's own look at the name comes later and knows no
 * addresses (0.11: amqp_openssl_hostname_validation.c), so it is off.
 */
#include "sink_amqp_internal.h"

#include <string.h>

#include <amqp_ssl_socket.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "conf_tables.h"
#include "sink.h"

/* Keeps what was wrong with the broker's certificate. */
static int judged(int good, X509_STORE_CTX *store)
{
	const SSL *ssl = X509_STORE_CTX_get_ex_data(
		store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct sink_amqp *a = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

	if (!good)
		a->verify_error = X509_STORE_CTX_get_error(store);
	return good;
}

/* Nobody is there who could be asked for a key's pass phrase. */
/* NOLINTNEXTLINE(readability-non-const-parameter): the type is OpenSSL's */
static int no_phrase(char *buf, int size, int writing, void *arg)
{
	(void)buf;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

/* The oldest of OpenSSL's errors; NULL: it has none. */
static const char *reason(void)
{
	const unsigned long e = ERR_peek_error();

	return ERR_SYSTEM_ERROR(e) ? strerrordesc_np(ERR_GET_REASON(e))
				   : ERR_reason_error_string(e);
}

static bool say_openssl(struct sink *s, const char *what, const char *path)
{
	const char *text = reason();

	sink_say(s, "%s %s: %s", what, path, text ? text : "unusable");
	return false;
}

static bool load(struct sink *s, SSL_CTX *ctx)
{
	const struct conf_sink *c = s->conf;
	const char *key = c->key[0] ? c->key : c->certificate;

	ERR_clear_error();
	if (c->ca[0] && SSL_CTX_load_verify_locations(ctx, c->ca, NULL) != 1)
		return say_openssl(s, "CA file", c->ca);
	if (!c->ca[0] && SSL_CTX_set_default_verify_paths(ctx) != 1)
		return say_openssl(s, "the system's CAs", "");
	if (!c->certificate[0])
		return true;
	SSL_CTX_set_default_passwd_cb(ctx, no_phrase);
	if (SSL_CTX_use_certificate_chain_file(ctx, c->certificate) != 1)
		return say_openssl(s, "certificate", c->certificate);
	if (SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1)
		return say_openssl(s, "key", key);
	return true;
}

amqp_socket_t *sink_amqp_tls(struct sink *s)
{
	struct sink_amqp *a = s->state;
	amqp_socket_t *sock = amqp_ssl_socket_new(a->conn);
	SSL_CTX *ctx;
	X509_VERIFY_PARAM *param;

	if (!sock) {
		sink_say(s, "no TLS: out of memory");
		return NULL;
	}
	ctx = amqp_ssl_socket_get_context(sock);
	param = SSL_CTX_get0_param(ctx);
	X509_VERIFY_PARAM_set_hostflags(param,
					X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	if (SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1 ||
	    (X509_VERIFY_PARAM_set1_ip_asc(param, s->conf->host) != 1 &&
	     X509_VERIFY_PARAM_set1_host(param, s->conf->host, 0) != 1)) {
		sink_say(s, "no TLS: OpenSSL refuses the name %s",
			 s->conf->host);
		return NULL;
	}
	SSL_CTX_set_app_data(ctx, a);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, judged);
	amqp_ssl_socket_set_verify_peer(sock, 1);
	amqp_ssl_socket_set_verify_hostname(sock, 0); /* see above */
	return load(s, ctx) ? sock : NULL;
}

bool sink_amqp_tls_why(struct sink *s)
{
	const struct sink_amqp *a = s->state;
	const char *text = reason();

	switch (a->verify_error) {
	case X509_V_OK:
		break;
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		sink_say(s, "the broker's certificate is not for the name %s",
			 s->conf->host);
		return true;
	case X509_V_ERR_CERT_HAS_EXPIRED:
		sink_say(s, "the broker's certificate has expired");
		return true;
	case X509_V_ERR_CERT_NOT_YET_VALID:
		sink_say(s, "the broker's certificate is not valid yet");
		return true;
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_CERT_SIGNATURE_FAILURE:
		sink_say(s, "the broker's certificate is of an unknown CA");
		return true;
	default:
		sink_say(s, "the broker's certificate: %s",
			 X509_verify_cert_error_string(a->verify_error));
		return true;
	}
	if (text)
		sink_say(s, "TLS: %s", text);
	return text;
}
