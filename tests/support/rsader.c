#include "tests/support/rsader.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>

#include "tests/support/suite.h"

static EVP_PKEY *
key_of(int bits, BN_ULONG e)
{
	BIGNUM *n = BN_new(), *exponent = BN_new();
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	OSSL_PARAM *params;
	EVP_PKEY *k = NULL;

	BN_set_bit(n, bits - 1);
	BN_set_bit(n, 0);
	BN_set_word(exponent, e);
	OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, n);
	OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, exponent);
	params = OSSL_PARAM_BLD_to_param(bld);
	CU_ASSERT_FATAL(EVP_PKEY_fromdata_init(c) == 1 &&
	    EVP_PKEY_fromdata(c, &k, EVP_PKEY_PUBLIC_KEY, params) == 1);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(bld);
	EVP_PKEY_CTX_free(c);
	BN_free(n);
	BN_free(exponent);
	return k;
}

size_t
rsader(int bits, unsigned long e, bool bare, unsigned char *ret)
{
	EVP_PKEY *k = key_of(bits, e);
	int n = bare ? i2d_PublicKey(k, &ret) : i2d_PUBKEY(k, &ret);

	EVP_PKEY_free(k);
	CU_ASSERT_FATAL(n > 0);
	return (size_t)n;
}
